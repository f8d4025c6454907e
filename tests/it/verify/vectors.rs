//! The examples of the RFCs, verbatim, each with a rejected neighbour.

use std::time::{Duration, UNIX_EPOCH};

use tower_jwt_auth::claims::NumericDate;
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{ErrorKind, Issuer, Policy, VerificationKey, Verifier};

use crate::support::tokens::{Verdict, parts, signature, verdict, with_signature};

const WRONG: Verdict = Err(ErrorKind::InvalidSignature);

/// RFC 7515 §A.1, which is also the token of RFC 7519 §3.1. Its JSON contains CR LF line breaks.
const HS256: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
    eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
    dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const HS256_KEY: &str = r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;

/// RFC 7515 §A.2.
const RS256: &str = "eyJhbGciOiJSUzI1NiJ9.\
    eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
    cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5\
    jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb\
    1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO\
    YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
const RS256_KEY: &str = r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#;

/// RFC 7515 §A.3.
const ES256: &str = "eyJhbGciOiJFUzI1NiJ9.\
    eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
    DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
const ES256_KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

/// RFC 8037 §A.4. Its payload is `Example of Ed25519 signing`, which is not JSON.
const EDDSA: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
    hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
const EDDSA_KEY: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// RFC 7515 §A.5: an unsecured token.
const NONE: &str = "eyJhbGciOiJub25lIn0.\
    eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";

/// Trusts the key for the issuer `joe`. The clock is a minute before the tokens expire.
fn joe(jwk: &str) -> (Verifier, FixedClock) {
    let clock = FixedClock::new();
    clock.set(UNIX_EPOCH + Duration::from_secs(1_300_819_320));
    let key = VerificationKey::jwk(jwk).unwrap();
    let issuer = Issuer::new("joe", key, Policy::new().any_audience());
    (Verifier::builder().trust(issuer).clock(clock.clone()).build().unwrap(), clock)
}

/// The token with one bit of its signature changed.
fn changed(token: &str) -> String {
    let mut signature = signature(token);
    signature[7] ^= 0x10;
    with_signature(token, signature)
}

#[test]
fn rfc_7515_examples_verify_and_altered_copies_fail() {
    for (token, key) in [(HS256, HS256_KEY), (RS256, RS256_KEY), (ES256, ES256_KEY)] {
        let (verifier, clock) = joe(key);
        let accepted = verifier.verify_now(token).unwrap();
        assert_eq!(accepted.issuer(), Some("joe"));
        assert_eq!(accepted.expires_at().map(NumericDate::seconds), Some(1_300_819_380));
        assert_eq!(accepted.get("http://example.com/is_root"), Some(true.into()));

        let [h, p, s] = parts(token);
        assert_eq!(verdict(&verifier, &changed(token)), WRONG);
        // `joe` becomes `koe`.
        let koe = p.replacen("OiJqb2Ui", "OiJrb2Ui", 1);
        assert_ne!(koe, p);
        assert_eq!(verdict(&verifier, &format!("{h}.{koe}.{s}")), WRONG);
        assert_eq!(verdict(&verifier, NONE), Err(ErrorKind::MalformedToken));

        clock.advance(Duration::from_secs(119));
        assert_eq!(verdict(&verifier, token), Ok(()));
        clock.advance(Duration::from_secs(1));
        assert_eq!(verdict(&verifier, token), Err(ErrorKind::TokenExpired));
    }
}

#[test]
fn the_rfc_7519_example_has_the_mac_of_rfc_7515() {
    let (verifier, _) = joe(HS256_KEY);
    let accepted = verifier.verify_now(HS256).unwrap();
    assert_eq!(accepted.token().header().typ, Some("JWT"));
    assert_eq!(accepted.subject(), None);
}

#[test]
fn the_rfc_8037_signature_verifies_but_is_not_a_jwt() {
    let (verifier, _) = joe(EDDSA_KEY);
    // The payload is only read after a valid signature.
    assert_eq!(verdict(&verifier, EDDSA), Err(ErrorKind::MalformedToken));
    let detail = verifier.verify_now(EDDSA).unwrap_err().detail().unwrap();
    assert!(detail.contains("JSON"), "{detail}");
    assert_eq!(verdict(&verifier, &changed(EDDSA)), WRONG);
    let [h, p, s] = parts(EDDSA);
    let other = p.replacen("RXh", "RXg", 1);
    assert_ne!(other, p);
    assert_eq!(verdict(&verifier, &format!("{h}.{other}.{s}")), WRONG);
}

#[test]
fn rfc_examples_fail_under_each_others_keys() {
    let tokens = [HS256, RS256, ES256, EDDSA];
    let keys = [HS256_KEY, RS256_KEY, ES256_KEY, EDDSA_KEY];
    for (at, key) in keys.iter().enumerate() {
        let (verifier, _) = joe(key);
        for (of, token) in tokens.iter().enumerate().filter(|(of, _)| *of != at) {
            let rejected = Err(ErrorKind::AlgorithmNotAllowed);
            assert_eq!(verdict(&verifier, token), rejected, "{of} under {at}");
        }
    }
}
