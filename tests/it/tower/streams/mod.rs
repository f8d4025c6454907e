//! Bodies that end when the token is no longer valid.

mod ends;
mod fixture;
mod passes;
mod revoked;
mod times;
