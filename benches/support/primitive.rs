//! *Raw*: the prepared primitives, over a signing input whose signature is already decoded.

use aws_lc_rs::hmac as hmac_of_aws_lc;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents,
};
use base64_simd::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tower_jwt_auth::Algorithm;

use super::fixtures::{Fixture, Kind};

/// A prepared verification key.
pub(crate) enum Primitive {
    /// Keyed once and cloned for each message.
    RustCrypto(Hmac<Sha256>),
    /// Keyed once; the library copies its context for each message.
    AwsLcHmac(Box<hmac_of_aws_lc::Key>),
    /// Parsed once.
    AwsLc(ParsedPublicKey),
}

impl Primitive {
    /// The fast primitives for an algorithm, with the name of the library.
    pub(crate) fn all_of(fixture: &Fixture) -> Vec<(&'static str, Self)> {
        let jwk = fixture.jwk();
        let part = |name| decode(jwk.get(name).and_then(|part| part.as_str()).unwrap());
        let public = match fixture.algorithm {
            Algorithm::HS256 => {
                let secret = part("k");
                let key = hmac_of_aws_lc::Key::new(hmac_of_aws_lc::HMAC_SHA256, &secret);
                return vec![
                    ("RustCrypto", Self::RustCrypto(Hmac::new_from_slice(&secret).unwrap())),
                    ("AWS-LC", Self::AwsLcHmac(Box::new(key))),
                ];
            }
            Algorithm::RS256 => {
                let (n, e) = (part("n"), part("e"));
                let components = RsaPublicKeyComponents { n, e };
                components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
            }
            Algorithm::ES256 => {
                let point = [vec![4], part("x"), part("y")].concat();
                ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            }
            Algorithm::EdDSA => ParsedPublicKey::new(&ED25519, part("x")),
            other => panic!("{other} is not measured"),
        };
        vec![("AWS-LC", Self::AwsLc(public.unwrap()))]
    }

    /// Verifies the signatures of the valid tokens in turn.
    pub(crate) fn verifying(self, fixture: &Fixture) -> impl FnMut() + Send + use<> {
        let tokens: Vec<_> =
            fixture.tokens(Kind::Valid).iter().map(|token| Signed::of(token)).collect();
        let mut turn = 0;
        move || {
            let signed = &tokens[turn];
            turn = (turn + 1) % tokens.len();
            assert!(self.verify(signed));
        }
    }

    #[inline]
    fn verify(&self, Signed { input, signature }: &Signed) -> bool {
        match self {
            Self::RustCrypto(keyed) => {
                let mut mac = keyed.clone();
                mac.update(input);
                mac.verify_slice(signature).is_ok()
            }
            Self::AwsLcHmac(key) => hmac_of_aws_lc::verify(key, input, signature).is_ok(),
            Self::AwsLc(key) => key.verify_sig(input, signature).is_ok(),
        }
    }
}

/// A signing input with its decoded signature.
struct Signed {
    input: Vec<u8>,
    signature: Vec<u8>,
}

impl Signed {
    fn of(token: &str) -> Self {
        let (input, signature) = token.rsplit_once('.').unwrap();
        Self { input: input.as_bytes().to_vec(), signature: decode(signature) }
    }
}

fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode_to_vec(text).unwrap()
}
