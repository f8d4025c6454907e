//! Token introspection over a client in memory, and over real servers.

mod answers;
mod caching;
mod connections;
mod fixture;
mod limits;
mod load;
mod outages;
mod requests;
mod secrecy;
mod servers;
mod settings;
mod sharing;
mod signed;

use tower_jwt_auth::introspection::IntrospectionBuilder as Builder;
