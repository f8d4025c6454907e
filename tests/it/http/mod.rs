//! Requests and responses, through the layer and through real servers.

mod axum;
mod custom_source;
mod first_of;
mod invalid_token;
mod locations;
mod non_jwt;
mod observed;
mod optional;
mod own_responders;
mod possession;
mod promotion;
mod raw_sources;
mod rejections;
mod removal;
mod responders;
mod responses;
mod secrecy;
mod servers;
mod sources;
#[cfg(feature = "tokio-timer")]
mod streams;
#[cfg(feature = "tracing")]
mod subject;
mod table;
