//! The compared crates, one per file, configured for the same checks as far as possible.

mod axum_jose;
mod axum_jwt_auth;
mod hand_rolled;
mod huskarl;
mod jwt_authorizer;
mod oauth_resource_server;
mod ours;
mod tower_oauth2;

use crate::contestant::Contestant;

/// In the order of the tables: this crate, this crate with a cache, then the peers.
pub(crate) fn all() -> Vec<Contestant> {
    vec![
        ours::contestant(),
        ours::with_cache(),
        hand_rolled::tower_http(),
        hand_rolled::from_fn(),
        jwt_authorizer::contestant(),
        axum_jwt_auth::contestant(),
        tower_oauth2::on_aws_lc(),
        tower_oauth2::on_rust_crypto(),
        axum_jose::contestant(),
        oauth_resource_server::contestant(),
        huskarl::contestant(),
    ]
}
