//! A small made-up house: every room of the plan, each file with one type and the arrows it may
//! have. It is written by hand beside the tables, so that a row lost there shows here.

use std::io;
use std::path::Path;

use super::write;

/// Rooms with their files; a room without files is a file itself.
pub const ROOMS: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("build_error", &[]),
    ("answer", &[]),
    ("clock", &[]),
    ("claims", &["registered", "standard", "audience"]),
    ("jws", &["algorithm", "from_jsonwebtoken", "header", "compact"]),
    ("token", &["source", "cookie"]),
    ("respond", &["rejection", "body"]),
    ("rule", &[]),
    ("observe", &[]),
    ("policy", &["policy", "from_jsonwebtoken", "time"]),
    ("key", &["backend", "from_jsonwebtoken", "jwk", "set", "verification_key"]),
    (
        "verify",
        &[
            "anonymous",
            "builder",
            "cache",
            "identity",
            "issuers",
            "revocation",
            "signature",
            "verified",
            "verifier",
        ],
    ),
    ("jwks", &["background", "client", "discovery", "fetch", "remote", "schedule"]),
    ("authorize", &["future", "layer", "service"]),
    ("preset", &["issuer_url", "pem"]),
    ("possession", &["confirm", "dpop"]),
    ("integration", &["axum", "openapi"]),
    ("authenticate", &["config", "future", "layer", "service"]),
    ("testing", &["clock", "issuer", "mint"]),
];

/// What some files hold beside their own type.
const TEXTS: &[(&str, &str)] = &[
    ("src/verify/verifier.rs", "use super::{Cache, Verified};\nuse crate::key::VerificationKey;\n"),
    (
        "src/verify/builder.rs",
        "use super::verifier::Verifier;\nuse crate::build_error::BuildError;\n",
    ),
    ("src/key/verification_key.rs", "use super::backend;\nuse crate::jws::Compact;\n"),
    ("src/key/backend.rs", "#[cfg(feature = \"aws-lc-rs\")]\npub mod aws;\n"),
    ("src/testing/mint.rs", "#[cfg(feature = \"aws-lc-rs\")]\nmod aws;\n"),
    ("src/authenticate/layer.rs", "use super::service::Service;\nuse crate::verify as checks;\n"),
    ("src/authenticate/service.rs", "use super::config::Config;\nuse http::Request;\n"),
    ("src/claims/standard.rs", "use crate::error::Error;\n#[cfg(test)]\nmod tests;\n"),
];

/// Files that no room lists.
const BESIDE: &[(&str, &str)] = &[
    ("src/key/backend/aws.rs", "//! A backend.\nuse aws_lc_rs::hmac;\npub struct Aws;\n"),
    ("src/testing/mint/aws.rs", "//! Signing.\nuse aws_lc_rs::rand;\npub struct Key;\n"),
    ("src/claims/standard/tests.rs", "use crate::verify::Verified;\nuse super::super::*;\n"),
];

/// Writes the house.
pub fn build(dir: &Path) -> io::Result<()> {
    let mut roof = String::from("//! The roof.\n");
    for (room, files) in ROOMS {
        let (first, alias) = (main_type(room, files), type_name(room));
        for line in
            [format!("pub mod {room};"), format!("pub use {room}::{first} as {alias}Thing;")]
        {
            roof.push_str(&line);
            roof.push('\n');
        }
        if files.is_empty() {
            file(dir, &format!("src/{room}.rs"), room)?;
        } else {
            let list =
                |file: &&str| format!("pub mod {file};\npub use {file}::{};\n", type_name(file));
            let contents: String = files.iter().map(list).collect();
            write(&dir.join(format!("src/{room}/mod.rs")), &format!("//! A room.\n{contents}"))?;
            for name in *files {
                file(dir, &format!("src/{room}/{name}.rs"), name)?;
            }
        }
    }
    for (path, text) in BESIDE {
        write(&dir.join(path), text)?;
    }
    write(&dir.join("Cargo.toml"), MANIFEST)?;
    write(&dir.join("src/lib.rs"), &roof)
}

const MANIFEST: &str = r#"
[dependencies]
http = "1"
hyper-types = { package = "http", version = "1" }

[dependencies.old-hmac]
version = "0.12"
package = "hmac"
"#;

fn file(dir: &Path, path: &str, name: &str) -> io::Result<()> {
    let more = TEXTS.iter().find(|(file, _)| *file == path).map_or("", |(_, text)| text);
    let name = type_name(name);
    write(&dir.join(path), &format!("//! A file.\n{more}/// A type.\npub struct {name};\n"))
}

fn main_type(room: &str, files: &[&str]) -> String {
    type_name(files.first().unwrap_or(&room))
}

/// `verification_key` as `VerificationKey`.
pub fn type_name(file: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    file.split('_').map(capital).collect()
}
