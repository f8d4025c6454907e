//! Generates tokens (`mint`), verifies them with three verifiers (`ours`, `jsonwebtoken`, `pyjwt`), and evaluates the
//! verdicts (`reasons`, `tally`).
//!
//! `claims` and `header` contain the grammar of tokens, `mutation` the changes to them.

mod case;
mod claims;
mod comparison;
mod dates;
mod grammar;
mod header;
mod jsonwebtoken;
mod keys;
mod mint;
mod mutation;
mod numbers;
mod observed;
mod ours;
mod pyjwt;
mod reasons;
mod report;
mod shape;
mod tally;
mod template;
