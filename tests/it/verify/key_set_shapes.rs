//! The key sets of well-known issuers: their real structure, with the demo keys.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tower_jwt_auth::key::{KeySet, SkipReason};
use tower_jwt_auth::testing::{FixedClock, TestIssuer, TestToken};
use tower_jwt_auth::{Algorithm, ErrorKind, Issuer, Policy, Verifier};

use crate::support::tokens::{issuer, verdict};

/// What the crate makes of one document.
struct Row {
    document: &'static str,
    key_use: Option<&'static str>,
    /// The id, the demo key and the algorithm of each key that is used.
    used: &'static [(&'static str, &'static str, Algorithm)],
    skipped: &'static [SkipReason],
}

const fn row(
    document: &'static str,
    used: &'static [(&'static str, &'static str, Algorithm)],
    skipped: &'static [SkipReason],
) -> Row {
    Row { document, key_use: None, used, skipped }
}

use Algorithm::{ES256, ES384, EdDSA, RS256};
use SkipReason::NotForSignatures;

const ROWS: [Row; 16] = [
    row("apple", &[("Sf2lFqwkpX", "rsa-a", RS256), ("FftONTxoEg", "rsa-b", RS256)], &[]),
    row(
        "auth0",
        &[
            ("NjVBRjY5MDlCMUIwNzU4RTA2QzZFMDQ4QzQ2MDAyQjVDNjk1RTM2Qg", "rsa-a", RS256),
            ("RGzbVbVv3a2BnbOI0bIS2", "rsa-b", RS256),
        ],
        &[],
    ),
    row(
        "cloudflare_access",
        &[("2fbd8a1f0b9d4c7e8a6f5e4d3c2b1a09f8e7d6c5b4a3928170", "rsa-a", RS256)],
        &[],
    ),
    row(
        "cognito",
        &[
            ("abcdefgHIJKLmnopQRSTuvwxyz0123456789ABCDEFG=", "rsa-a", RS256),
            ("ZYXwvut/SRQPonm+LKJIhgfedcba9876543210zyxwv=", "rsa-b", RS256),
        ],
        &[],
    ),
    row(
        "entra",
        &[
            ("PcX98GX420T1X6sBDkzhQmqgwMU", "rsa-a", RS256),
            ("JYhAcTPMZ_LX6DBlOWQ7Hn0NeXE", "rsa-b", RS256),
        ],
        &[],
    ),
    row(
        "github_actions",
        &[
            ("cc413527-173f-5a05-976e-9c52b1d7b431", "rsa-a", RS256),
            ("38826b17-6a30-5f9b-b169-8beb8202f723", "rsa-b", RS256),
        ],
        &[],
    ),
    row(
        "gitlab",
        &[
            ("kewiQq9jiC84CvSsJYOB-N6A8WFLSV20Mb-y7IlWDSQ", "rsa-a", RS256),
            ("4i3sFE7sxqNPOT7FdvcGA1ZVGGI_r-tsDXnEuYT4ZqE", "rsa-b", RS256),
        ],
        &[],
    ),
    row(
        "google",
        &[
            ("0a3c5b1e9d7f4826b1c0d4e5f6a7980123456789", "rsa-a", RS256),
            ("f5f4c0ae6e6090a65ab0a694d6ba6f19d5d0b4e6", "rsa-b", RS256),
        ],
        &[],
    ),
    row(
        "keycloak",
        &[
            ("iJpAoXfZ1cQ2hZkN0gTz1vQJ8lZrVbqkz2rmcXkqk3s", "rsa-a", RS256),
            ("Xg0lC8n3z8GJ2mZb5cYyq1nD4wVtUoPqRsE7fA9hKjM", "p256-a", ES256),
            ("d3Wc5mU8q0vTn1b6Jx4kYzLr7oPsHfEgRaQi2Nt9VuM", "ed25519-a", EdDSA),
        ],
        &[NotForSignatures],
    ),
    row("kubernetes", &[("Gm3ZzYdT0p5qJ2oQy8v4r1sXkLwNcBhVfUeIaRtMxWo", "rsa-a", RS256)], &[]),
    row("null_members", &[("1", "rsa-a", RS256), ("", "p384-a", ES384)], &[]),
    row("okta", &[("U5R8cHbGw445Qbq8zVO1PcCpXL8yG6IcovVa3laCoxM", "rsa-a", RS256)], &[]),
    row("onelogin", &[("JRcO4nxs5jgc8YdN7I2hLO4V_ql1bdoiMXmcYgHm4Hs", "rsa-a", RS256)], &[]),
    Row {
        document: "spiffe",
        key_use: Some("jwt-svid"),
        used: &[
            ("RQYVeRpHQdgZ5oMl5fKu6DWo4rrTyzgx", "p256-a", ES256),
            ("wHXBT1hVP3s2aDxHtqKVAkmNkF5RnQrw", "rsa-a", RS256),
        ],
        skipped: &[NotForSignatures; 3],
    },
    row("supabase", &[("b1a2c3d4-0f1e-4d2c-9b3a-5e6f7a8b9c0d", "p256-a", ES256)], &[]),
    row(
        "vault",
        &[
            ("6c8c5a2e-7a1e-2d0b-43b6-0c3a9f1c7e55", "rsa-a", RS256),
            ("c3f0a1d2-5b1e-8c1d-0e6f-2a9b7d4c3e11", "p256-a", ES256),
            ("1d2b7d4c-0e6f-2a9b-8c1d-c3f0a1d25b1e", "ed25519-a", EdDSA),
        ],
        &[],
    ),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/data/key_sets")
}

/// The issuer with this demo key.
fn demo(name: &str, algorithm: Algorithm) -> TestIssuer {
    let issuer = issuer(algorithm);
    if name.ends_with("-b") { issuer.with_other_key() } else { issuer }
}

/// The demo keys, and an algorithm of each.
fn keys() -> BTreeMap<&'static str, TestIssuer> {
    let names = ["rsa-a", "rsa-b", "p256-a", "p256-b", "p384-a", "ed25519-a"];
    let algorithms = [RS256, RS256, ES256, ES256, ES384, EdDSA];
    names.into_iter().zip(algorithms).map(|(name, of)| (name, demo(name, of))).collect()
}

/// The document with the members of the demo keys.
fn read(path: &Path) -> String {
    let mut text = fs::read_to_string(path).unwrap();
    for (name, issuer) in keys() {
        let jwk: Value = serde_json::from_str(&issuer.jwk()).unwrap();
        let certificate = issuer.certificate_pem().lines().filter(|line| !line.starts_with('-'));
        text = text
            .replace(&format!("\"${name}.x5c"), &format!("\"{}", certificate.collect::<String>()));
        text = text.replace(&format!("\\n${name}.x5c"), "\\nMII");
        for member in ["n", "e", "x", "y"] {
            let value = jwk[member].as_str().unwrap_or_default();
            text = text.replace(&format!("\"${name}.{member}\""), &format!("\"{value}\""));
        }
    }
    assert!(!text.contains('$'), "{text}");
    text
}

/// The documents of the folder.
fn documents() -> BTreeMap<String, String> {
    let paths = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let documents = paths.filter(|path| path.extension().is_some_and(|it| it == "json"));
    documents
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), read(&path)))
        .collect()
}

fn over(set: KeySet) -> Verifier {
    let issuer = Issuer::unnamed(set, Policy::new().any_audience());
    Verifier::builder().trust(issuer).clock(FixedClock::new()).build().unwrap()
}

/// A token with the issuer of Entra's keys, which verify no other. The other keys verify tokens with any issuer.
fn token(signer: &TestIssuer) -> TestToken<'_> {
    let tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47";
    let name = format!("https://login.microsoftonline.com/{tenant}/v2.0");
    signer.token().claim("iss", name).claim("tid", tenant)
}

#[test]
fn every_key_set_of_the_folder_verifies_tokens() {
    let documents = documents();
    let listed: Vec<_> = ROWS.iter().map(|row| row.document).collect();
    assert_eq!(documents.keys().map(String::as_str).collect::<Vec<_>>(), listed);
    println!("| document | used | skipped |\n|---|---|---|");
    for row in &ROWS {
        let document = &documents[row.document];
        let sets = match row.key_use {
            Some(key_use) => vec![KeySet::jwks_for_use(document, key_use)],
            None => vec![KeySet::jwks(document), KeySet::fetched_jwks(document)],
        };
        for set in sets {
            let set = set.unwrap_or_else(|error| panic!("{}: {error}", row.document));
            assert_eq!(set.skipped(), row.skipped, "{}", row.document);
            assert_eq!(set.len(), row.used.len(), "{}", row.document);
            let verifier = over(set);
            for (id, key, algorithm) in row.used {
                let signer = match *id {
                    "" => demo(key, *algorithm).without_key_id(),
                    id => demo(key, *algorithm).key_id(id),
                };
                let accepted = verdict(&verifier, &token(&signer).mint());
                assert_eq!(accepted, Ok(()), "{} {id}", row.document);
                assert!(verdict(&verifier, &token(&signer).mint_tampered()).is_err());
                let unknown = token(&signer).header("kid", "unknown").mint();
                let expected = if id.is_empty() { Ok(()) } else { Err(ErrorKind::UnknownKey) };
                assert_eq!(verdict(&verifier, &unknown), expected, "{} {id}", row.document);
            }
        }
        let used = row.used.iter().map(|(id, _, algorithm)| format!("{algorithm} `{id}`"));
        let skipped = row.skipped.iter().map(ToString::to_string);
        let [used, skipped] = [used.collect::<Vec<_>>(), skipped.collect()].map(|it| it.join(", "));
        println!("| {} | {used} | {skipped} |", row.document);
    }
}

#[test]
fn a_spiffe_bundle_needs_the_use_of_its_keys() {
    let bundle = &documents()["spiffe"];
    // By default, only the key without a `use` is read.
    assert_eq!(KeySet::jwks(bundle).unwrap().len(), 1);
    assert_eq!(KeySet::jwks_for_use(bundle, "jwt-svid").unwrap().len(), 2);
    for key_use in ["sig", "JWT-SVID", "other"] {
        assert!(KeySet::jwks_for_use(bundle, key_use).is_err(), "{key_use}");
    }
}
