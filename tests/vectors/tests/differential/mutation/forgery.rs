//! Tokens signed by another party or not at all, with matching and misleading headers.

use fastrand::Rng;
use tower_jwt_auth::Algorithm;
use tower_jwt_auth::testing::TestIssuer;

use super::Act::Members;
use super::{Mutation, Signer};
use crate::suite::grammar::Draft;
use crate::suite::keys::{Key, Kind};

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation::rejects("signed by another key", Members(|_, c, _| stranger(c.key))),
    Mutation::rejects(
        "signed by a key in the header",
        Members(|draft, c, _| {
            draft.set_header("jwk", &c.key.stranger.jwk());
            stranger(c.key)
        }),
    ),
    Mutation::rejects(
        "signed by another key, with its URL in the header",
        Members(|draft, c, r| {
            draft.set_header(r.choice(["jku", "x5u"])?, "\"https://evil.example/keys\"");
            stranger(c.key)
        }),
    ),
    Mutation::rejects(
        "`none` without a signature",
        Members(|draft, _, r| {
            draft.set_alg(none(r));
            Some(Signer::Unsigned(""))
        }),
    ),
    Mutation::rejects(
        "`none` with text as the signature",
        Members(|draft, _, r| {
            draft.set_alg(none(r));
            r.choice(["AAAA", "bm9uZQ", "e30"]).map(Signer::Unsigned)
        }),
    ),
    Mutation::rejects(
        "`none` with a valid signature",
        Members(|draft, _, r| {
            draft.set_alg(none(r));
            Some(Signer::Owner)
        }),
    ),
    Mutation::rejects(
        "no signature, with the right algorithm name",
        Members(|_, _, r| r.choice(["AAAA", "bm9uZQ", "e30"]).map(Signer::Unsigned)),
    ),
    Mutation::rejects(
        "HMAC over the public key in PEM",
        Members(|draft, c, r| {
            let pem = c.key.issuer.public_pem();
            let without_label = || pem.lines().filter(|line| !line.starts_with("--")).collect();
            let secret = match r.u8(0..4) {
                0 => pem.to_owned(),
                1 => pem.trim_end().to_owned(),
                2 => pem.replace('\n', "\r\n"),
                _ => without_label(),
            };
            by_secret(draft, secret, r)
        }),
    )
    .with(Kind::Public),
    Mutation::rejects(
        "HMAC over the public key as a JWK",
        Members(|draft, c, r| {
            let secret = if r.bool() { c.key.issuer.jwk() } else { c.key.issuer.jwks() };
            by_secret(draft, secret, r)
        }),
    )
    .with(Kind::Public),
    Mutation::rejects(
        "HMAC over the name of the key",
        Members(|draft, c, r| by_secret(draft, c.key.id().unwrap(), r)),
    )
    .with(Kind::Public),
    Mutation::rejects(
        "HMAC over an empty or a guessed secret",
        Members(|draft, _, r| {
            by_secret(draft, r.choice(["", "secret", "\0", "null"]).unwrap().to_owned(), r)
        }),
    ),
    Mutation::rejects(
        "another algorithm of the same key",
        Members(|draft, c, r| {
            let other = c.key.sibling(r)?;
            draft.set_alg(other.name());
            Some(Signer::Other(Box::new(TestIssuer::new(other))))
        }),
    )
    .with(Kind::Several),
    Mutation::rejects(
        "another algorithm name with the right signature",
        Members(|draft, c, r| {
            draft.set_alg(c.key.sibling(r).or(c.key.foreign(r))?.name());
            Some(Signer::Owner)
        }),
    ),
    Mutation::rejects(
        "the right algorithm name with another signature",
        Members(|_, c, r| Some(Signer::Other(Box::new(TestIssuer::new(c.key.sibling(r)?))))),
    )
    .with(Kind::Several),
    Mutation::rejects(
        "another algorithm and a key for it",
        Members(|draft, c, r| {
            let other = c.key.foreign(r)?;
            draft.set_alg(other.name());
            Some(Signer::Other(Box::new(TestIssuer::new(other))))
        }),
    ),
    Mutation::rejects(
        "the name of a key and the signature of another kind of key",
        Members(|_, c, r| Some(Signer::Other(Box::new(TestIssuer::new(c.key.foreign(r)?))))),
    ),
];

fn stranger(key: &Key) -> Option<Signer> {
    Some(Signer::Other(Box::new(key.stranger.clone())))
}

fn none(rng: &mut Rng) -> &'static str {
    rng.choice(["none", "None", "NONE", "nOnE", "none ", "\\u006eone"]).unwrap()
}

fn by_secret(draft: &mut Draft, secret: String, rng: &mut Rng) -> Option<Signer> {
    let algorithm = rng.choice([Algorithm::HS256, Algorithm::HS384, Algorithm::HS512])?;
    // Half of them keep the algorithm name of the key.
    if rng.bool() {
        draft.set_alg(algorithm.name());
    }
    Some(Signer::Other(Box::new(TestIssuer::new(algorithm).with_secret(secret))))
}
