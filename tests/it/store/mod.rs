//! Shared denylists, against a real Redis or Valkey server.

mod fixture;
mod guide;
mod logout;
mod members;
mod messages;
mod outages;
mod proxy;
mod server;
mod settings;
mod start;
mod writers;
