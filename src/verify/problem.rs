//! The problems of a verifier's configuration.

use crate::error::{Problem, ProblemKind};
use crate::jws::Algorithm;
use crate::key::CryptoBackend;

const USE_AWS_LC: &str = "Enable the feature `aws-lc-rs`, and do not call `crypto_backend`";

const GIVE_IDS: &str = "Give the keys ids with `with_key_id`, or remove the oldest keys";

// Settings of the builder.

pub(super) fn claims_after_check() -> Problem {
    Problem::new(
        ProblemKind::NoEffect,
        "`claims` after `check`",
        "the check is for another claims type and would be dropped",
        "Call `claims` before `check`",
    )
}

pub(super) fn two_names(name: &str, other: &str) -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        format!("two names for one issuer: `{name}` and `{other}`"),
        "`iss` is one string and can equal one name only",
        "Name the issuer once, with the value of `iss`; for each further issuer, call `trust`",
    )
}

pub(super) fn previous_without_secret() -> Problem {
    Problem::new(
        ProblemKind::MixedKeys,
        "`previous_secret` without a shared secret",
        "a secret and public keys must not serve one issuer",
        "Call it after `shared_secret`; put rotated public keys into one JWKS document; for a secret that public keys \
         replace, call `migrating_from`",
    )
}

pub(super) fn setting_without_issuer() -> Problem {
    Problem::new(
        ProblemKind::NoEffect,
        "an issuer setting after `Verifier::builder`",
        "that builder has no issuer that the setting could apply to",
        "Set it on the `Policy` of the issuer that you pass to `trust`",
    )
}

#[cfg(feature = "jwks")]
pub(super) fn setting_of_other_keys(setting: &str) -> Problem {
    Problem::new(
        ProblemKind::NoEffect,
        format!("`{setting}` on keys that this verifier does not fetch from a URL"),
        "the setting would have no effect",
        "Call it after `Verifier::issuer_url` or `Verifier::jwks_url`, or on the `RemoteJwksBuilder` that you pass",
    )
}

pub(super) fn token_length(bytes: usize) -> Problem {
    Problem::new(
        ProblemKind::OutOfRange,
        format!("`max_token_len` of {bytes} bytes"),
        "with 0 no token could be verified; above 1 MiB, rejecting a token costs too much",
        "Keep the default of 16 KiB, or use the server's header size limit",
    )
}

pub(super) fn nothing_trusted() -> Problem {
    Problem::new(
        ProblemKind::MissingIssuer,
        "no trusted issuer",
        "no token could be verified",
        "Start with `Verifier::shared_secret`, `pem`, `jwks` or `issuer_url`, or call `trust`",
    )
}

pub(super) fn no_issuer_name() -> Problem {
    Problem::new(
        ProblemKind::MissingIssuer,
        "no issuer",
        "tokens of another issuer that signs with the same keys would be accepted",
        "Call `issuer(\"https://…\")` with the value of `iss`, or `any_issuer()`",
    )
}

pub(super) fn any_issuer_beside_named() -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        "`any_issuer` together with other issuers",
        "with several issuers, only tokens without `iss` could be accepted",
        "Call `issuer`, or trust an `Issuer::unnamed` for tokens without `iss`",
    )
}

pub(super) fn issuer_and_any_issuer() -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        "both `issuer` and `any_issuer`",
        "one of them would have no effect",
        "Call one of them",
    )
}

pub(super) fn backend_not_built(backend: CryptoBackend) -> Problem {
    Problem::new(
        ProblemKind::MissingFeature,
        format!("the crypto backend `{}`", backend.name()),
        "the crate was built without it",
        "Enable the feature of the same name in `tower-jwt-auth`",
    )
}

pub(super) fn no_backend() -> Problem {
    Problem::new(
        ProblemKind::MissingFeature,
        "no crypto backend",
        "the crate was built without one, so no signature could be verified",
        "Enable the feature `aws-lc-rs` or `rust-crypto` of `tower-jwt-auth`",
    )
}

// One issuer. `of` describes it.

pub(super) fn empty_name() -> Problem {
    Problem::new(
        ProblemKind::EmptyValue,
        "an issuer with an empty name",
        "an empty name is usually a missing setting",
        "Pass the value of `iss`, or use `Issuer::unnamed`",
    )
}

pub(super) fn tenants_without_template(setting: &str, of: &str) -> Problem {
    Problem::new(
        ProblemKind::NoEffect,
        format!("`{setting}` on {of}"),
        "only a template has tenants, so the setting would have no effect",
        "Start with `Issuer::template`, or remove the call",
    )
}

pub(super) fn unnamed_profile() -> Problem {
    Problem::new(
        ProblemKind::ProfileConflict,
        "`rfc9068` for the unnamed issuer",
        "RFC 9068 §4 requires every server to compare `iss`",
        "Pass the issuer's name to `issuer` or `Issuer::new`",
    )
}

pub(super) fn keys_of_another(other: &str, of: &str) -> Problem {
    Problem::new(
        ProblemKind::ForeignKeys,
        format!("keys of the issuer `{other}` configured for {of}"),
        "tokens of one issuer would be verified with the keys of another",
        "Use the same name for both, or call `Verifier::issuer_url`, which takes the name once; for a template, pass \
         `RemoteJwks::url` with the URL of the keys",
    )
}

pub(super) fn algorithm_not_in_backend(algorithm: Algorithm, of: &str) -> Problem {
    Problem::new(
        ProblemKind::UnsuitableAlgorithm,
        format!("the algorithm {algorithm} for {of}"),
        "the crypto backend `rust-crypto` does not support it",
        USE_AWS_LC,
    )
}

pub(super) fn hmac_for_source(of: &str) -> Problem {
    Problem::new(
        ProblemKind::MixedKeys,
        format!("HMAC algorithms for {of}, whose keys come from a source"),
        "a secret served over the network is not secret",
        "List the public-key algorithms that the issuer signs with",
    )
}

pub(super) fn no_keys(of: &str) -> Problem {
    Problem::new(
        ProblemKind::MissingKeys,
        format!("no keys for {of}"),
        "no token could be verified",
        "Pass at least one key",
    )
}

pub(super) fn mixed_keys(of: &str) -> Problem {
    Problem::new(
        ProblemKind::MixedKeys,
        format!("secrets and public keys together for {of}"),
        "an attacker could use a public key as the secret",
        "Trust two issuers with different names; if this issuer replaces a secret with public keys, pass the secret to \
         `migrating_from`",
    )
}

pub(super) fn two_migrations(of: &str) -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        format!("two calls of `migrating_from` for {of}"),
        "only one of them can have an effect",
        "Pass all secrets in one `KeySet`",
    )
}

pub(super) fn no_secret_to_migrate_from(of: &str) -> Problem {
    Problem::new(
        ProblemKind::MissingKeys,
        format!("no secret in `migrating_from` for {of}"),
        "the call would have no effect",
        "Pass the secret that the public keys replace, or remove the call",
    )
}

pub(super) fn migrating_from_public_keys(of: &str) -> Problem {
    Problem::new(
        ProblemKind::MixedKeys,
        format!("public keys in `migrating_from` for {of}"),
        "only the secret that public keys replace belongs there",
        "Put the old and the new public keys into one `KeySet` or JWKS document, and remove the call",
    )
}

pub(super) fn secrets_for_secrets(of: &str) -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        format!("`migrating_from` for {of}, whose other keys are secrets too"),
        "it is for a secret that public keys replace",
        "Call `previous_secret` for the old secret, or put both secrets into one `KeySet`",
    )
}

pub(super) fn no_hmac_listed(of: &str) -> Problem {
    Problem::new(
        ProblemKind::UnsuitableAlgorithm,
        format!("`migrating_from` without an HMAC algorithm in the list for {of}"),
        "no token that is signed with the secret could be verified",
        "Add the algorithm of the secret to the list, or remove the call of `migrating_from`",
    )
}

pub(super) fn only_hmac_listed(of: &str) -> Problem {
    Problem::new(
        ProblemKind::UnsuitableAlgorithm,
        format!("`migrating_from` with only HMAC algorithms in the list for {of}"),
        "no token that is signed with the new keys could be verified",
        "Add the algorithms of the public keys to the list",
    )
}

pub(super) fn keys_not_in_backend(of: &str, backend: CryptoBackend) -> Problem {
    Problem::new(
        ProblemKind::UnsuitableAlgorithm,
        format!("keys for {of} that the crypto backend `{}` cannot use", backend.name()),
        "no token could be verified",
        USE_AWS_LC,
    )
}

pub(super) fn too_many_keys(algorithm: Algorithm, of: &str) -> Problem {
    Problem::new(
        ProblemKind::TooManyKeys,
        format!("more than four keys without an id for {algorithm} and {of}"),
        "at most four keys are tried per token, so the others would never be used",
        GIVE_IDS,
    )
}

pub(super) fn too_many_large_keys(algorithm: Algorithm, of: &str) -> Problem {
    Problem::new(
        ProblemKind::TooManyKeys,
        format!("more than one RSA key above 4096 bits without an id for {algorithm} and {of}"),
        "only one is tried per token because each check is slow, so the others would never be used",
        GIVE_IDS,
    )
}

pub(super) fn unused_algorithm(algorithm: Algorithm, of: &str, is_short: bool) -> Problem {
    let why = if is_short {
        "a secret is shorter than the hash (RFC 7518 §3.2)"
    } else {
        "no key of this issuer can be used with it"
    };
    Problem::new(
        ProblemKind::UnsuitableAlgorithm,
        format!("the algorithm {algorithm} for {of}"),
        why,
        "List only the algorithms that the issuer signs with, and pass a key for each of them",
    )
}

// Several issuers.

pub(super) fn same_secret(of: &str) -> Problem {
    Problem::new(
        ProblemKind::SharedSecret,
        format!("the same secret for {of} and another issuer"),
        "each issuer could sign tokens in the name of the other",
        "Give every issuer its own secret",
    )
}

pub(super) fn trusted_twice(of: &str) -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        format!("{of} is trusted twice"),
        "it would be undefined which keys and which policy apply",
        "Trust it once, with all of its keys in one `KeySet`; if public keys replace a secret, pass the secret to \
         `migrating_from`",
    )
}

pub(super) fn overlapping_templates(of: &str) -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        format!("{of} and another template that matches the same names"),
        "it would be undefined which keys and which policy apply",
        "Trust one template with all tenants; for a tenant with another policy, call `Issuer::new` with its exact name",
    )
}
