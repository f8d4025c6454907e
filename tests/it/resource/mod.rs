//! Protected resource metadata: the document, its service, the audience and the challenges.

mod audience;
mod challenges;
mod document;
mod fixture;
mod openapi;
mod paths;
mod problems;
mod schema;
mod server;
mod service;
mod unlisted_scopes;
