//! One file for each kind of key; `case`, `keys`, `labels` and `table` are what they share.
//!
//! The crate leaves out `json_web_signature`, `json_web_key` and `json_web_crypto`, so that they are not run.

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
fn the_backends_under_test_are_those_that_the_features_name() {
    vectors::assert_backends();
}
