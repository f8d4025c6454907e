//! Asserts the verdicts of a verifier and of a key on an example.

use std::time::{Duration, UNIX_EPOCH};

use base64_simd::URL_SAFE_NO_PAD;
use tower_jwt_auth::key::CryptoBackend;
use tower_jwt_auth::testing::{FixedClock, is_signature};
use tower_jwt_auth::{Algorithm, ErrorKind, Issuer, Policy, VerificationKey, Verified, Verifier};

/// A minute before the tokens of RFC 7515 expire.
const NOW: u64 = 1_300_819_320;

/// The error detail for a payload, which is only reported after a valid signature.
const NO_CLAIMS: &str = "the payload is not one strict JSON object";

/// A key of an RFC, the algorithm of its example and the crypto backend.
pub(crate) struct Judge {
    backend: CryptoBackend,
    algorithm: Algorithm,
    key: VerificationKey,
    verifier: Verifier,
}

impl Judge {
    /// Trusts the key with only this algorithm, for any issuer.
    pub(crate) fn new(backend: CryptoBackend, algorithm: Algorithm, jwk: &str) -> Self {
        let key = || VerificationKey::jwk(jwk).unwrap();
        let policy = Policy::new().any_audience().algorithms([algorithm]);
        let clock = FixedClock::new();
        clock.set(UNIX_EPOCH + Duration::from_secs(NOW));
        let verifier = Verifier::builder().trust(Issuer::unnamed(key(), policy)).clock(clock);
        let verifier = verifier.crypto_backend(backend).build().unwrap();
        Self { backend, algorithm, key: key(), verifier }
    }

    /// Asserts that the token is accepted, and its altered copies are rejected.
    pub(crate) fn accepts(&self, token: &str) -> Verified {
        self.signed(token);
        self.verifier.verify_now(token).unwrap()
    }

    /// Asserts that the signature is valid and the payload is not claims. A changed bit gives another error, which
    /// shows that the signature was verified.
    pub(crate) fn rejects_only_the_payload(&self, token: &str) {
        self.signed(token);
        assert_eq!(self.verdict(token), (Some(ErrorKind::MalformedToken), Some(NO_CLAIMS)));
    }

    /// Asserts that the text is not a JWT, whatever its signature.
    pub(crate) fn rejects_the_form(&self, token: &str) {
        let (kind, detail) = self.verdict(token);
        assert_eq!(kind, Some(ErrorKind::MalformedToken), "{token}");
        assert_ne!(detail, Some(NO_CLAIMS), "{token}");
    }

    /// Asserts that the key's signature is valid for these bytes, and for no others.
    pub(crate) fn signs(&self, message: &str, signature: &str) {
        let judge = |message: &[u8], signature: &[u8]| {
            is_signature(&self.key, self.backend, self.algorithm, message, signature)
        };
        let (message, signature) = (message.as_bytes(), decode(signature));
        assert!(judge(message, &signature));
        assert!(!judge(message, &changed(&signature)));
        assert!(!judge(&changed(message), &signature));
    }

    /// Asserts the verdicts of the key and of the verifier.
    fn signed(&self, token: &str) {
        let [header, payload, signature] = parts(token);
        self.signs(&format!("{header}.{payload}"), signature);
        let other_signature = encode(&changed(&decode(signature)));
        let other_payload = encode(&changed(&decode(payload)));
        for neighbour in [
            format!("{header}.{payload}.{other_signature}"),
            format!("{header}.{other_payload}.{signature}"),
        ] {
            assert_eq!(self.verdict(&neighbour), (Some(ErrorKind::InvalidSignature), None));
        }
    }

    fn verdict(&self, token: &str) -> (Option<ErrorKind>, Option<&'static str>) {
        match self.verifier.verify_now(token) {
            Ok(_) => (None, None),
            Err(error) => (Some(error.kind()), error.detail()),
        }
    }
}

/// The general JSON serialization (RFC 7515 §7.2.1) of a payload and the signatures on it.
pub(crate) fn general(payload: &str, signatures: &[String]) -> String {
    let signatures = signatures.join("},{");
    format!(r#"{{"payload":"{payload}","signatures":[{{{signatures}}}]}}"#)
}

/// The flattened JSON serialization (RFC 7515 §7.2.2).
pub(crate) fn flattened(payload: &str, signature: &str) -> String {
    format!(r#"{{"payload":"{payload}",{signature}}}"#)
}

/// Header, payload and signature as encoded in the token.
pub(crate) fn parts(token: &str) -> [&str; 3] {
    let parts: Vec<_> = token.split('.').collect();
    parts.try_into().unwrap()
}

pub(crate) fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode_to_vec(text).unwrap()
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

/// The same with one bit changed.
fn changed(bytes: &[u8]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[bytes.len() / 2] ^= 0x04;
    changed
}
