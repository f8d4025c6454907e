//! Tests of the endpoint for back-channel logout.

mod effects;
mod fixture;
mod outages;
mod requests;
mod tokens;
