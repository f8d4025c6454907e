//! Rules over members of the verified header.

use tower_jwt_auth::{Algorithm, ErrorKind};

use crate::support::tokens::{NOW, Verdict, issuer, trusting, verdict};

const OK: Verdict = Ok(());
const FAILED: Verdict = Err(ErrorKind::CheckFailed);

#[test]
fn checks_compare_members_of_every_type() {
    let signer = issuer(Algorithm::ES256);
    let payload = format!("{{\"exp\":{}}}", NOW + 900);
    let header = |members: &str| format!("{{\"alg\":\"ES256\"{members}}}");
    let text = trusting(&signer).check_token("our signer", |token| {
        token.header().member::<String>("signer").as_deref() == Some("gateway/1")
    });
    let number = trusting(&signer)
        .check_token("version 2", |token| token.header().member::<u8>("version") == Some(2));
    let list = trusting(&signer).check_token("our group", |token| {
        let groups = token.header().member::<Vec<String>>("groups");
        groups.is_some_and(|groups| groups.iter().any(|group| group == "a"))
    });
    let [text, number, list] = [text, number, list].map(|builder| builder.build().unwrap());
    for (verifier, members, expected) in [
        (&text, r#","signer":"gateway/1""#, OK),
        (&text, r#","signer":"gateway\/1""#, OK),
        (&text, r#","s\u0069gner":"gateway/1""#, OK),
        (&text, "", FAILED),
        (&text, r#","signer":"gateway/2""#, FAILED),
        (&text, r#","signer":"gateway/1 ""#, FAILED),
        (&text, r#","signer":null"#, FAILED),
        (&text, r#","signer":["gateway/1"]"#, FAILED),
        (&text, r#","Signer":"gateway/1""#, FAILED),
        (&text, r#","x":{"signer":"gateway/1"}"#, FAILED),
        (&text, r#","signer":"x","signer":"gateway/1""#, Err(ErrorKind::MalformedToken)),
        (&number, r#","version":2"#, OK),
        (&number, r#","version":3"#, FAILED),
        (&number, r#","version":"2""#, FAILED),
        (&number, r#","version":258"#, FAILED),
        (&list, r#","groups":["b","a"]"#, OK),
        (&list, r#","groups":["b"]"#, FAILED),
        (&list, r#","groups":"a""#, FAILED),
    ] {
        let token = signer.sign(header(members), &payload);
        assert_eq!(verdict(verifier, &token), expected, "{members}");
    }
    // A claim of this name is not a member of the header.
    let claim = signer.sign(header(""), format!(r#"{{"exp":{},"signer":"gateway/1"}}"#, NOW + 900));
    assert_eq!(verdict(&text, &claim), FAILED);
}

#[test]
fn handlers_read_members_and_debug_output_does_not() {
    let signer = issuer(Algorithm::ES256).key_id("k-1");
    let token = signer.token().header("client", "hunter2").mint();
    let verified = trusting(&signer).build().unwrap().verify_now(&token).unwrap();
    let header = verified.token().header();
    assert_eq!(header.member::<String>("client").as_deref(), Some("hunter2"));
    assert_eq!(header.member::<String>("kid").as_deref(), header.key_id);
    assert_eq!(header.member::<String>("absent"), None);
    for shown in [format!("{header:?}"), format!("{:?}", verified.token()), format!("{verified:?}")]
    {
        assert!(!shown.contains("hunter2") && !shown.contains("k-1"), "{shown}");
    }
}

#[test]
#[cfg(feature = "cache")]
fn checks_of_the_header_run_for_cached_tokens() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    let signer = issuer(Algorithm::ES256);
    let is_trusted = Arc::new(AtomicBool::new(true));
    let trusted = Arc::clone(&is_trusted);
    let verifier = trusting(&signer)
        .cache(tower_jwt_auth::TokenCache::new(4))
        .check_token("our client", move |token| {
            let is_ours = token.header().member::<String>("client").as_deref() == Some("web");
            is_ours && trusted.load(Ordering::Relaxed)
        })
        .build()
        .unwrap();
    let token = signer.token().header("client", "web").mint();
    assert_eq!(verdict(&verifier, &token), OK);
    assert_eq!(verdict(&verifier, &token), OK);
    is_trusted.store(false, Ordering::Relaxed);
    assert_eq!(verdict(&verifier, &token), FAILED);
}
