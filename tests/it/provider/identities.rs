//! The identity of every kind of Better Auth token, for each preset and each setting on identity.
#![cfg(feature = "better-auth")]

use tower_jwt_auth::error::ProblemKind;
use tower_jwt_auth::provider::better_auth::{BetterAuth, SessionUser, User};
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{BuildError, Error};

use super::tokens::{BASE, ORIGIN, SECRET, keys, kinds};

type Verify = Box<dyn Fn(&str) -> Result<String, Error>>;
type Build = fn() -> Result<Verify, BuildError>;

fn user(preset: BetterAuth) -> Result<Verify, BuildError> {
    let verifier = preset.clock(FixedClock::new()).build()?;
    Ok(Box::new(move |token| verifier.verify_now(token).map(|user: _| User::id(&user).to_owned())))
}

fn session(preset: BetterAuth<SessionUser>) -> Result<Verify, BuildError> {
    let verifier = preset.clock(FixedClock::new()).build()?;
    Ok(Box::new(move |token| verifier.verify_now(token).map(|user| user.id().to_owned())))
}

fn url() -> BetterAuth {
    BetterAuth::url(ORIGIN).keys(keys())
}

fn access() -> BetterAuth {
    url().oauth_access_token("https://api.example.com")
}

fn bridge() -> BetterAuth {
    BetterAuth::bridge_token(SECRET)
}

fn bridge_by(claim: &str) -> BetterAuth {
    bridge().user_id_claim(claim)
}

fn cookie() -> BetterAuth<SessionUser> {
    BetterAuth::session_cookie(SECRET)
}

fn cookie_of() -> BetterAuth<SessionUser> {
    BetterAuth::session_cookie_url(ORIGIN).keys(keys())
}

const OTHER: &str = "another secret of the tests, of 32 bytes";
/// The expectation for a preset that does not build.
const UNSAFE: &str = "does not build";

/// For each setting, the subject of each kind of token: `u` is the user `u1`, `m` their e-mail address, `c` the client
/// `c1`, and `-` a rejected token. The columns are those of `kinds`:
///
/// - plugin, plugin with `typ`, plugin whose `sub` is the e-mail
/// - access, access of a client, ID, ID of `oidcProvider`, logout
/// - cookie by key pair, cookie by secret
/// - e-mail link, that of 1.7.25, e-mail change link
/// - bridge with `sub`, with `id`, with `userId`, with `userId` and `aud`, with `userId` and `iss`
/// - session token, session cookie, encrypted cookie
const TABLE: [(&str, Build, &str); 45] = [
    ("url", || user(url()), "uum ----- -- --- ----- ---"),
    ("url, id", || user(url().user_id_claim("id")), "uuu ----- -- --- ----- ---"),
    ("url, email", || user(url().user_id_claim("email")), "mmm ----- -- --- ----- ---"),
    ("url, userId", || user(url().user_id_claim("userId")), "--- ----- -- --- ----- ---"),
    ("url, updateTo", || user(url().user_id_claim("updateTo")), "--- ----- -- --- ----- ---"),
    ("url, require email", || user(url().require_email()), "uum ----- -- --- ----- ---"),
    ("url, verified", || user(url().require_verified_email()), "--- ----- -- --- ----- ---"),
    ("url, issuer", || user(url().issuer(BASE)), "--- ----- -- --- ----- ---"),
    ("url, issuers", || user(url().issuer(BASE).issuer(ORIGIN)), "uum ----- -- --- ----- ---"),
    ("url, audience", || user(url().audience("api")), "--- ----- -- --- ----- ---"),
    // This ID token differs from a token of the plugin only in the audience.
    ("url, a client's id", || user(url().audience("client")), "--- ---u- -- --- ----- ---"),
    ("access", || user(access()), "--- uc--- -- --- ----- ---"),
    ("access, id", || user(access().user_id_claim("id")), "--- ----- -- --- ----- ---"),
    ("access, email", || user(access().user_id_claim("email")), "--- ----- -- --- ----- ---"),
    ("access, azp", || user(access().user_id_claim("azp")), "--- cc--- -- --- ----- ---"),
    ("access, require email", || user(access().require_email()), "--- ----- -- --- ----- ---"),
    ("access, issuer", || user(access().issuer(ORIGIN)), "--- ----- -- --- ----- ---"),
    ("bridge", || user(bridge()), "--- ----- -- --- u---- ---"),
    ("bridge, sub", || user(bridge_by("sub")), "--- ----- -- --- u---- ---"),
    ("bridge, id", || user(bridge_by("id")), "--- ----- -- --- -u--- ---"),
    ("bridge, userId", || user(bridge_by("userId")), UNSAFE),
    ("bridge, email", || user(bridge_by("email")), UNSAFE),
    ("bridge, updateTo", || user(bridge_by("updateTo")), UNSAFE),
    ("bridge, requestType", || user(bridge_by("requestType")), UNSAFE),
    ("bridge, version", || user(bridge_by("version")), UNSAFE),
    ("bridge, session", || user(bridge_by("session")), UNSAFE),
    ("bridge, userId, verified", || user(bridge_by("userId").require_verified_email()), UNSAFE),
    (
        "bridge, userId, aud",
        || user(bridge_by("userId").audience("api")),
        "--- ----- -- --- ---u- ---",
    ),
    (
        "bridge, userId, iss",
        || user(bridge_by("userId").issuer("app")),
        "--- ----- -- --- ----u ---",
    ),
    (
        "bridge, email, aud",
        || user(bridge_by("email").audience("api")),
        "--- ----- -- --- ---m- ---",
    ),
    ("bridge, email, iss", || user(bridge_by("email").issuer("app")), "--- ----- -- --- ----m ---"),
    (
        "bridge, version, aud",
        || user(bridge_by("version").audience("api")),
        "--- ----- -- --- ----- ---",
    ),
    ("bridge, audience", || user(bridge().audience("api")), "--- ----- -- --- ----- ---"),
    ("bridge, empty audience", || user(bridge_by("userId").audience("")), UNSAFE),
    ("bridge, empty issuer", || user(bridge_by("userId").issuer("")), UNSAFE),
    ("bridge, require email", || user(bridge().require_email()), "--- ----- -- --- u---- ---"),
    ("bridge, verified", || user(bridge().require_verified_email()), "--- ----- -- --- ----- ---"),
    (
        "bridge, previous",
        || user(BetterAuth::bridge_token(OTHER).previous_secret(SECRET)),
        "--- ----- -- --- u---- ---",
    ),
    (
        "bridge, previous, userId",
        || user(BetterAuth::bridge_token(OTHER).user_id_claim("userId").previous_secret(SECRET)),
        UNSAFE,
    ),
    ("cookie", || session(cookie()), "--- ----- -u --- ----- ---"),
    ("cookie, version", || session(cookie().session_version("2")), "--- ----- -- --- ----- ---"),
    ("cookie, userId", || session(cookie().user_id_claim("userId")), UNSAFE),
    ("cookie, issuer", || session(cookie().issuer("app")), UNSAFE),
    ("cookie of", || session(cookie_of()), "--- ----- u- --- ----- ---"),
    ("cookie of, email", || session(cookie_of().user_id_claim("email")), UNSAFE),
];

#[test]
fn each_preset_identifies_only_its_own_tokens() {
    let kinds = kinds();
    let mut wrong = Vec::new();
    for (name, build, expected) in TABLE {
        let got = match build() {
            Ok(verify) => verdicts(&verify, &kinds),
            Err(_) => UNSAFE.to_owned(),
        };
        let expected = expected.replace(' ', "");
        if got.replace(' ', "") != expected {
            wrong.push(format!("{name}: {got}, expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn verdicts(verify: &Verify, kinds: &[(&str, String)]) -> String {
    let letter = |(kind, token): &(&str, String)| match verify(token).as_deref() {
        Ok("u1") => 'u',
        Ok("ada@example.com") => 'm',
        Ok("c1") => 'c',
        Ok(other) => panic!("{kind} identifies {other}"),
        Err(_) => '-',
    };
    kinds.iter().map(letter).collect()
}

#[test]
fn user_id_claims_of_email_links_need_audience_or_issuer() {
    for claim in ["userId", "email", "updateTo", "requestType", "version", "iat"] {
        let error = bridge_by(claim).build().unwrap_err();
        assert_eq!(error.problems()[0].kind(), ProblemKind::ProfileConflict);
        let error = error.to_string();
        assert!(error.contains(&format!("`user_id_claim(\"{claim}\")`")), "{error}");
        assert!(error.contains("`audience`") && error.contains("`issuer`"), "{error}");
        assert!(bridge_by(claim).audience("api").build().is_ok(), "{claim}");
        assert!(bridge_by(claim).issuer("app").build().is_ok(), "{claim}");
    }
    for claim in ["sub", "id", "user_id", "userid", "Email"] {
        assert!(bridge_by(claim).build().is_ok(), "{claim}");
    }
}

#[test]
fn builder_settings_do_not_make_link_claims_safe() {
    // The builder of a preset accepts neither an audience nor an issuer.
    let preset = bridge_by("userId").audience("api").into_builder();
    assert!(preset.any_audience().build().is_err());
    let preset = bridge_by("userId").issuer("app").into_builder();
    assert!(preset.any_issuer().build().is_err());
}
