//! What is expected, written by hand and in words of its own: who may use whom, not floors and
//! walls.

const GROUND: &[&str] = &["claims", "error", "build_error", "answer", "clock"];
const PURE: &[&str] = &["jws", "rule", "observe"];
const WINGS: &[&str] = &["token", "respond"];
const KEYS: &[&str] = &["policy", "key"];

/// Who may use whom; anything else is forbidden.
pub const MAY_USE: &[(&str, &[&[&str]])] = &[
    ("error", &[]),
    ("build_error", &[]),
    ("answer", &[&["error"]]),
    ("clock", &[&["error"]]),
    ("claims", &[&["error"]]),
    ("jws", &[GROUND]),
    ("token", &[GROUND]),
    ("respond", &[GROUND]),
    ("rule", &[GROUND]),
    ("observe", &[GROUND]),
    ("policy", &[GROUND, PURE]),
    ("key", &[GROUND, PURE]),
    ("verify", &[GROUND, PURE, KEYS]),
    ("jwks", &[GROUND, PURE, WINGS, KEYS]),
    ("authorize", &[GROUND, PURE, WINGS, KEYS, &["verify", "jwks"]]),
    ("preset", &[GROUND, PURE, WINGS, KEYS, &["verify", "jwks"]]),
    ("possession", &[GROUND, PURE, WINGS, KEYS, &["verify", "jwks"]]),
    ("authenticate", &[GROUND, PURE, WINGS, KEYS, &["verify", "jwks", "preset", "possession"]]),
    (
        "integration",
        &[GROUND, PURE, WINGS, KEYS, &["verify", "jwks", "preset", "possession", "authorize"]],
    ),
    (
        "testing",
        &[GROUND, PURE, WINGS, KEYS, &["verify", "jwks", "preset", "possession", "authorize"]],
    ),
];

/// The rooms that never see HTTP.
pub const WITHOUT_HTTP: &[&str] = &["claims", "jws", "key", "policy", "rule", "verify"];

/// The crates of the crypto backends, and who may name them.
pub const CRYPTO: &[&str] = &[
    "aws_lc_rs",
    "aws_lc_sys",
    "ring",
    "rsa",
    "p256",
    "p384",
    "p521",
    "ed25519_dalek",
    "hmac",
    "sha2",
    "signature",
];
pub const CRYPTO_PLACES: &[&str] = &[
    "src/key/backend.rs",
    "src/key/backend/aws.rs",
    "src/testing/mint.rs",
    "src/testing/mint/aws.rs",
];

/// The crate whose types are converted, and the files that convert them.
pub const CONVERTED: &str = "jsonwebtoken";
pub const CONVERSIONS: &[&str] = &[
    "src/jws/from_jsonwebtoken.rs",
    "src/key/from_jsonwebtoken.rs",
    "src/policy/from_jsonwebtoken.rs",
];

/// The crates of events; `observe` alone names them.
pub const EVENTS: &[&str] = &["tracing", "metrics", "log"];

/// Upwards in a room: file, and what it may not use.
pub const UPSTAIRS: &[(&str, &str, &str)] = &[
    ("authenticate", "config", "future"),
    ("authenticate", "config", "service"),
    ("authenticate", "config", "layer"),
    ("authenticate", "future", "service"),
    ("authenticate", "future", "layer"),
    ("authenticate", "service", "layer"),
    ("authorize", "future", "service"),
    ("authorize", "future", "layer"),
    ("authorize", "service", "layer"),
    ("verify", "verifier", "builder"),
    ("verify", "cache", "verifier"),
    ("verify", "issuers", "verifier"),
    ("verify", "revocation", "verifier"),
    ("verify", "signature", "verifier"),
    ("verify", "issuers", "signature"),
    ("verify", "cache", "builder"),
    ("verify", "verified", "cache"),
    ("verify", "verified", "verifier"),
    ("verify", "verified", "builder"),
    ("verify", "identity", "issuers"),
    ("verify", "anonymous", "revocation"),
    ("jwks", "fetch", "discovery"),
    ("jwks", "fetch", "remote"),
    ("jwks", "fetch", "background"),
    ("jwks", "discovery", "remote"),
    ("jwks", "discovery", "background"),
    ("jwks", "remote", "background"),
];

/// Reading the time, spelled in many ways.
pub const READS_TIME: &[(&str, &str)] = &[
    ("SystemTime::now", "use std::time::SystemTime;\nfn planted() { SystemTime::now(); }"),
    ("SystemTime::now", "use std::time::{SystemTime as S};\nfn planted() { S::now(); }"),
    ("SystemTime::now", "fn planted() { std::time::SystemTime::now(); }"),
    ("SystemTime::now", "use std::time as t;\nfn planted() { t::SystemTime::now(); }"),
    ("SystemTime::now", "fn planted() { let f = ::std::time::SystemTime::now; }"),
    ("SystemTime::now", "use std::time::*;\nfn planted() { SystemTime::now(); }"),
    ("SystemTime::now", "type Now = std::time::SystemTime;\nfn planted() { Now::now(); }"),
    ("SystemTime::now", "fn planted() { <std::time::SystemTime>::now(); }"),
    ("SystemTime::now", "fn planted() { use std::time::SystemTime as S; S::now(); }"),
    ("SystemTime::now", "fn planted() { vec![std::time::SystemTime::now()]; }"),
    ("Instant::now", "fn planted() { std::time::Instant::now(); }"),
    ("Instant::now", "use tokio::time::{Instant as I};\nfn planted() { I::now(); }"),
    ("Instant::now", "fn planted() { tokio::time::Instant::now(); }"),
    ("Instant::now", "fn planted() { None.unwrap_or_else(std::time::Instant::now); }"),
    ("SystemTime::elapsed", "fn planted() { std::time::SystemTime::elapsed(&x); }"),
    (".elapsed()", "fn planted() { std::time::UNIX_EPOCH.elapsed(); }"),
    (".elapsed()", "fn planted() { self.since.elapsed().as_secs(); }"),
    (".elapsed()", "fn planted() { assert!(since.elapsed() > x); }"),
];

/// Neighbours of those that read no time.
pub const NAMES_TIME: &[&str] = &[
    "use std::time::{Duration, SystemTime};\nfn planted(_: SystemTime) {}",
    "fn planted(_: std::time::Instant) { since.duration_since(std::time::UNIX_EPOCH); }",
    "fn planted() { let x = timer.elapsed; clock.now(); }",
    "/// `SystemTime::now()`, [`std::time::Instant::now`]\nfn planted() { f(\"SystemTime::now\"); }",
    "#[cfg(test)]\nmod planted { fn f() { std::time::SystemTime::now().elapsed(); } }",
];

/// A feature inside logic, and what it stands on.
pub const FEATURE_INSIDE: &[(&str, &str)] = &[
    ("a statement", "fn planted() { #[cfg(feature = \"x\")] let a = 1; }"),
    ("a statement", "fn planted() { #[cfg(not(feature = \"x\"))] f(); }"),
    ("a statement", "fn planted() { #[cfg(feature = \"x\")] { f(); } }"),
    ("a statement", "fn planted() { #[cfg(feature = \"x\")] use std::fmt; }"),
    ("a statement", "fn planted() { #[cfg_attr(feature = \"x\", allow(unused))] let a = 1; }"),
    ("an expression", "fn planted() { f(#[cfg(feature = \"x\")] 1); }"),
    ("a trait's item", "trait Planted { #[cfg(feature = \"x\")] fn f(); }"),
    ("a trait's item", "trait Planted { #[cfg(any(unix, feature = \"x\"))] type T; }"),
    ("a field", "struct Planted { #[cfg(feature = \"x\")] f: u8 }"),
    ("a field", "fn planted() { S { #[cfg(feature = \"x\")] f: 1 } }"),
    ("a variant", "enum Planted { #[cfg(feature = \"x\")] A, B }"),
    ("a match arm", "fn planted() { match x { #[cfg(feature = \"x\")] 1 => {} _ => {} } }"),
    ("a parameter", "fn planted(#[cfg(feature = \"x\")] a: u8) {}"),
    ("a condition", "fn planted() { if cfg!(feature = \"x\") {} }"),
    ("a condition", "const PLANTED: bool = cfg!(not(feature = \"x\"));"),
    ("a condition", "fn planted() { assert!(cfg!(feature = \"x\")); }"),
    ("a part of a macro call", "fn planted() { f! { #[cfg(feature = \"x\")] a } }"),
];

/// A feature around whole items, and conditions that ask for none.
pub const FEATURE_AROUND: &[&str] = &[
    "#[cfg(feature = \"x\")]\nfn planted() {}",
    "#[cfg(feature = \"x\")]\nimpl Planted { fn f() {} }",
    "impl Planted { #[cfg(feature = \"x\")] fn f() {} }",
    "#[cfg(feature = \"x\")]\nuse std::fmt;",
    "#[cfg(feature = \"x\")]\nstruct Planted { f: u8 }",
    "make! { #[cfg(feature = \"x\")] struct Planted { f: u8 } }",
    "fn planted() { #[cfg(unix)] f(); }",
    "fn planted() { #[cfg(debug_assertions)] let a = \"cfg(feature = x)\"; }",
    "trait Planted { #[cfg_attr(docsrs, doc(cfg(feature = \"x\")))] fn f(); }",
    "#[cfg(test)]\nfn planted() { #[cfg(feature = \"x\")] f(); }",
    "fn planted() { #[cfg(all(test, feature = \"x\"))] f(); }",
];
