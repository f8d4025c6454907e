//! RFC 7515: JSON Web Signature, appendices A to F.

use tower_jwt_auth::claims::NumericDate;
use tower_jwt_auth::key::CryptoBackend;
use tower_jwt_auth::{Algorithm, Verified};

use super::example::{Example, Expected, check, run, skipped};
use super::judge::{Judge, flattened, general, parts};

const NO_TOKEN: &str = "skipped: not a token";

const EXAMPLES: &[Example] = &[
    run("A.1, HS256", hs256),
    run("A.2, RS256", rs256),
    run("A.3, ES256", es256),
    run("A.4, ES512", es512).needs(Algorithm::ES512),
    run("A.5, unsecured", unsecured),
    run("A.6, general JSON serialization", general_json),
    run("A.7, flattened JSON serialization", flattened_json),
    skipped("B, a chain of certificates", NO_TOKEN),
    skipped("C, base64url", NO_TOKEN),
    run("E, a critical extension", unknown_extension),
];

const EXPECTED: Expected =
    Expected { aws_lc_rs: [8, 2, 10], rust_crypto: [8, 2, 10], skipped: &[(2, NO_TOKEN)] };

/// The payload of all examples except A.4. It contains CR LF line breaks.
macro_rules! joe {
    () => {
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt\
         cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    };
}

pub(crate) const HS256: &str = concat!(
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.",
    joe!(),
    ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
);
pub(crate) const HS256_KEY: &str = r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;

const RS256: &str = concat!(
    "eyJhbGciOiJSUzI1NiJ9.",
    joe!(),
    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5\
     jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb\
     1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO\
     YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
);
const RS256_KEY: &str = r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#;

const ES256: &str = concat!(
    "eyJhbGciOiJFUzI1NiJ9.",
    joe!(),
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
);
const ES256_KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

/// The payload is `Payload`.
const ES512: &str = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.\
    AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8G\
    aSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
const ES512_KEY: &str = r#"{"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}"#;

/// A.5, which is also the token of RFC 7519 §6.1.
pub(crate) const NONE: &str = concat!("eyJhbGciOiJub25lIn0.", joe!(), ".");

/// `none` with an unknown extension: rejected because it is unsigned.
const CRITICAL: &str = "eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERU\
    ZJTkVEIl0sDQogImh0dHA6Ly9leGFtcGxlLmNvbS9VTkRFRklORUQiOnRydWUNCn0.RkFJTA.";

#[test]
fn rfc_7515_examples_get_the_expected_verdict() {
    check("RFC 7515", EXAMPLES, &EXPECTED);
}

fn hs256(backend: CryptoBackend) {
    is_joes(&Judge::new(backend, Algorithm::HS256, HS256_KEY).accepts(HS256));
}

fn rs256(backend: CryptoBackend) {
    is_joes(&Judge::new(backend, Algorithm::RS256, RS256_KEY).accepts(RS256));
}

fn es256(backend: CryptoBackend) {
    is_joes(&Judge::new(backend, Algorithm::ES256, ES256_KEY).accepts(ES256));
}

pub(crate) fn is_joes(verified: &Verified) {
    assert_eq!(verified.issuer(), Some("joe"));
    assert_eq!(verified.expires_at().map(NumericDate::seconds), Some(1_300_819_380));
    assert_eq!(verified.get("http://example.com/is_root"), Some(true.into()));
}

fn es512(backend: CryptoBackend) {
    Judge::new(backend, Algorithm::ES512, ES512_KEY).rejects_only_the_payload(ES512);
}

/// The verifiers of A.1 to A.3.
fn judges(backend: CryptoBackend) -> [Judge; 3] {
    [
        Judge::new(backend, Algorithm::HS256, HS256_KEY),
        Judge::new(backend, Algorithm::RS256, RS256_KEY),
        Judge::new(backend, Algorithm::ES256, ES256_KEY),
    ]
}

fn unsecured(backend: CryptoBackend) {
    for judge in judges(backend) {
        judge.rejects_the_form(NONE);
    }
}

/// One signature in JSON. A.6 and A.7 repeat the signatures of A.2 and A.3.
fn members(kid: &str, token: &str) -> String {
    let [protected, _, signature] = parts(token);
    format!(r#""protected":"{protected}","header":{{"kid":"{kid}"}},"signature":"{signature}""#)
}

fn general_json(backend: CryptoBackend) {
    let signatures =
        [members("2010-12-29", RS256), members("e9bc097a-ce51-4036-9562-d2ade882db0d", ES256)];
    for judge in judges(backend) {
        judge.rejects_the_form(&general(joe!(), &signatures));
    }
}

fn flattened_json(backend: CryptoBackend) {
    let signature = members("e9bc097a-ce51-4036-9562-d2ade882db0d", ES256);
    for judge in judges(backend) {
        judge.rejects_the_form(&flattened(joe!(), &signature));
    }
}

fn unknown_extension(backend: CryptoBackend) {
    for judge in judges(backend) {
        judge.rejects_the_form(CRITICAL);
    }
}
