//! RFC 7520: the cookbook. Its payload is a sentence, not claims. A verifier must reject each example because of its
//! payload, after a valid signature.

use tower_jwt_auth::error::ProblemKind;
use tower_jwt_auth::key::CryptoBackend;
use tower_jwt_auth::{Algorithm, VerificationKey};

use super::example::{ENCRYPTED, Example, Expected, check, run, skipped};
use super::judge::{Judge, flattened, general};
use super::rfc7520_keys::{
    CONTENT_ENCRYPTION, EC_PUBLIC, MAC, RSA_PUBLIC, ec_private, rsa_private,
};

const EXAMPLES: &[Example] = &[
    run("3.1, EC public key", ec_public_key).needs(Algorithm::ES512),
    run("3.2, EC private key", ec_private_key),
    run("3.3, RSA public key", rsa_public_key),
    run("3.4, RSA private key", rsa_private_key),
    run("3.5, symmetric key for MACs", mac_key),
    run("3.6, symmetric key for encryption", encryption_key),
    run("4.1, RSA v1.5 signature", rs256),
    run("4.2, RSA-PSS signature", ps384),
    run("4.3, ECDSA signature", es512).needs(Algorithm::ES512),
    run("4.4, HMAC-SHA2", hs256),
    run("4.5, detached content", detached),
    run("4.6, some header members unprotected", some_unprotected),
    run("4.7, only the content protected", all_unprotected),
    run("4.8, several signatures", several),
    skipped("5.1 to 5.13, encryption", ENCRYPTED).times(13),
    skipped("6, a signed token inside an encrypted one", ENCRYPTED),
];

const EXPECTED: Expected =
    Expected { aws_lc_rs: [14, 14, 28], rust_crypto: [14, 14, 28], skipped: &[(14, ENCRYPTED)] };

/// §4: “It’s a dangerous business, Frodo, going out your door. …”
const PAYLOAD: &str = "\
    SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250\
    byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hl\
    cmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4";

/// §4.1.
const RS256: &str = "\
    eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9";
const RS256_SIGNATURE: &str = "\
    MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xugl\
    II7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x\
    8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE\
    _oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg";

/// §4.2.
const PS384: &str = "\
    eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9";
const PS384_SIGNATURE: &str = "\
    cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TT\
    B5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrY\
    RXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtf\
    a64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw";

/// §4.3.
const ES512: &str = "\
    eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9";
const ES512_SIGNATURE: &str = "\
    AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3\
    mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2";

/// §4.4, and again in §4.5 and §4.8.4.
const HS256: &str = "\
    eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9";
const HS256_SIGNATURE: &str = "s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0";

/// §4.6.
const BARE_HS256: &str = "eyJhbGciOiJIUzI1NiJ9";
const BARE_HS256_SIGNATURE: &str = "bWUSVaxorn7bEF1djytBd0kHv70Ly5pvbomzMWSOr20";

/// §4.7.
const HEADLESS_SIGNATURE: &str = "xuLifqLGiblpv9zBpuZczWhNj1gARaLV3UxvxhJxZuk";

/// §4.8.2.
const BARE_RS256: &str = "eyJhbGciOiJSUzI1NiJ9";
const BARE_RS256_SIGNATURE: &str = "\
    MIsjqtVlOpa71KE-Mss8_Nq2YH4FGhiocsqrgi5NvyG53uoimic1tcMdSg-qptrzZc7CG6Svw2Y13TDIqHzTUrL_lR2Z\
    FcryNFiHkSw129EghGpwkpxaTn_THJTCglNbADko1MZBCdwzJxwqZc-1RlpO2HibUYyXSwO97BSe0_evZKdjvvKSgsIq\
    jytKSeAMbhMBdMma622_BG5t4sdbuCHtFjp9iJmkio47AIwqkZV1aIZsv33uPUqBBCXbYoQJwt7mxPftHmNlGoOSMxR_\
    3thmXTCm4US-xiNOyhbm8afKK64jU6_TPtQHiJeQJxz9G3Tx-083B745_AfYOnlC9w";

/// §4.8.3.
const HEADLESS_ES512_SIGNATURE: &str = "\
    ARcVLnaJJaUWG8fG-8t5BREVAuTY8n8YHjwDO1muhcdCoFZFFjfISu0Cdkn9Ybdlmi54ho0x924DUz8sK7ZXkhc7AFM8\
    ObLfTvNCrqcI3Jkl2U5IX3utNhODH6v7xgy1Qahsn0fyb4zSAkje8bAWz4vIfj5pCMYxxm4fgV3q7ZYhm5eD";

const RSA_KID: &str = "bilbo.baggins@hobbiton.example";
const MAC_KID: &str = "018c0ae5-4d9b-471b-bfd6-eef314bc7037";

#[test]
fn rfc_7520_examples_get_the_expected_verdict() {
    check("RFC 7520", EXAMPLES, &EXPECTED);
}

fn ec_public_key(_: CryptoBackend) {
    assert!(VerificationKey::jwk(EC_PUBLIC).is_ok());
}

fn ec_private_key(_: CryptoBackend) {
    assert_rejected(&ec_private(), ProblemKind::PrivateKey);
}

fn rsa_public_key(_: CryptoBackend) {
    assert!(VerificationKey::jwk(RSA_PUBLIC).is_ok());
}

fn rsa_private_key(_: CryptoBackend) {
    assert_rejected(&rsa_private(), ProblemKind::PrivateKey);
}

fn mac_key(_: CryptoBackend) {
    assert!(VerificationKey::jwk(MAC).is_ok());
}

fn encryption_key(_: CryptoBackend) {
    assert_rejected(CONTENT_ENCRYPTION, ProblemKind::InvalidKey);
}

fn assert_rejected(jwk: &str, kind: ProblemKind) {
    let rejected = VerificationKey::jwk(jwk).unwrap_err();
    assert_eq!(rejected.problems()[0].kind(), kind);
}

fn rs256(backend: CryptoBackend) {
    let judge = Judge::new(backend, Algorithm::RS256, RSA_PUBLIC);
    judge_all_serializations(&judge, RS256, RS256_SIGNATURE);
}

fn ps384(backend: CryptoBackend) {
    let judge = Judge::new(backend, Algorithm::PS384, RSA_PUBLIC);
    judge_all_serializations(&judge, PS384, PS384_SIGNATURE);
}

fn es512(backend: CryptoBackend) {
    let judge = Judge::new(backend, Algorithm::ES512, EC_PUBLIC);
    judge_all_serializations(&judge, ES512, ES512_SIGNATURE);
}

fn hs256(backend: CryptoBackend) {
    let judge = Judge::new(backend, Algorithm::HS256, MAC);
    judge_all_serializations(&judge, HS256, HS256_SIGNATURE);
}

/// The same signature three times; only the compact serialization is a JWT.
fn judge_all_serializations(judge: &Judge, header: &str, signature: &str) {
    judge.rejects_only_the_payload(&format!("{header}.{PAYLOAD}.{signature}"));
    rejects_both_in_json(judge, &format!(r#""protected":"{header}","signature":"{signature}""#));
}

fn rejects_both_in_json(judge: &Judge, signature: &str) {
    judge.rejects_the_form(&general(PAYLOAD, &[signature.to_owned()]));
    judge.rejects_the_form(&flattened(PAYLOAD, signature));
}

fn detached(backend: CryptoBackend) {
    let judge = Judge::new(backend, Algorithm::HS256, MAC);
    judge.signs(&format!("{HS256}.{PAYLOAD}"), HS256_SIGNATURE);
    judge.rejects_the_form(&format!("{HS256}..{HS256_SIGNATURE}"));
    let members = format!(r#""protected":"{HS256}","signature":"{HS256_SIGNATURE}""#);
    judge.rejects_the_form(&format!(r#"{{"signatures":[{{{members}}}]}}"#));
    judge.rejects_the_form(&format!("{{{members}}}"));
}

fn some_unprotected(backend: CryptoBackend) {
    let judge = Judge::new(backend, Algorithm::HS256, MAC);
    judge.signs(&format!("{BARE_HS256}.{PAYLOAD}"), BARE_HS256_SIGNATURE);
    rejects_both_in_json(
        &judge,
        &format!(
            r#""protected":"{BARE_HS256}","header":{{"kid":"{MAC_KID}"}},"signature":"{BARE_HS256_SIGNATURE}""#
        ),
    );
}

fn all_unprotected(backend: CryptoBackend) {
    let judge = Judge::new(backend, Algorithm::HS256, MAC);
    judge.signs(&format!(".{PAYLOAD}"), HEADLESS_SIGNATURE);
    rejects_both_in_json(
        &judge,
        &format!(
            r#""header":{{"alg":"HS256","kid":"{MAC_KID}"}},"signature":"{HEADLESS_SIGNATURE}""#
        ),
    );
    // The same content in three parts.
    judge.rejects_the_form(&format!(".{PAYLOAD}.{HEADLESS_SIGNATURE}"));
}

fn several(backend: CryptoBackend) {
    let first = Judge::new(backend, Algorithm::RS256, RSA_PUBLIC);
    first.signs(&format!("{BARE_RS256}.{PAYLOAD}"), BARE_RS256_SIGNATURE);
    let third = Judge::new(backend, Algorithm::HS256, MAC);
    third.signs(&format!("{HS256}.{PAYLOAD}"), HS256_SIGNATURE);
    let mut judges = vec![first, third];
    if backend.supports(Algorithm::ES512) {
        let second = Judge::new(backend, Algorithm::ES512, EC_PUBLIC);
        second.signs(&format!(".{PAYLOAD}"), HEADLESS_ES512_SIGNATURE);
        judges.push(second);
    }
    let signatures = [
        format!(
            r#""protected":"{BARE_RS256}","header":{{"kid":"{RSA_KID}"}},"signature":"{BARE_RS256_SIGNATURE}""#
        ),
        format!(
            r#""header":{{"alg":"ES512","kid":"{RSA_KID}"}},"signature":"{HEADLESS_ES512_SIGNATURE}""#
        ),
        format!(r#""protected":"{HS256}","signature":"{HS256_SIGNATURE}""#),
    ];
    for judge in judges {
        judge.rejects_the_form(&general(PAYLOAD, &signatures));
    }
}
