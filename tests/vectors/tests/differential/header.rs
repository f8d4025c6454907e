//! The grammar of the header: what can stand in the place of each member, and what has to be said of it.

use super::keys::Kind;
use super::shape::Usual::{Always, Never, Sometimes};
use super::shape::{Member, Shape, refuses, refuses_alone, takes, takes_alone};

pub(crate) const HEADER: &[Member] = &[
    Member::new("alg", Always, ALG),
    Member::new("kid", Sometimes, KID),
    Member::new("typ", Sometimes, TYP),
    Member::new("cty", Sometimes, CTY),
    Member::new("named key", Sometimes, NAMED_KEY),
    Member::new("crit", Never, CRIT),
    Member::new("b64", Sometimes, B64),
    Member::new("enc, zip", Sometimes, ENC_ZIP),
    Member::new("other header member", Sometimes, OTHER),
];

const ALG: &[Shape] = &[
    takes(r#""alg":<alg>"#),
    takes(r#""\u0061lg":<alg>"#),
    takes(r#""alg":<alg>,"ALG":"none","alg ":7"#),
    takes(r#""alg":<escaped-alg>"#),
    refuses(""),
    refuses(r#""alg":null"#),
    refuses(r#""alg":"""#),
    refuses(r#""alg":7"#),
    refuses(r#""alg":true"#),
    refuses(r#""alg":[<alg>]"#),
    refuses(r#""alg":{"0":<alg>}"#),
    refuses(r#""ALG":<alg>"#),
    refuses(r#""alg":<sibling>"#),
    refuses(r#""alg":"none""#),
    refuses(r#""alg":"None""#),
    refuses(r#""alg":"ES256K""#),
    refuses(r#""alg":"dir""#),
    refuses(r#""alg":"RSA-OAEP""#),
    refuses(r#""alg":"Ed448""#),
    refuses(r#""alg":"HS256 ""#),
    refuses(r#""alg":" HS256""#),
    refuses(r#""alg":"HS256\u0000""#),
    refuses(r#""alg":"hs256""#),
    refuses(r#""alg":"es256""#),
    refuses(r#""alg":"eddsa""#),
    refuses(r#""alg":"ED25519""#),
    refuses(r#""alg":<alg>,"alg":"none""#),
    refuses_alone("a header member twice", r#""alg":<alg>,"alg":<alg>"#),
    refuses_alone("a header member twice", r#""alg":"none","\u0061lg":<alg>"#),
    takes_alone("the name of RFC 9864", r#""alg":"Ed25519""#).with(Kind::EdDsa),
    takes_alone("the name of RFC 9864", r#""alg":"Ed\u00325519""#).with(Kind::EdDsa),
    takes_alone("the name of RFC 9864", r#""\u0061lg":"Ed25519""#).with(Kind::EdDsa),
];

const KID: &[Shape] = &[
    takes(r#""kid":<kid>"#).with(Kind::Public),
    takes(r#""ki\u0064":<kid>"#).with(Kind::Public),
    takes(r#""kid":<text>"#).with(Kind::Secret),
    takes(r#""kid":"../../etc/passwd""#).with(Kind::Secret),
    refuses(r#""kid":7"#),
    refuses(r#""kid":true"#),
    refuses(r#""kid":["a"]"#),
    refuses(r#""kid":{}"#),
    takes(r#""kid":"""#),
    takes_alone("`kid` is null", r#""kid":null"#),
    refuses_alone("an unknown `kid`", r#""kid":"another""#).with(Kind::Public),
    refuses_alone("an unknown `kid`", r#""kid":"../demo-ES256""#).with(Kind::Public),
    refuses_alone("an unknown `kid`", r#""kid":"' OR 1=1 --""#).with(Kind::Public),
    refuses_alone("an unknown `kid`", r#""kid":<other-id>"#).with(Kind::Public),
];

const TYP: &[Shape] = &[
    takes(r#""typ":"JWT""#),
    takes(r#""typ":"JWT""#),
    takes(r#""typ":"jwt""#),
    takes(r#""typ":"at+jwt""#),
    takes(r#""typ":"application/jwt""#),
    takes(r#""typ":"JWE""#),
    takes(r#""typ":<text>"#),
    refuses_alone("`typ` is no string", r#""typ":null"#),
    refuses_alone("`typ` is no string", r#""typ":7"#),
    refuses_alone("`typ` is no string", r#""typ":["JWT"]"#),
    refuses_alone("`typ` is no string", r#""typ":{}"#),
    refuses_alone("a header member twice", r#""typ":"JWT","typ":"JWT""#),
];

const CTY: &[Shape] = &[
    takes(r#""cty":"json""#),
    takes(r#""cty":"JWT""#),
    takes(r#""cty":null"#),
    takes_alone("a header member of another type", r#""cty":7"#),
    takes_alone("a header member of another type", r#""cty":["json"]"#),
];

/// Members that name keys, of which none is ever looked at.
const NAMED_KEY: &[Shape] = &[
    takes(r#""jku":"https://evil.example/jwks.json""#),
    takes(r#""x5u":"https://evil.example/cert.pem""#),
    takes(r#""x5c":["AA","=="],"x5t":"AA","x5t#S256":"AA""#),
    takes(r#""jwk":<jwk>"#),
    takes(r#""jku":null,"x5u":null,"jwk":null"#),
    takes_alone("a header member of another type", r#""jku":["https://evil.example/jwks.json"]"#),
    takes_alone("a header member of another type", r#""jwk":"key""#),
    takes_alone("a header member of another type", r#""jwk":{}"#),
    takes_alone("a header member of another type", r#""x5u":7"#),
    takes_alone("a header member of another type", r#""x5c":"AA""#),
    takes_alone("a header member of another type", r#""x5t":{}"#),
    refuses_alone("a header member twice", r#""jku":"a","jku":"b""#),
];

const CRIT: &[Shape] = &[
    refuses(r#""crit":7"#),
    refuses(r#""crit":"exp""#),
    refuses(r#""crit":{}"#),
    refuses(r#""crit":[7]"#),
    refuses_alone("`crit` is there", r#""crit":null"#),
    refuses_alone("`crit` is there", r#""crit":[]"#),
    refuses_alone("`crit` is there", r#""crit":["alg"]"#),
    refuses_alone("`crit` is there", r#""crit":["exp"],"exp":1"#),
    refuses_alone("`crit` is there", r#""crit":["http://example.com/undefined"]"#),
    refuses_alone("`crit` is there", r#""\u0063rit":["b64"],"b64":true"#),
    refuses_alone("`crit` is there", r#""crit":["b64"]"#),
];

const B64: &[Shape] = &[
    takes(r#""b64":true"#),
    refuses_alone("`b64` is not true", r#""b64":false"#),
    refuses_alone("`b64` is not true", r#""b64":null"#),
    refuses_alone("`b64` is not true", r#""b64":"true""#),
    refuses_alone("`b64` is not true", r#""b64":0"#),
    refuses_alone("`b64` is not true", r#""b64":{}"#),
];

const ENC_ZIP: &[Shape] = &[
    takes(r#""zip":"DEF""#),
    takes(r#""zip":"GZIP","p2c":2147483647"#),
    takes_alone("a header member of another type", r#""zip":7"#),
    refuses_alone("`enc` is there", r#""enc":"A256GCM""#),
    refuses_alone("`enc` is there", r#""enc":"none","zip":"DEF""#),
    refuses_alone("`enc` is there", r#""enc":null"#),
    refuses_alone("`enc` is there", r#""enc":7"#),
];

const OTHER: &[Shape] = &[
    takes(r#""x":<any>"#),
    takes(r#""":<any>,"é😀":<text>,"__proto__":{"alg":"none"}"#),
    takes(r#""exp":1,"iss":"https://evil.example","aud":7"#),
    takes(r#""x":{"a":1,"a":2}"#),
    takes(r#""x":"<letters 600>""#),
    takes(r#""x":<deep 63>"#),
    takes_alone("a header member of another type", r#""url":7"#),
    takes_alone("a header member of another type", r#""nonce":{}"#),
    takes_alone("a header's number beyond a double", r#""x":1e400"#),
    takes_alone("a header's number beyond a double", r#""x":[<digits 400>]"#),
    refuses(r#""x":01"#),
    refuses(r#""x":"#),
    refuses("'x':1"),
    refuses(r#""x":"\x41""#),
    refuses("\"x\":\"\u{1}\""),
    refuses("\"x\":1// one"),
    refuses(r#""x":<deep 3000>"#),
    refuses_alone("NaN or an infinity", r#""x":NaN"#),
    refuses_alone("NaN or an infinity", r#""x":-Infinity"#),
    refuses_alone("a lone surrogate", r#""x":"\udc00""#),
    refuses_alone("deeper than 64 levels", r#""x":<deep 64>"#),
    refuses_alone("deeper than 64 levels", r#""x":<deep 126>"#),
    refuses_alone("a name of the parser's own", r#""x":{"$serde_json::private::RawValue":"7"}"#),
    refuses_alone("a header member twice", r#""x":1,"x":1"#),
    refuses_alone("more than 16 header members", "<many 17>"),
    refuses_alone("more than 16 header members", "<many 300>"),
];
