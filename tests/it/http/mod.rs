//! What arrives and what is answered, over the layer and over real servers.

mod arrivals;
mod axum;
mod observed;
mod optional;
mod own_source;
mod places;
mod possession;
mod refusals;
mod removal;
mod responders;
mod responses;
mod secrecy;
mod servers;
mod sources;
mod table;
