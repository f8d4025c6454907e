//! `access_tokens_only` rejects ID, refresh and logout tokens.

use tower_jwt_auth::error::ProblemKind as Kind;
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Algorithm, ErrorKind, Verifier, VerifierBuilder};

use super::builder::expect_naming;
use super::identity::{expect, of};
use crate::support::tokens::{Verdict, issuer, trusting, verdict};

const TYPE: Verdict = Err(ErrorKind::InvalidType);

#[test]
fn tokens_of_other_kinds_are_rejected() {
    let rows = [
        // Access tokens of RFC 9068, Keycloak, Cognito, Okta, Simple JWT and Flask-JWT-Extended.
        (r#","client_id":"web","scope":"a""#, Ok(())),
        (r#","typ":"Bearer","azp":"web","session_state":"x","nonce":"y""#, Ok(())),
        (r#","typ":"DPoP""#, Ok(())),
        (r#","token_use":"access""#, Ok(())),
        (r#","cid":"web","scp":["a"],"ver":1"#, Ok(())),
        (r#","token_type":"access""#, Ok(())),
        (r#","token_type":"Bearer""#, Ok(())),
        (r#","type":"access""#, Ok(())),
        (r#","typ":"identity","type":"idle","token_type":"refreshed""#, Ok(())),
        (r#","typ":7,"type":["refresh"],"token_use":{"id":1}"#, Ok(())),
        // A null member names nothing.
        (r#","at_hash":null,"c_hash":null,"events":null"#, Ok(())),
        (r#","x":{"at_hash":"y","typ":"ID"}"#, Ok(())),
        (r#","AT_HASH":"x""#, Ok(())),
        // ID tokens.
        (r#","at_hash":"x""#, TYPE),
        (r#","at_ha\u0073h":"x""#, TYPE),
        (r#","at_hash":"""#, TYPE),
        (r#","at_hash":7"#, TYPE),
        (r#","c_hash":"x""#, TYPE),
        (r#","s_hash":"x""#, TYPE),
        (r#","typ":"ID""#, TYPE),
        (r#","typ":"id""#, TYPE),
        (r#","typ":"\u0049D""#, TYPE),
        (r#","token_use":"id""#, TYPE),
        (r#","token_type":"id_token""#, TYPE),
        // Refresh tokens.
        (r#","typ":"Refresh""#, TYPE),
        (r#","typ":"Offline""#, TYPE),
        (r#","token_use":"refresh""#, TYPE),
        (r#","token_type":"refresh""#, TYPE),
        (r#","token_type":"refresh_token""#, TYPE),
        (r#","type":"refresh""#, TYPE),
        // Logout tokens.
        (r#","events":{"http://schemas.openid.net/event/backchannel-logout":{}}"#, TYPE),
        (r#","events":{}"#, TYPE),
        (r#","typ":"Logout""#, TYPE),
        (r#","typ":"logout+jwt""#, TYPE),
        // One sign is enough.
        (r#","typ":"Bearer","at_hash":"x""#, TYPE),
        (r#","token_use":"access","typ":"ID""#, TYPE),
    ];
    expect(VerifierBuilder::access_tokens_only, &rows);
    // Without the setting, all of them are accepted.
    let signer = issuer(Algorithm::HS256);
    let any = trusting(&signer).build().unwrap();
    for (members, _) in rows {
        assert_eq!(verdict(&any, &of(&signer, members)), Ok(()), "{members}");
    }
}

#[test]
fn the_typ_header_names_the_kind() {
    let signer = issuer(Algorithm::ES256);
    let only = trusting(&signer).access_tokens_only().build().unwrap();
    let any = trusting(&signer).build().unwrap();
    for (typ, expected) in [
        ("", Ok(())),
        ("JWT", Ok(())),
        ("at+jwt", Ok(())),
        ("application/at+jwt", Ok(())),
        ("text/logout+jwt", Ok(())),
        ("application/x/logout+jwt", Ok(())),
        ("logout+jwt; v=1", Ok(())),
        ("logout+jwt", TYPE),
        ("Logout+JWT", TYPE),
        ("application/logout+jwt", TYPE),
        ("APPLICATION/Logout+Jwt", TYPE),
        ("secevent+jwt", TYPE),
        ("ID", TYPE),
        ("id+jwt", TYPE),
        ("Refresh", TYPE),
        ("rt+jwt", TYPE),
        ("refresh+jwt", TYPE),
        ("Offline", TYPE),
    ] {
        let token = signer.token().header("typ", typ).mint();
        assert_eq!(verdict(&only, &token), expected, "{typ}");
        assert_eq!(verdict(&any, &token), Ok(()), "{typ}");
    }
    assert_eq!(verdict(&only, &signer.sign(r#"{"alg":"ES256"}"#, r#"{"exp":1767226500}"#)), Ok(()));
}

#[test]
fn the_error_names_the_kind_of_token() {
    let signer = issuer(Algorithm::ES256);
    let only = trusting(&signer).access_tokens_only().build().unwrap();
    for (members, kind) in [
        (r#","at_hash":"secret-1""#, "it looks like an ID token"),
        (r#","typ":"ID""#, "it looks like an ID token"),
        (r#","token_use":"refresh""#, "it looks like a refresh token"),
        (r#","typ":"Offline""#, "it looks like a refresh token"),
        (r#","events":{"secret-1":{}}"#, "it looks like a logout token"),
    ] {
        let error = only.verify_now(&of(&signer, members)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidType);
        assert!(error.detail().unwrap().starts_with(kind), "{error}");
        assert_eq!(error.expected(), Some("an access token"));
        assert!(!error.to_string().contains("secret-1"), "{error}");
    }
    let typed = trusting(&signer).typ("at+jwt").access_tokens_only().build().unwrap();
    let token = |typ: &str| signer.token().header("typ", typ).claim("at_hash", "x").mint();
    for typ in ["at+jwt", "JWT"] {
        let error = typed.verify_now(&token(typ)).unwrap_err();
        assert_eq!(error.expected(), Some("the type `at+jwt`, and an access token"), "{error}");
    }
}

#[test]
fn a_typ_of_another_kind_contradicts_the_setting() {
    let build = |typ: &str, only: bool| {
        let builder = Verifier::shared_secret(issuer(Algorithm::HS256).secret()).any_audience();
        let builder = builder.clock(FixedClock::new()).typ(typ);
        if only { builder.access_tokens_only().build() } else { builder.build() }
    };
    for typ in ["ID", "refresh", "application/logout+jwt"] {
        expect_naming(build(typ, true), &[(Kind::Conflict, typ)]);
        expect_naming(build(typ, false), &[]);
    }
    for typ in ["JWT", "at+jwt", "application/at+jwt"] {
        expect_naming(build(typ, true), &[]);
    }
}
