//! One file for each RFC; `example` counts, `judge` knows what a verifier has to say.

mod example;
mod judge;
mod rfc7515;
mod rfc7519;
mod rfc7520;
mod rfc7520_keys;
mod rfc7797;
mod rfc8037;

#[test]
fn the_backends_under_test_are_those_that_the_features_name() {
    vectors::assert_backends();
}
