//! JSON Web Keys (RFC 7517), read one by one: an unusable key is skipped and does not fail the set.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::base64;
use super::material::Material;
use super::skipped::Skipped;
use super::verification_key::{Unusable, VerificationKey};
use super::weakness::Weakness;
use crate::error::BuildError;
use crate::json::{Object, Value};
use crate::jws::{Algorithm, base64url};
use crate::observe::skip_reason::SkipReason;

/// The most keys that are read from one document.
const MAX_KEYS: usize = 1024;

impl VerificationKey {
    /// Reads one JSON Web Key (RFC 7517 §4): a public key or a secret (`oct`).
    ///
    /// Without `alg`, the type of the key decides. EC and OKP keys are used with the algorithm of their curve. RSA keys
    /// are used with RS256 and `oct` keys with HS256, or with all algorithms of the type that
    /// [`Policy::algorithms`](crate::Policy::algorithms) lists. A member that is `null` and an empty `kid` count as
    /// absent. The public members `n`, `e`, `x` and `y` may be in either alphabet of base64, and padded.
    ///
    /// A key with the member `issuer`, as in the key sets of Microsoft Entra ID, verifies only tokens with this `iss`,
    /// whatever the verifier accepts. A placeholder in it, such as `{tenantid}`, is replaced by the tenant: that of an
    /// [`Issuer::template`](crate::Issuer::template), otherwise the claim `tid`.
    ///
    /// # Errors
    ///
    /// The JSON is not a usable key: it has an unknown type or curve, a missing or malformed member, private members, a
    /// `use` or `key_ops` that does not allow verifying, or a weak key.
    pub fn jwk(json: impl AsRef<str>) -> Result<Self, BuildError> {
        read_one(json.as_ref(), Trust::Configured, None).map_err(Skipped::into_error)
    }
}

/// The origin of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// The configuration, which may contain secrets.
    Configured,
    /// The network, where an attacker who sees a secret can sign tokens with it.
    Fetched,
}

/// Reads one key.
fn read_one(json: &str, trust: Trust, key_use: Option<&str>) -> Result<VerificationKey, Skipped> {
    let jwk = Jwk(Object::read(json).map_err(|_| SkipReason::Malformed)?);
    jwk.check_public()?;
    jwk.check_types()?;
    jwk.into_key(trust, key_use)
}

/// Reads the `keys` of a set (RFC 7517 §5). `None` if the document is not a set.
///
/// The second value is the number of entries beyond [`MAX_KEYS`], which are not read. With a `key_use`, only keys with
/// this `use` are read.
pub(super) fn read_set(
    json: &str,
    trust: Trust,
    key_use: Option<&str>,
) -> Option<(Vec<Read>, usize)> {
    #[derive(serde::Deserialize)]
    struct Document<'d> {
        #[serde(borrow)]
        keys: Entries<'d>,
    }

    // The derived reader also accepts an array.
    if !json.trim_ascii_start().starts_with('{') {
        return None;
    }
    let Document { keys } = serde_json::from_str(json).ok()?;
    let read = |raw: &&RawValue| {
        read_one(raw.get(), trust, key_use).map_err(|it| (key_id(raw.get()), it.reason))
    };
    Some((keys.first.iter().map(read).collect(), keys.more))
}

/// A key of a document, or the id and the reason of one that is skipped.
pub(super) type Read = Result<VerificationKey, (Option<Box<str>>, SkipReason)>;

/// The id of a key that is skipped, if it can be read.
fn key_id(json: &str) -> Option<Box<str>> {
    Object::read(json).ok()?.get("kid")?.string().map(Into::into)
}

/// The first entries of `keys`, and the number of the others, which are not stored: a long document costs no
/// more memory than its text.
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

type CheckPoint = fn(&[u8], &[u8]) -> Result<Material, Weakness>;

/// The members of a key.
struct Jwk<'j>(Object<&'j str>);

impl Jwk<'_> {
    /// Checks that there are no private members (RFC 7518 §6.2.2, §6.3.2).
    fn check_public(&self) -> Result<(), SkipReason> {
        let private = ["d", "p", "q", "dp", "dq", "qi", "oth"];
        let has_one = private.iter().any(|name| self.member(name).is_some());
        if has_one { Err(SkipReason::PrivateKey) } else { Ok(()) }
    }

    /// Checks the types of all known members, even those that the key's type does not use.
    fn check_types(&self) -> Result<(), SkipReason> {
        for name in ["kty", "crv", "kid", "alg", "use", "issuer", "n", "e", "x", "y", "k"] {
            if self.member(name).is_some_and(|value| value.string().is_none()) {
                return Err(SkipReason::MalformedMember(name));
            }
        }
        let ops = self.member("key_ops");
        let is_list = ops.is_none_or(|ops| ops.string().is_none() && ops.strings().is_some());
        if is_list { Ok(()) } else { Err(SkipReason::MalformedMember("key_ops")) }
    }

    /// The value of a member that is not null.
    fn member(&self, name: &str) -> Option<Value<'_>> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn string(&self, name: &str) -> Option<&str> {
        self.member(name)?.string()
    }

    fn required(&self, name: &'static str) -> Result<&str, SkipReason> {
        self.string(name).ok_or(SkipReason::MissingMember(name))
    }

    /// The bytes of a public member.
    fn bytes(&self, name: &'static str) -> Result<Vec<u8>, SkipReason> {
        let bytes = base64::decode(self.required(name)?.as_bytes());
        bytes.filter(|it| !it.is_empty()).ok_or(SkipReason::MalformedMember(name))
    }

    /// A public member of exactly this length (RFC 7518 §6.2.1.2, RFC 8037 §2).
    fn coordinate(&self, name: &'static str, len: usize) -> Result<Vec<u8>, SkipReason> {
        let bytes = self.bytes(name)?;
        if bytes.len() == len { Ok(bytes) } else { Err(SkipReason::MalformedMember(name)) }
    }

    fn point(
        &self,
        len: usize,
        check: CheckPoint,
    ) -> Result<Result<Material, Weakness>, SkipReason> {
        Ok(check(&self.coordinate("x", len)?, &self.coordinate("y", len)?))
    }

    /// The bytes of a secret, which has one spelling.
    fn secret(&self) -> Result<Zeroizing<Vec<u8>>, SkipReason> {
        let bytes = base64url::decode(self.required("k")?.as_bytes()).map(Zeroizing::new);
        bytes.map_err(|_| SkipReason::MalformedMember("k"))
    }

    fn into_key(self, trust: Trust, key_use: Option<&str>) -> Result<VerificationKey, Skipped> {
        if trust == Trust::Fetched && self.string("kty") == Some("oct") {
            return Err(SkipReason::Secret.into());
        }
        if !self.is_for_signatures(key_use) {
            return Err(SkipReason::NotForSignatures.into());
        }
        let algorithm = match self.string("alg") {
            None => None,
            Some(name) => Some(Algorithm::from_name(name).ok_or(SkipReason::OtherAlgorithm)?),
        };
        let key =
            VerificationKey::prepare(self.material()?, algorithm).map_err(
                |(_, why)| match why {
                    Unusable::OtherKind => SkipReason::OtherAlgorithm.into(),
                    Unusable::ShortSecret => Weakness::ShortSecret.into(),
                    Unusable::NotInBackend => SkipReason::NotInBackend.into(),
                    Unusable::NoBackend | Unusable::Rejected => Skipped::from(SkipReason::Rejected),
                },
            )?;
        let key = key.for_issuer(self.string("issuer"));
        Ok(match self.string("kid") {
            Some(kid) => key.with_key_id(kid),
            None => key,
        })
    }

    /// Whether `use` and `key_ops` permit verifying (RFC 7517 §4.2, §4.3).
    fn is_for_signatures(&self, key_use: Option<&str>) -> bool {
        let usage = self.string("use");
        let ops = self.member("key_ops").and_then(Value::strings);
        let is_used = match key_use {
            Some(_) => usage == key_use,
            None => usage.is_none_or(|usage| usage == "sig"),
        };
        is_used && ops.is_none_or(|ops| ops.iter().any(|op| op == "verify"))
    }

    fn material(&self) -> Result<Material, Skipped> {
        let kty = self.required("kty")?;
        let checked = match (kty, self.string("crv")) {
            ("RSA", _) => Material::rsa(&self.bytes("n")?, &self.bytes("e")?),
            ("oct", _) => Material::hmac(&self.secret()?),
            ("EC", Some("P-256")) => self.point(32, Material::p256)?,
            ("EC", Some("P-384")) => self.point(48, Material::p384)?,
            ("EC", Some("P-521")) => self.point(66, Material::p521)?,
            ("OKP", Some("Ed25519")) => Material::ed25519(&self.coordinate("x", 32)?),
            ("EC" | "OKP", None) => return Err(SkipReason::MissingMember("crv").into()),
            _ => return Err(SkipReason::UnknownType.into()),
        };
        checked.map_err(Skipped::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
    const ED: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn skipped(json: &str) -> Option<SkipReason> {
        read_one(json, Trust::Configured, None).err().map(|skipped| skipped.reason)
    }

    #[test]
    fn unusable_keys_are_skipped_for_the_right_reason() {
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
            (ed(r#","kid":1"#), Some(S::MalformedMember("kid"))),
            (ed(r#","issuer":"https://a.example""#), None),
            (ed(r#","issuer":null"#), None),
            (ed(r#","issuer":["https://a.example"]"#), Some(S::MalformedMember("issuer"))),
            (ed(r#","issuer":7"#), Some(S::MalformedMember("issuer"))),
            (ed(r#","issuer":"a","iss\u0075er":"a""#), Some(S::Malformed)),
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
            (ed(r#","key_ops":[null]"#), Some(S::MalformedMember("key_ops"))),
            (
                format!(r#"{{"kty":"OKP","crv":"Ed25519","x":null,"y":"{ED}"}}"#),
                Some(S::MissingMember("x")),
            ),
            (other(r#"{"kty":null}"#), Some(S::MissingMember("kty"))),
            (other(r#"{"kty":"oct","k":null}"#), Some(S::MissingMember("k"))),
            (ed(r#","alg":7"#), Some(S::MalformedMember("alg"))),
            (ed(r#","x":"AA""#), Some(S::Malformed)),
            (ed(r#","y":1"#), Some(S::MalformedMember("y"))),
            (other("[]"), Some(S::Malformed)),
            (other("{}"), Some(S::MissingMember("kty"))),
            (other(r#"{"kty":"RSA","n":"AQAB"}"#), Some(S::MissingMember("e"))),
            (other(r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#), Some(S::Weak)),
            (other(r#"{"kty":"oct","k":"c2hvcnQ"}"#), Some(S::Weak)),
            (other(r#"{"kty":"oct"}"#), Some(S::MissingMember("k"))),
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
                Some(S::MalformedMember("x")),
            ),
            (format!(r#"{{"kty":"EC","x":"{X}","y":"{Y}"}}"#), Some(S::MissingMember("crv"))),
            (format!(r#"{{"kty":"EC","crv":"P-256","x":"{Y}","y":"{X}"}}"#), Some(S::Rejected)),
            (format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}="}}"#), Some(S::MissingMember("y"))),
            (format!(r#"{{"kty":"OKP","crv":"P-256","x":"{ED}"}}"#), Some(S::UnknownType)),
            (
                format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, &ED[..42]),
                Some(S::MalformedMember("x")),
            ),
        ] {
            assert_eq!(skipped(&json), reason, "{json}");
        }
    }

    #[test]
    fn an_unusable_key_does_not_fail_the_set() {
        let good = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{ED}","kid":"a"}}"#);
        let (set, more) = read_set(
            &format!(r#"{{"x":1,"keys":[{{"kid":7}},null,{good},"key"]}}"#),
            Trust::Configured,
            None,
        )
        .unwrap();
        assert_eq!(set.iter().filter(|key| key.is_ok()).count(), 1);
        assert_eq!((set.len(), more), (4, 0));
        let array = format!("[[{good}]]");
        for other in
            ["", "[]", &array, "{}", r#"{"keys":{}}"#, r#"{"keys":[]"#, r#"{"keys":[],"keys":[]}"#]
        {
            assert!(read_set(other, Trust::Configured, None).is_none(), "{other}");
        }
        let many = vec![good; MAX_KEYS + 1].join(",");
        let (set, more) =
            read_set(&format!(r#"{{"keys":[{many}]}}"#), Trust::Configured, None).unwrap();
        assert_eq!((set.len(), more), (MAX_KEYS, 1));
        assert!(set[MAX_KEYS - 1].is_ok());
    }

    #[test]
    fn secrets_are_read_only_from_the_configuration() {
        let secret =
            r#"{"keys":[{"kty":"oct","k":"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}]}"#;
        assert!(read_set(secret, Trust::Configured, None).unwrap().0[0].is_ok());
        let (fetched, _) = read_set(secret, Trust::Fetched, None).unwrap();
        assert_eq!(fetched[0].as_ref().unwrap_err().1, SkipReason::Secret);
    }
}
