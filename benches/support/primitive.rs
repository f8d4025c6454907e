//! *Raw*: the fastest prepared primitive, over a signing input whose signature is already decoded.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use base64_simd::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tower_jwt_auth::Algorithm;

use super::fixtures::{Fixture, Kind};

pub(crate) enum Primitive {
    /// RustCrypto's, keyed once and cloned: faster than AWS-LC's, whose context is over a kilobyte.
    Hmac(Hmac<Sha256>),
    /// AWS-LC's, parsed once.
    Public(ParsedPublicKey),
}

impl Primitive {
    pub(crate) fn of(fixture: &Fixture) -> Self {
        let jwk = fixture.jwk();
        let part = |name| decode(jwk.get(name).and_then(|part| part.as_str()).unwrap());
        match fixture.algorithm {
            Algorithm::HS256 => Self::Hmac(Hmac::new_from_slice(&part("k")).unwrap()),
            Algorithm::RS256 => {
                let (n, e) = (part("n"), part("e"));
                let components = RsaPublicKeyComponents { n, e };
                let parsed = components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256);
                Self::Public(parsed.unwrap())
            }
            Algorithm::ES256 => {
                let point = [vec![4], part("x"), part("y")].concat();
                Self::Public(ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).unwrap())
            }
            Algorithm::EdDSA => Self::Public(ParsedPublicKey::new(&ED25519, part("x")).unwrap()),
            other => panic!("{other} is not measured"),
        }
    }

    #[inline]
    fn verify(&self, signed: &Signed) -> bool {
        match self {
            Self::Hmac(keyed) => {
                let mut mac = keyed.clone();
                mac.update(&signed.input);
                mac.verify_slice(&signed.signature).is_ok()
            }
            Self::Public(key) => key.verify_sig(&signed.input, &signed.signature).is_ok(),
        }
    }
}

struct Signed {
    input: Vec<u8>,
    signature: Vec<u8>,
}

/// Verifies the signatures of the valid tokens in turn.
pub(crate) fn verifying(fixture: &Fixture) -> impl FnMut() -> bool + Send + use<> {
    let primitive = Primitive::of(fixture);
    let split = |token: String| {
        let (input, signature) = token.rsplit_once('.').unwrap();
        Signed {
            input: input.as_bytes().to_vec(),
            signature: decode(signature),
        }
    };
    let tokens = fixture.tokens(Kind::Valid).into_iter().map(split);
    let tokens: Vec<Signed> = tokens.collect();
    assert!(tokens.iter().all(|signed| primitive.verify(signed)));
    let mut turn = 0;
    move || {
        let signed = &tokens[turn];
        turn = (turn + 1) % tokens.len();
        primitive.verify(signed)
    }
}

fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode_to_vec(text).unwrap()
}
