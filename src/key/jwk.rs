//! JSON Web Keys (RFC 7517), read one by one: an odd key is skipped and never fails the set.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Deserializer as JsonDeserializer;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::material::Material;
use super::verification_key::{Unusable, VerificationKey};
use super::weakness::Weakness;
use crate::build_error::{BuildError, Problem};
use crate::claims::json::{BorrowText, Names, OptionalText, check_shape};
use crate::jws::{Algorithm, base64url};
use crate::observe::skip_reason::SkipReason;

/// The most keys that are read from one document.
const MAX_KEYS: usize = 1024;

impl VerificationKey {
    /// One JSON Web Key (RFC 7517 §4), public or a secret (`oct`).
    ///
    /// Without `alg` the key's type decides: EC and OKP keys by their curve; RSA is RS256 and `oct` is
    /// HS256, unless [`Policy::algorithms`](crate::Policy::algorithms) lists others, which the key then
    /// serves, all of them. Members that are `null` are absent, and so is an empty `kid`.
    ///
    /// # Errors
    ///
    /// JSON that is no usable key: unknown types and curves, private members, `use` or `key_ops` that
    /// are not for verifying, and weak keys.
    pub fn jwk(json: impl AsRef<str>) -> Result<Self, BuildError> {
        read_one(json.as_ref(), Trust::Configured).map_err(|reason| {
            BuildError::new(Problem::new(
                "a JWK that cannot be used",
                reason.sentence(),
                "Export the public signing key of the issuer as a JWK",
            ))
        })
    }
}

/// How a document came here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// With the configuration, which may hold secrets.
    Configured,
    /// Over the network, where whoever sees a secret can sign with it.
    Fetched,
}

/// Reads one key.
fn read_one(json: &str, trust: Trust) -> Result<VerificationKey, SkipReason> {
    check_shape(json).map_err(|_| SkipReason::Malformed)?;
    let mut parser = JsonDeserializer::from_str(json);
    let read = parser.deserialize_map(JwkVisitor);
    let jwk = read.and_then(|jwk| parser.end().map(|()| jwk)).map_err(|_| SkipReason::Malformed)?;
    jwk.into_key(trust)
}

/// Reads the `keys` of a set (RFC 7517 §5). `None` when the document is no set at all.
///
/// The second part is the number of entries beyond the largest that is read.
pub(super) fn read_set(
    json: &str,
    trust: Trust,
) -> Option<(Vec<Result<VerificationKey, SkipReason>>, usize)> {
    #[derive(serde::Deserialize)]
    struct Document<'d> {
        #[serde(borrow)]
        keys: Entries<'d>,
    }

    // An array would do for the derived reader, too.
    if !json.trim_ascii_start().starts_with('{') {
        return None;
    }
    let Document { keys } = serde_json::from_str(json).ok()?;
    let read = keys.first.iter().map(|raw| read_one(raw.get(), trust)).collect();
    Some((read, keys.more))
}

/// The first entries of `keys`, and the number of those that are not looked at: a document that is long for
/// no reason costs no more memory than its text.
struct Entries<'d> {
    first: Vec<&'d RawValue>,
    more: usize,
}

impl<'de: 'd, 'd> Deserialize<'de> for Entries<'d> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'d> Visitor<'d> for EntriesVisitor {
    type Value = Entries<'d>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of keys")
    }

    fn visit_seq<A: SeqAccess<'d>>(self, mut seq: A) -> Result<Entries<'d>, A::Error> {
        let mut entries = Entries { first: Vec::new(), more: 0 };
        while entries.first.len() < MAX_KEYS {
            match seq.next_element()? {
                Some(raw) => entries.first.push(raw),
                None => return Ok(entries),
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {
            entries.more += 1;
        }
        Ok(entries)
    }
}

#[derive(Default)]
struct Jwk<'j> {
    kty: Option<Cow<'j, str>>,
    crv: Option<Cow<'j, str>>,
    kid: Option<Cow<'j, str>>,
    alg: Option<Cow<'j, str>>,
    usage: Option<Cow<'j, str>>,
    key_ops: Option<Vec<String>>,
    n: Option<Cow<'j, str>>,
    e: Option<Cow<'j, str>>,
    x: Option<Cow<'j, str>>,
    y: Option<Cow<'j, str>>,
    k: Option<Zeroizing<String>>,
    private: bool,
    malformed: bool,
}

impl Jwk<'_> {
    fn into_key(self, trust: Trust) -> Result<VerificationKey, SkipReason> {
        if self.malformed {
            return Err(SkipReason::Malformed);
        }
        if self.private {
            return Err(SkipReason::PrivateKey);
        }
        if trust == Trust::Fetched && self.kty.as_deref() == Some("oct") {
            return Err(SkipReason::Secret);
        }
        if self.usage.as_ref().is_some_and(|usage| usage != "sig")
            || self.key_ops.as_ref().is_some_and(|ops| !ops.iter().any(|op| op == "verify"))
        {
            return Err(SkipReason::NotForSignatures);
        }
        let algorithm = match self.alg.as_deref() {
            None => None,
            Some(name) => Some(Algorithm::from_name(name).ok_or(SkipReason::OtherAlgorithm)?),
        };
        let key =
            VerificationKey::prepare(self.material()?, algorithm).map_err(
                |(_, why)| match why {
                    Unusable::OtherKind => SkipReason::OtherAlgorithm,
                    Unusable::ShortSecret => SkipReason::Weak,
                    Unusable::NotInBackend => SkipReason::NotInBackend,
                    Unusable::NoBackend | Unusable::Rejected => SkipReason::Rejected,
                },
            )?;
        Ok(match self.kid {
            Some(kid) => key.with_key_id(kid),
            None => key,
        })
    }

    fn material(&self) -> Result<Material, SkipReason> {
        let checked = match (self.kty.as_deref(), self.crv.as_deref()) {
            (Some("RSA"), _) => Material::rsa(&bytes(self.n.as_ref())?, &bytes(self.e.as_ref())?),
            (Some("EC"), Some("P-256")) => {
                Material::p256(&bytes(self.x.as_ref())?, &bytes(self.y.as_ref())?)
            }
            (Some("EC"), Some("P-384")) => {
                Material::p384(&bytes(self.x.as_ref())?, &bytes(self.y.as_ref())?)
            }
            (Some("EC"), Some("P-521")) => {
                Material::p521(&bytes(self.x.as_ref())?, &bytes(self.y.as_ref())?)
            }
            (Some("OKP"), Some("Ed25519")) => Material::ed25519(&bytes(self.x.as_ref())?),
            (Some("oct"), _) => {
                let text = self.k.as_deref().ok_or(SkipReason::MissingMember)?;
                let secret = base64url::decode(text.as_bytes()).map(Zeroizing::new);
                Material::hmac(&secret.map_err(|_| SkipReason::MissingMember)?)
            }
            (Some(_), _) => return Err(SkipReason::UnknownType),
            (None, _) => return Err(SkipReason::MissingMember),
        };
        checked.map_err(|weakness| match weakness {
            Weakness::CoordinateLength => SkipReason::MissingMember,
            Weakness::Published => SkipReason::Published,
            _ => SkipReason::Weak,
        })
    }
}

fn bytes(member: Option<&Cow<'_, str>>) -> Result<Vec<u8>, SkipReason> {
    let text = member.ok_or(SkipReason::MissingMember)?;
    base64url::decode(text.as_bytes()).map_err(|_| SkipReason::MissingMember)
}

struct JwkVisitor;

impl<'j> Visitor<'j> for JwkVisitor {
    type Value = Jwk<'j>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON Web Key")
    }

    fn visit_map<A: MapAccess<'j>>(self, mut map: A) -> Result<Jwk<'j>, A::Error> {
        let mut jwk = Jwk::default();
        let mut names = Names::default();
        while let Some(name) = map.next_key_seed(BorrowText)? {
            jwk.malformed |= !names.insert(name.clone());
            let slot = match name.as_ref() {
                "kty" => &mut jwk.kty,
                "crv" => &mut jwk.crv,
                "kid" => &mut jwk.kid,
                "alg" => &mut jwk.alg,
                "use" => &mut jwk.usage,
                "n" => &mut jwk.n,
                "e" => &mut jwk.e,
                "x" => &mut jwk.x,
                "y" => &mut jwk.y,
                "k" => {
                    jwk.k = map.next_value::<Option<String>>()?.map(Zeroizing::new);
                    continue;
                }
                "key_ops" => {
                    jwk.key_ops = map.next_value()?;
                    continue;
                }
                "d" | "p" | "q" | "dp" | "dq" | "qi" | "oth" => {
                    jwk.private |= map.next_value::<Option<IgnoredAny>>()?.is_some();
                    continue;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *slot = map.next_value_seed(OptionalText)?;
        }
        Ok(jwk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
    const ED: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn skipped(json: &str) -> Option<SkipReason> {
        read_one(json, Trust::Configured).err()
    }

    #[test]
    fn every_kind_of_key_is_read_and_its_broken_neighbour_is_skipped_for_the_right_reason() {
        use SkipReason as S;
        let ec = |rest: &str| format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"{Y}"{rest}}}"#);
        let ed = |rest: &str| format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{ED}"{rest}}}"#);
        let other = |json: &str| json.to_owned();
        for (json, reason) in [
            (ec(""), None),
            (ed(""), None),
            (ed(r#","alg":"EdDSA","use":"sig","key_ops":["sign","verify"],"kid":"1""#), None),
            (ed(r#","alg":"Ed25519""#), None),
            (ed(r#","x5c":["AA"],"x-vendor":{"a":[1]}"#), None),
            (ed(r#","alg":"ES256""#), Some(S::OtherAlgorithm)),
            (ed(r#","alg":"none""#), Some(S::OtherAlgorithm)),
            (ed(r#","alg":"ECDH-ES""#), Some(S::OtherAlgorithm)),
            (ec(r#","alg":"ES384""#), Some(S::OtherAlgorithm)),
            (ec(r#","alg":"HS256""#), Some(S::OtherAlgorithm)),
            (ed(r#","use":"enc""#), Some(S::NotForSignatures)),
            (ed(r#","key_ops":["sign"]"#), Some(S::NotForSignatures)),
            (ed(r#","key_ops":[]"#), Some(S::NotForSignatures)),
            (ed(r#","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A""#), Some(S::PrivateKey)),
            (ed(r#","kid":1"#), Some(S::Malformed)),
            (ed(r#","kid":null,"alg":null,"use":null,"key_ops":null,"k":null,"d":null"#), None),
            (
                ec(
                    r#","n":null,"e":null,"p":null,"q":null,"dp":null,"dq":null,"qi":null,"oth":null"#,
                ),
                None,
            ),
            (ed(",\"d\":\"\""), Some(S::PrivateKey)),
            (ed(r#","d":false"#), Some(S::PrivateKey)),
            (ed(r#","d":null,"d":"AA""#), Some(S::Malformed)),
            (ed(r#","key_ops":[null]"#), Some(S::Malformed)),
            (
                format!(r#"{{"kty":"OKP","crv":"Ed25519","x":null,"y":"{ED}"}}"#),
                Some(S::MissingMember),
            ),
            (other(r#"{"kty":null}"#), Some(S::MissingMember)),
            (other(r#"{"kty":"oct","k":null}"#), Some(S::MissingMember)),
            (ed(r#","alg":7"#), Some(S::Malformed)),
            (ed(r#","x":"AA""#), Some(S::Malformed)),
            (ed(r#","y":1"#), Some(S::Malformed)),
            (other("[]"), Some(S::Malformed)),
            (other("{}"), Some(S::MissingMember)),
            (other(r#"{"kty":"RSA","n":"AQAB"}"#), Some(S::MissingMember)),
            (other(r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#), Some(S::Weak)),
            (other(r#"{"kty":"oct","k":"c2hvcnQ"}"#), Some(S::Weak)),
            (other(r#"{"kty":"oct"}"#), Some(S::MissingMember)),
            (
                other(
                    r#"{"kty":"oct","alg":"HS512","k":"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}"#,
                ),
                Some(S::Weak),
            ),
            (
                other(
                    r#"{"kty":"oct","alg":"HS256","k":"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}"#,
                ),
                None,
            ),
            (other(r#"{"kty":"AKP","alg":"ML-DSA-44","pub":"AA"}"#), Some(S::OtherAlgorithm)),
            (other(r#"{"kty":"AKP","pub":"AA"}"#), Some(S::UnknownType)),
            (other(r#"{"kty":"rsa","n":"AQAB","e":"AQAB"}"#), Some(S::UnknownType)),
            (
                format!(r#"{{"kty":"EC","crv":"secp256k1","x":"{X}","y":"{Y}"}}"#),
                Some(S::UnknownType),
            ),
            (
                format!(r#"{{"kty":"EC","crv":"P-384","x":"{X}","y":"{Y}"}}"#),
                Some(S::MissingMember),
            ),
            (format!(r#"{{"kty":"EC","crv":"P-256","x":"{Y}","y":"{X}"}}"#), Some(S::Rejected)),
            (format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}="}}"#), Some(S::MissingMember)),
            (format!(r#"{{"kty":"OKP","crv":"P-256","x":"{ED}"}}"#), Some(S::UnknownType)),
            (
                format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, &ED[..42]),
                Some(S::MissingMember),
            ),
        ] {
            assert_eq!(skipped(&json), reason, "{json}");
        }
    }

    #[test]
    fn one_odd_key_does_not_spoil_the_set() {
        let good = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{ED}","kid":"a"}}"#);
        let (set, more) = read_set(
            &format!(r#"{{"x":1,"keys":[{{"kid":7}},null,{good},"key"]}}"#),
            Trust::Configured,
        )
        .unwrap();
        assert_eq!(set.iter().filter(|key| key.is_ok()).count(), 1);
        assert_eq!((set.len(), more), (4, 0));
        let array = format!("[[{good}]]");
        for no_set in
            ["", "[]", &array, "{}", r#"{"keys":{}}"#, r#"{"keys":[]"#, r#"{"keys":[],"keys":[]}"#]
        {
            assert!(read_set(no_set, Trust::Configured).is_none(), "{no_set}");
        }
        let many = vec![good; MAX_KEYS + 1].join(",");
        let (set, more) = read_set(&format!(r#"{{"keys":[{many}]}}"#), Trust::Configured).unwrap();
        assert_eq!((set.len(), more), (MAX_KEYS, 1));
        assert!(set[MAX_KEYS - 1].is_ok());
    }

    #[test]
    fn a_secret_is_read_from_the_configuration_and_not_from_the_network() {
        let secret =
            r#"{"keys":[{"kty":"oct","k":"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}]}"#;
        assert!(read_set(secret, Trust::Configured).unwrap().0[0].is_ok());
        let (fetched, _) = read_set(secret, Trust::Fetched).unwrap();
        assert_eq!(fetched[0].as_ref().unwrap_err(), &SkipReason::Secret);
    }
}
