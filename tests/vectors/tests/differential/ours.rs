//! The first verifier: this crate.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value;

use tower_jwt_auth::VerifierBuilder;
use tower_jwt_auth::key::CryptoBackend;
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{ErrorKind, Verifier};

use super::keys::{AUDIENCE, ISSUER, Key, LEEWAY};

/// Verifiers for every key, with every built-in backend that supports its algorithm.
pub(crate) struct Ours {
    clock: FixedClock,
    verifiers: Vec<Vec<Pair>>,
}

/// The same verifier with two claims types. `Claims` is strict on its own, `Value` accepts everything.
struct Pair(Verifier, Verifier<Value>);

impl Ours {
    pub(crate) fn new(keys: &[Key]) -> Self {
        let clock = FixedClock::new();
        let verifiers = keys.iter().map(|key| {
            let able = backends().into_iter().filter(|backend| backend.supports(key.algorithm));
            let builder = |backend| builder(key).crypto_backend(backend).clock(clock.clone());
            let pair = |backend| {
                let (claims, value) = (builder(backend), builder(backend).claims());
                Pair(claims.build().unwrap(), value.build().unwrap())
            };
            able.map(pair).collect()
        });
        Self { verifiers: verifiers.collect(), clock }
    }

    /// The verdicts at this second, which must be the same.
    pub(crate) fn judge(&self, key: usize, token: &str, now: u64) -> Vec<Result<(), ErrorKind>> {
        self.clock.set(UNIX_EPOCH + Duration::from_secs(now));
        let verdicts = |Pair(claims, value): &Pair| {
            let claims = claims.verify_now(token).map(drop).map_err(|error| error.kind());
            let value = value.verify_now(token).map(drop).map_err(|error| error.kind());
            [claims, value]
        };
        self.verifiers[key].iter().flat_map(verdicts).collect()
    }
}

/// The built-in backends.
pub(crate) fn backends() -> Vec<CryptoBackend> {
    let all = [CryptoBackend::AwsLcRs, CryptoBackend::RustCrypto];
    all.into_iter().filter(|backend| backend.is_built_in()).collect()
}

fn builder(key: &Key) -> VerifierBuilder {
    let builder = match &key.algorithm.name()[..2] {
        "HS" => Verifier::shared_secret(key.issuer.secret()),
        _ => Verifier::jwks(key.issuer.jwks()),
    };
    let leeway = Duration::from_secs(LEEWAY.into());
    builder.issuer(ISSUER).audience(AUDIENCE).algorithms([key.algorithm]).leeway(leeway)
}
