//! From a number to a token (`mint`), from a token to three verdicts (`ours`, `jsonwebtoken`, `pyjwt`),
//! and from the verdicts to what there is to say about them (`reasons`, `tally`).
//!
//! `claims` and `header` are the grammar, `mutation` is what is done to a token on top of it.

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
