//! Requests and responses, through the layer and through real servers.

mod axum;
mod custom_source;
mod locations;
mod observed;
mod optional;
mod possession;
mod raw_sources;
mod rejections;
mod removal;
mod responders;
mod responses;
mod secrecy;
mod servers;
mod sources;
mod table;
