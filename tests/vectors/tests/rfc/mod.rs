//! One file for each RFC; `example` counts the examples, `judge` asserts the verdicts.

mod example;
mod judge;
mod rfc7515;
mod rfc7519;
mod rfc7520;
mod rfc7520_keys;
mod rfc7797;
mod rfc8037;

#[test]
fn the_features_select_the_tested_backends() {
    vectors::assert_backends();
}
