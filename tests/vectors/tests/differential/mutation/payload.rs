//! Payloads that are not claims, and claims in the wrong place.

use super::Act::{Members, Text};
use super::Mutation;
use super::Part::Payload;
use super::Signer;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation::rejects_alone(
        "the payload is a list",
        "the claims as a list of values",
        Text(Payload, |_, c, r| {
            // In the order of the fields that `jsonwebtoken` validates.
            c.fill("[<now+900>,<now>,\"user-1\",<iss>,<aud>]", r).into_bytes()
        }),
    ),
    Mutation::rejects(
        "the claims as a list of pairs",
        Text(Payload, |_, c, r| {
            c.fill("[[\"exp\",<now+900>],[\"iss\",<iss>],[\"aud\",<aud>]]", r).into_bytes()
        }),
    ),
    Mutation::rejects(
        "the claims as a form",
        Text(Payload, |_, c, r| c.fill("exp=<now+900>&iss=<iss>&aud=<aud>", r).into_bytes()),
    ),
    Mutation::rejects(
        "a token as the payload",
        Text(Payload, |t, c, _| {
            c.key.issuer.sign(format!("{{\"alg\":\"{}\"}}", c.key.algorithm), t).into_bytes()
        }),
    ),
    Mutation::rejects(
        "the claims inside another claim",
        Text(Payload, |t, _, r| {
            let name = r.choice(["claims", "payload", "jwt", "exp", "sub"]).unwrap();
            [b"{\"", name.as_bytes(), b"\":", &t[..], b"}"].concat()
        }),
    ),
    Mutation::rejects(
        "header and payload swapped",
        Members(|draft, _, _| {
            std::mem::swap(&mut draft.header, &mut draft.claims);
            Some(Signer::Owner)
        }),
    ),
    Mutation::accepts(
        "many more claims",
        Text(Payload, |t, _, r| {
            let members: Vec<_> =
                (0..r.usize(1..60)).map(|n| format!("\"more-{n}\":[{n}]")).collect();
            [b"{", members.join(",").as_bytes(), b",", &t[1..]].concat()
        }),
    ),
];
