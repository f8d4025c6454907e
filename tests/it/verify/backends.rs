//! Which crypto library verifies, and that `jsonwebtoken`'s own choice of one is left alone.

use jsonwebtoken::crypto::{CryptoProvider, KeyUtils};
use tower_jwt_auth::key::{CryptoBackend, KeySet};
use tower_jwt_auth::testing::{FixedClock, is_signature};
use tower_jwt_auth::{Algorithm, ErrorKind, Issuer, Policy, VerificationKey, Verifier};

use crate::support::tokens::{
    Verdict, algorithms, issuer, pair, parts, signature, trusting, verdict,
};

const WRONG: Verdict = Err(ErrorKind::InvalidSignature);
const NOT_ALLOWED: Verdict = Err(ErrorKind::AlgorithmNotAllowed);

fn built_in() -> impl Iterator<Item = CryptoBackend> {
    [CryptoBackend::AwsLcRs, CryptoBackend::RustCrypto].into_iter().filter(|one| one.is_built_in())
}

#[test]
fn the_backend_that_is_named_verifies() {
    for backend in built_in() {
        for algorithm in algorithms().filter(|algorithm| backend.supports(*algorithm)) {
            let issuer = issuer(algorithm);
            let verifier = trusting(&issuer).crypto_backend(backend).build().unwrap();
            let forged = issuer.clone().with_other_key().token().mint();
            assert_eq!(verdict(&verifier, &issuer.token().mint()), Ok(()), "{algorithm}");
            assert_eq!(verdict(&verifier, &forged), WRONG, "{algorithm}");
        }
    }
    assert_eq!(
        built_in().count(),
        usize::from(cfg!(feature = "aws-lc-rs")) + usize::from(cfg!(feature = "rust-crypto"))
    );
}

#[test]
fn a_backend_that_is_not_built_in_is_no_choice() {
    for backend in [CryptoBackend::AwsLcRs, CryptoBackend::RustCrypto] {
        let made = trusting(&issuer(Algorithm::HS256)).crypto_backend(backend).build();
        match made {
            Ok(_) => assert!(backend.is_built_in()),
            Err(error) => {
                assert!(!backend.is_built_in());
                assert!(error.to_string().contains(backend.name()), "{error}");
                assert_eq!(error.problems().len(), 1, "{error}");
            }
        }
    }
}

#[test]
fn es512_is_refused_in_plain_words_where_the_backend_does_not_have_it() {
    let issuer = issuer(Algorithm::ES512);
    let set = || format!("{{\"keys\":[{}]}}", issuer.jwk());
    let road = || Verifier::jwks(set()).any_issuer().any_audience().clock(FixedClock::new());
    let with_list = |backend: CryptoBackend| {
        let ed25519 = TestKeys::jwk(Algorithm::EdDSA);
        let policy = Policy::new().any_audience().algorithms([Algorithm::ES512, Algorithm::EdDSA]);
        let verifier = Verifier::builder().trust(Issuer::unnamed(ed25519, policy));
        verifier.crypto_backend(backend).build().unwrap_err().to_string()
    };
    if CryptoBackend::AwsLcRs.is_built_in() {
        let verifier = road().build().unwrap();
        assert_eq!(verdict(&verifier, &issuer.token().mint()), Ok(()));
        if CryptoBackend::RustCrypto.is_built_in() {
            let error = road().crypto_backend(CryptoBackend::RustCrypto).build().unwrap_err();
            assert!(error.to_string().contains("`rust-crypto` cannot use"), "{error}");
        }
    } else {
        let error = KeySet::from_jwks(set()).unwrap_err().to_string();
        assert!(error.contains("not_in_backend"), "{error}");
        let error = VerificationKey::jwk(issuer.jwk()).unwrap_err().to_string();
        assert!(error.contains("`rust-crypto` has no ES512"), "{error}");
        let error = VerificationKey::pem(Algorithm::ES512, issuer.public_pem()).unwrap_err();
        assert!(error.to_string().contains("P-521 public key for ES512"), "{error}");
    }
    if CryptoBackend::RustCrypto.is_built_in() {
        let error = with_list(CryptoBackend::RustCrypto);
        assert!(error.contains("the algorithm ES512"), "{error}");
        // A set that has other keys, too, serves with those.
        let both = format!("{{\"keys\":[{},{}]}}", issuer.jwk(), TestKeys::text(Algorithm::EdDSA));
        let road = Verifier::jwks(both).any_issuer().any_audience().clock(FixedClock::new());
        let verifier = road.crypto_backend(CryptoBackend::RustCrypto).build().unwrap();
        assert_eq!(verdict(&verifier, &TestKeys::token(Algorithm::EdDSA)), Ok(()));
        // Without AWS-LC nobody here can sign with it, either.
        let signer = self::issuer(Algorithm::EdDSA).key_id("demo-ES512");
        let token = signer.token().header("alg", "ES512").mint();
        assert_eq!(verdict(&verifier, &token), NOT_ALLOWED);
    }
}

/// The demo key of another algorithm, beside the one under test.
struct TestKeys;

impl TestKeys {
    fn text(algorithm: Algorithm) -> String {
        issuer(algorithm).jwk()
    }

    fn jwk(algorithm: Algorithm) -> VerificationKey {
        VerificationKey::jwk(Self::text(algorithm)).unwrap()
    }

    fn token(algorithm: Algorithm) -> String {
        issuer(algorithm).token().mint()
    }
}

#[test]
fn a_signature_at_the_key_is_for_one_algorithm_of_a_backend_that_is_there() {
    let issuer = issuer(Algorithm::HS256);
    let key = VerificationKey::shared_secret(issuer.secret()).unwrap();
    let token = issuer.token().mint();
    let [header, payload, _] = parts(&token);
    let (message, mac) = (format!("{header}.{payload}").into_bytes(), signature(&token));
    for backend in [CryptoBackend::AwsLcRs, CryptoBackend::RustCrypto] {
        let is_signature =
            |algorithm, mac: &[u8]| is_signature(&key, backend, algorithm, &message, mac);
        assert_eq!(is_signature(Algorithm::HS256, &mac), backend.is_built_in());
        assert!(!is_signature(Algorithm::HS256, &mac[1..]));
        assert!(!is_signature(Algorithm::HS384, &mac));
        assert!(!is_signature(Algorithm::RS256, &mac));
    }
}

/// What the process would use if anybody asked it.
static NOBODY_ASKS: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| panic!("the process-wide provider was asked for a signer"),
    verifier_factory: |_, _| panic!("the process-wide provider was asked for a verifier"),
    key_utils: KeyUtils::new_unimplemented(),
};

#[test]
fn the_process_wide_provider_of_jsonwebtoken_is_neither_set_nor_asked() {
    for algorithm in algorithms() {
        let (issuer, verifier) = pair(algorithm);
        assert_eq!(verdict(&verifier, &issuer.token().mint()), Ok(()));
    }
    // Whatever had used the default by now would have fixed it. The other tests of this binary go on
    // under a provider that answers nobody.
    NOBODY_ASKS.install_default().expect("the provider of the process is still to be chosen");
    for algorithm in algorithms() {
        let (issuer, verifier) = pair(algorithm);
        assert_eq!(verdict(&verifier, &issuer.token().mint()), Ok(()));
        assert_eq!(verdict(&verifier, &issuer.token().mint_tampered()), WRONG);
    }
}
