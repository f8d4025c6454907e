//! Issuers of tenants that are looked up while the server runs.

mod fixture;
mod forgotten;
mod keys;
mod limits;
mod lookups;
mod outages;
mod problems;
