//! Tests each crate with valid and invalid tokens before the measurement.

use base64_simd::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::{Value, json};
use tower_jwt_auth::Algorithm;
use tower_jwt_auth::testing::TestIssuer;

use crate::contestant::Contestant;
use crate::support::fixtures::{ALGORITHMS, Fixture, Kind};
use crate::support::requests::Requests;

/// A kind of valid or invalid token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Probe {
    Good,
    /// The payload was changed after it was signed.
    Tampered,
    Expired,
    NotYetValid,
    OtherIssuer,
    OtherAudience,
    NoIssuer,
    NoAudience,
    /// The header has an unknown critical parameter (RFC 7515 §4.1.11).
    UnknownCrit,
    NoToken,
}

impl Probe {
    pub(crate) const ALL: [Self; 10] = [
        Self::Good,
        Self::Tampered,
        Self::Expired,
        Self::NotYetValid,
        Self::OtherIssuer,
        Self::OtherAudience,
        Self::NoIssuer,
        Self::NoAudience,
        Self::UnknownCrit,
        Self::NoToken,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Tampered => "tampered",
            Self::Expired => "expired",
            Self::NotYetValid => "not yet valid",
            Self::OtherIssuer => "other `iss`",
            Self::OtherAudience => "other `aud`",
            Self::NoIssuer => "no `iss`",
            Self::NoAudience => "no `aud`",
            Self::UnknownCrit => "unknown `crit`",
            Self::NoToken => "no token",
        }
    }

    /// A crate that fails one of these is not measured.
    fn is_required(self) -> bool {
        matches!(self, Self::Good | Self::Tampered | Self::Expired)
    }

    fn is_passed(self, status: StatusCode) -> bool {
        (status == StatusCode::OK) == (self == Self::Good)
    }

    /// A request with such a token, derived from a valid one.
    fn requests(self, algorithm: Algorithm, good: &str) -> Requests {
        let id = format!("demo-{algorithm}");
        let issuer = TestIssuer::new(algorithm).key_id(&id);
        let parts: Vec<_> = good.split('.').collect();
        let mut header = json!({ "alg": algorithm.name(), "typ": "JWT", "kid": id });
        let payload = URL_SAFE_NO_PAD.decode_to_vec(parts[1]).unwrap();
        let mut claims: Value = serde_json::from_slice(&payload).unwrap();
        match self {
            Self::NoToken => return Requests::without_token(),
            Self::Good => {}
            Self::Tampered => {
                claims["sub"] = json!("another-user");
                let payload = URL_SAFE_NO_PAD.encode_to_string(claims.to_string());
                return Requests::with(&[format!("{}.{payload}.{}", parts[0], parts[2])]);
            }
            Self::Expired => claims["exp"] = json!(1_767_229_200),
            Self::NotYetValid => claims["nbf"] = json!(4_102_444_700_u64),
            Self::OtherIssuer => claims["iss"] = json!("https://evil.example.com/"),
            Self::OtherAudience => claims["aud"] = json!("https://other.example.com"),
            Self::NoIssuer => drop(claims.as_object_mut().unwrap().remove("iss")),
            Self::NoAudience => drop(claims.as_object_mut().unwrap().remove("aud")),
            Self::UnknownCrit => {
                header["crit"] = json!(["unknown-extension"]);
                header["unknown-extension"] = json!("must be rejected");
            }
        }
        Requests::with(&[issuer.sign(header.to_string(), claims.to_string())])
    }
}

/// The requests of all probes, for each algorithm.
pub(crate) struct Questions([[Requests; Probe::ALL.len()]; ALGORITHMS.len()]);

impl Questions {
    pub(crate) fn new() -> Self {
        Self(ALGORITHMS.map(|algorithm| {
            let good = Fixture::new(algorithm).tokens(Kind::Valid).swap_remove(0);
            Probe::ALL.map(|probe| probe.requests(algorithm, &good))
        }))
    }

    /// Sends all probes. A service that fails a required one is replaced by the reason, and is not measured.
    pub(crate) fn ask(&self, contestant: &mut Contestant) -> Vec<Answers> {
        contestant.backend.choose();
        let mut answers = Vec::new();
        for ((algorithm, requests), slot) in
            ALGORITHMS.into_iter().zip(&self.0).zip(&mut contestant.services)
        {
            let Ok(service) = slot else { continue };
            let statuses = requests.each_ref().map(|requests| service.status(requests.clone()));
            let one = Answers { algorithm, statuses };
            if let Some(probe) = one.first_failed(false) {
                *slot = Err(format!("a wrong answer to {}", probe.name()));
            }
            answers.push(one);
        }
        answers
    }
}

/// The statuses of one crate with one algorithm.
pub(crate) struct Answers {
    pub(crate) algorithm: Algorithm,
    pub(crate) statuses: [StatusCode; Probe::ALL.len()],
}

impl Answers {
    /// The first failed probe, among the required ones or among all.
    pub(crate) fn first_failed(&self, of_everything: bool) -> Option<Probe> {
        let asked = Probe::ALL.into_iter().zip(self.statuses);
        let mut counts = asked.filter(|(probe, _)| of_everything || probe.is_required());
        counts.find(|(probe, status)| !probe.is_passed(*status)).map(|(probe, _)| probe)
    }
}
