//! Challenges, rules and owners with arbitrary input.

use std::collections::HashSet;

use http::Request;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::{select, subsequence};
use proptest::{prop_assert, prop_assert_eq};
use serde_json::{Value, json};
use tower::{Layer, service_fn};
use tower_jwt_auth::claims::{ClaimPath, GrantClaims};
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Algorithm, ErrorKind, JwtAuthLayer, RequireLayer, Rule, Verifier};

use super::cases::{Judged, Seen, for_all};
use crate::support::ask::{Reply, ask, bearer, who};
use crate::support::tokens::{NOW, issuer, trusting};

/// Text that could break out of a quoted string.
fn hostile() -> impl Strategy<Value = String> {
    const PIECES: [&str; 22] = [
        "\"",
        "\\",
        "\\\"",
        "\\\\",
        ", ",
        "=",
        "\r\n",
        "\n",
        "\r",
        "\t",
        "\0",
        "\u{7f}",
        "\u{e9}",
        "\u{2028}",
        " ",
        "a",
        "Bearer",
        "error=\"none\"",
        "realm=",
        "Set-Cookie: x",
        "%0d%0a",
        ";",
    ];
    let pieces = vec(select(&PIECES[..]), 0..12).prop_map(|pieces| pieces.concat());
    let chars = vec(any::<char>(), 0..20).prop_map(String::from_iter);
    prop_oneof![3 => pieces, 1 => chars, 1 => "[a-z:]{1,12}", 1 => Just(String::new())]
}

/// Reads one challenge (RFC 9110 §11.3): a scheme, then parameters with quoted strings, unescaped.
fn parse(value: &[u8]) -> Option<(String, Vec<(String, String)>)> {
    if !value.iter().all(|byte| (b' '..=b'~').contains(byte)) {
        return None;
    }
    let text = std::str::from_utf8(value).ok()?;
    let (scheme, rest) = text.split_once(' ').map_or((text, None), |(it, rest)| (it, Some(rest)));
    let is_token = |text: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        !text.is_empty() && text.bytes().all(allowed)
    };
    let mut parameters = Vec::new();
    let Some(mut rest) = rest else {
        return is_token(scheme).then(|| (scheme.to_owned(), parameters));
    };
    loop {
        let (name, quoted) = rest.split_once("=\"")?;
        let mut chars = quoted.char_indices();
        let mut value = String::new();
        let end = loop {
            match chars.next()? {
                (at, '"') => break at,
                (_, '\\') => value.push(chars.next()?.1),
                (_, char) => value.push(char),
            }
        };
        if !is_token(name) {
            return None;
        }
        parameters.push((name.to_owned(), value));
        rest = match &quoted[end + 1..] {
            "" => return is_token(scheme).then(|| (scheme.to_owned(), parameters)),
            more => more.strip_prefix(", ")?,
        };
    }
}

#[test]
fn the_test_parser_accepts_only_valid_challenges() {
    let one = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    for (value, parameters) in [
        ("Bearer", Some(vec![])),
        (r#"Bearer a="b""#, Some(one("a", "b"))),
        (r#"Bearer a="b, c=\"d\" \\""#, Some(one("a", "b, c=\"d\" \\"))),
        ("Bearer ", None),
        (r#"Bearer a="b"#, None),
        (r#"Bearer a="b\""#, None),
        (r#"Bearer a="b" c="d""#, None),
        (r#"Bearer a="b","#, None),
        (r#"Bearer a b="c""#, None),
        ("Bearer a=b", None),
        ("Bearer a=\"\t\"", None),
    ] {
        let expected = parameters.map(|it| ("Bearer".to_owned(), it));
        assert_eq!(parse(value.as_bytes()), expected, "{value}");
    }
}

/// The part of a text that a quoted string may contain: visible ASCII and spaces.
fn kept(text: &str) -> String {
    text.chars().filter(|char| (' '..='~').contains(char)).collect()
}

/// The part that a list of scopes may contain: the characters of RFC 6749 §3.3, and one space between scopes.
fn kept_scopes<'a>(scopes: impl IntoIterator<Item = &'a String>) -> String {
    let scopes: Vec<&str> = scopes.into_iter().flat_map(|scope| scope.split(' ')).collect();
    let word = |word: &&str| -> String {
        word.chars().filter(|it| (' '..='~').contains(it) && !" \"\\".contains(*it)).collect()
    };
    let words: Vec<_> = scopes.iter().map(word).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// The configurable values of a challenge.
#[derive(Clone, Debug)]
struct Settings {
    realm: Option<String>,
    of_layer: Option<String>,
    metadata: Option<String>,
    scopes: Vec<String>,
    contexts: Vec<String>,
    max_age: Option<u64>,
}

fn settings() -> impl Strategy<Value = Settings> {
    (
        option::of(hostile()),
        option::of(hostile()),
        option::of(hostile()),
        vec(hostile(), 0..4),
        vec(hostile(), 0..4),
        option::of(any::<u64>()),
    )
        .prop_map(|(realm, of_layer, metadata, scopes, contexts, max_age)| Settings {
            realm,
            of_layer,
            metadata,
            scopes,
            contexts,
            max_age,
        })
}

/// The parameters of the only challenge of a reply.
fn parameters(
    reply: &Reply,
) -> Result<Vec<(String, String)>, proptest::test_runner::TestCaseError> {
    let challenges: Vec<_> = reply.headers.get_all("www-authenticate").iter().collect();
    prop_assert_eq!(challenges.len(), 1, "{:?}", reply);
    let parsed = parse(challenges[0].as_bytes());
    prop_assert!(parsed.is_some(), "{:?}", challenges);
    let (scheme, parameters) = parsed.unwrap();
    prop_assert_eq!(scheme, "Bearer");
    let mut names: Vec<_> = parameters.iter().map(|it| &it.0).collect();
    names.sort_unstable();
    names.dedup();
    prop_assert_eq!(names.len(), parameters.len(), "twice: {:?}", parameters);
    Ok(parameters)
}

fn judge_challenge(reply: &Reply, status: u16, expected: Vec<(&str, Option<String>)>) -> Judged {
    prop_assert_eq!(reply.status, status);
    let wanted = expected.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    prop_assert_eq!(parameters(reply)?, wanted.collect::<Vec<_>>());
    Ok(())
}

#[test]
fn challenge_values_cannot_inject_further_parameters() {
    let seen = Seen::default();
    let tokens = issuer(Algorithm::HS256);
    let verifier = trusting(&tokens).build().unwrap();
    let good = bearer(&tokens.token().subject("ada").mint());
    for_all(800, &settings(), |settings| {
        let mut layer = JwtAuthLayer::new(verifier.clone()).allow_missing_token();
        if let Some(realm) = &settings.realm {
            layer = layer.realm(realm);
        }
        if let Some(scope) = &settings.of_layer {
            layer = layer.challenge_scope(&Rule::scope(scope));
        }
        if let Some(place) = &settings.metadata {
            layer = layer.resource_metadata(place);
        }
        let mut step_up = RequireLayer::new(Rule::authenticated())
            .authentication_context(settings.contexts.clone())
            .clock(FixedClock::new());
        if let Some(age) = settings.max_age {
            step_up = step_up.max_authentication_age(std::time::Duration::from_secs(age));
        }
        let scoped = RequireLayer::all_scopes(settings.scopes.clone());
        let asked = |require: &RequireLayer, request: Request<String>| {
            ask(layer.layer(require.layer(service_fn(who::<String>))), request)
        };

        let realm = settings.realm.as_deref().map(kept);
        let place = settings.metadata.as_deref().map(kept);
        let mut named: Vec<_> = settings.scopes.iter().filter(|scope| !scope.is_empty()).collect();
        // No token has a scope with an empty name, so no other scope helps.
        let would_help = !named.is_empty() && named.len() == settings.scopes.len();
        let mut once = HashSet::new();
        named.retain(|scope| once.insert(*scope));
        let of_rule = Some(kept_scopes(named.iter().copied())).filter(|it| !it.is_empty());
        // A rule that names a scope overrides the scopes of the layer, even if the name has no valid character.
        let without_token = if named.is_empty() {
            Some(kept_scopes(&settings.of_layer)).filter(|it| !it.is_empty())
        } else {
            of_rule.clone()
        };
        judge_challenge(
            &asked(&scoped, Request::default()),
            401,
            vec![
                ("realm", realm.clone()),
                ("scope", without_token),
                ("resource_metadata", place.clone()),
            ],
        )?;

        let text = |text: &str| Some(text.to_owned());
        let rejected = asked(&scoped, good.clone());
        let (scope, description) = if would_help {
            (of_rule, "The access token lacks a scope")
        } else {
            (None, "The access token does not permit this")
        };
        seen.note(if would_help { "a scope would help" } else { "nothing would help" });
        judge_challenge(
            &rejected,
            403,
            vec![
                ("realm", realm.clone()),
                ("scope", scope),
                ("error", text("insufficient_scope")),
                ("error_description", text(description)),
                ("resource_metadata", place.clone()),
            ],
        )?;

        let values = settings.contexts.join(" ");
        let description = "A stronger or more recent login is needed";
        judge_challenge(
            &asked(&step_up, good.clone()),
            401,
            vec![
                ("realm", realm),
                ("error", text("insufficient_user_authentication")),
                ("error_description", text(description)),
                ("acr_values", (!settings.contexts.is_empty()).then(|| kept(&values))),
                ("max_age", settings.max_age.map(|age| age.to_string())),
                ("resource_metadata", place),
            ],
        )
    })
    .and_saw(&seen, ["a scope would help", "nothing would help"]);
}

const WORDS: [&str; 5] = ["a", "b", "a:b", "", "a b"];

/// A model of a rule, with an independent implementation of its verdict.
#[derive(Clone, Debug)]
enum Model {
    Authenticated,
    Scope(&'static str),
    Role(&'static str),
    Claim(i64),
    AllScopes(Vec<&'static str>),
    AnyScope(Vec<&'static str>),
    AnyRole(Vec<&'static str>),
    And(Box<Model>, Box<Model>),
    Or(Box<Model>, Box<Model>),
    Not(Box<Model>),
}

#[derive(Clone, Debug)]
struct Bearer {
    scopes: Vec<&'static str>,
    roles: Vec<&'static str>,
    level: Option<i64>,
    /// Whether the scopes are in one string, separated by spaces.
    in_one: bool,
}

impl Model {
    fn rule(&self) -> Rule {
        match self {
            Self::Authenticated => Rule::authenticated(),
            Self::Scope(scope) => Rule::scope(*scope),
            Self::Role(role) => Rule::role(*role),
            Self::Claim(level) => {
                let level = *level;
                Rule::claim(["user", "level"], move |it| it == level)
            }
            Self::AllScopes(scopes) => Rule::all_scopes(scopes.iter().copied()),
            Self::AnyScope(scopes) => Rule::any_scope(scopes.iter().copied()),
            Self::AnyRole(roles) => Rule::any_role(roles.iter().copied()),
            Self::And(one, other) => one.rule().and(other.rule()),
            Self::Or(one, other) => one.rule().or(other.rule()),
            Self::Not(rule) => rule.rule().not(),
        }
    }

    fn permits(&self, bearer: &Bearer) -> bool {
        let has = |list: &[&str], name: &str| !name.is_empty() && list.contains(&name);
        match self {
            Self::Authenticated => true,
            Self::Scope(scope) => has(&bearer.scopes, scope),
            Self::Role(role) => has(&bearer.roles, role),
            Self::Claim(level) => bearer.level == Some(*level),
            Self::AllScopes(scopes) => {
                !scopes.is_empty() && scopes.iter().all(|it| has(&bearer.scopes, it))
            }
            Self::AnyScope(scopes) => scopes.iter().any(|it| has(&bearer.scopes, it)),
            Self::AnyRole(roles) => roles.iter().any(|it| has(&bearer.roles, it)),
            Self::And(one, other) => one.permits(bearer) && other.permits(bearer),
            Self::Or(one, other) => one.permits(bearer) || other.permits(bearer),
            Self::Not(rule) => !rule.permits(bearer),
        }
    }
}

fn model() -> impl Strategy<Value = Model> {
    let word = || select(&WORDS[..]);
    let words = || subsequence(WORDS.to_vec(), 0..=3);
    let leaf = prop_oneof![
        1 => Just(Model::Authenticated),
        3 => word().prop_map(Model::Scope),
        2 => word().prop_map(Model::Role),
        1 => (0..3_i64).prop_map(Model::Claim),
        1 => words().prop_map(Model::AllScopes),
        1 => words().prop_map(Model::AnyScope),
        1 => words().prop_map(Model::AnyRole),
    ];
    leaf.prop_recursive(5, 24, 2, |inner| {
        let pair = || (inner.clone(), inner.clone());
        prop_oneof![
            pair().prop_map(|(one, other)| Model::And(one.into(), other.into())),
            pair().prop_map(|(one, other)| Model::Or(one.into(), other.into())),
            inner.clone().prop_map(|rule| Model::Not(rule.into())),
        ]
    })
}

fn bearers() -> impl Strategy<Value = Bearer> {
    let words = || subsequence(WORDS.to_vec(), 0..=WORDS.len());
    (words(), words(), option::of(0..3_i64), any::<bool>()).prop_map(
        |(scopes, roles, level, in_one)| {
            let is_word = |scope: &&str| !in_one || !scope.is_empty() && !scope.contains(' ');
            let scopes = scopes.into_iter().filter(is_word).collect();
            Bearer { scopes, roles, level, in_one }
        },
    )
}

impl Bearer {
    fn claims(&self) -> Value {
        let scope = if self.in_one { json!(self.scopes.join(" ")) } else { json!(self.scopes) };
        let mut claims = json!({"scope": scope, "roles": self.roles, "user": {}});
        if let Some(level) = self.level {
            claims["user"]["level"] = level.into();
        }
        claims
    }
}

#[test]
fn rules_permit_exactly_what_they_describe() {
    let seen = Seen::default();
    let tokens = issuer(Algorithm::HS256);
    let layer = JwtAuthLayer::new(trusting(&tokens).build().unwrap());
    for_all(2_000, &(model(), bearers()), |(model, holder)| {
        let token = tokens.token().subject("ada").claims(holder.claims()).mint();
        let require = RequireLayer::new(model.rule());
        let reply = ask(layer.layer(require.layer(service_fn(who::<String>))), bearer(&token));
        let expected = if model.permits(&holder) { 200 } else { 403 };
        prop_assert_eq!(reply.status, expected);
        seen.note(reply.kind().map_or("permitted", |kind| kind.as_str()));
        if reply.status == 403 {
            let parameters = parameters(&reply)?;
            let named = parameters.iter().find(|it| it.0 == "scope").map(|it| it.1.as_str());
            if reply.kind() == Some(ErrorKind::InsufficientScope) {
                prop_assert!(named.is_some(), "{:?}", reply);
            } else {
                prop_assert_eq!(named, None);
            }
        }
        Ok(())
    })
    .and_saw(&seen, ["permitted", "insufficient_scope", "forbidden"]);
}

#[test]
fn names_are_compared_byte_for_byte() {
    let seen = Seen::default();
    let issuer = issuer(Algorithm::HS256);
    let verifier = Verifier::shared_secret(issuer.secret())
        .any_audience()
        .clock(FixedClock::new())
        .build()
        .unwrap();
    for_all(1_000, &(vec(hostile(), 0..6), hostile()), |(granted, name)| {
        let expected = !name.is_empty() && granted.contains(&name);
        let token =
            issuer.token().claim("roles", granted.as_slice()).claim("scope", granted.as_slice());
        let bearer = verifier.verify_now(&token.mint()).unwrap().identity();
        prop_assert_eq!(Rule::scope(&name).permits(&bearer), expected);
        prop_assert_eq!(Rule::role(&name).permits(&bearer), expected);
        prop_assert_eq!(Rule::all_scopes([&name, &name]).permits(&bearer), expected);
        prop_assert_eq!(Rule::any_role([&name]).not().permits(&bearer), !expected);
        seen.note(expected);
        Ok(())
    })
    .and_saw(&seen, ["true", "false"]);
}

/// Claims of any shape, with names that claim paths contain.
fn claims() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => select(&["a", "b", "a b", "", " ", "admin"][..]).prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i32>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec(select(&["a", "admin"][..]), 0..4).prop_map(Value::from),
            members(inner),
        ]
    })
}

const NAMES: [&str; 6] = ["roles", "scope", "a", "b.c", "https://e.example/r:x", ""];

fn members(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    vec((select(&NAMES[..]), value), 0..4).prop_map(|members| {
        Value::Object(members.into_iter().map(|(name, it)| (name.to_owned(), it)).collect())
    })
}

/// A string, or a list of strings.
fn texts(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(one) => Some(vec![one]),
        Value::Array(many) => many.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

fn at<'v>(claims: &'v Value, path: &[&str]) -> Option<&'v Value> {
    let step = |value: &'v Value, name: &&str| value.as_object()?.get(*name);
    path.iter().try_fold(claims, step).filter(|_| !path.is_empty())
}

#[test]
fn grants_are_the_strings_at_the_end_of_the_path() {
    let seen = Seen::default();
    let tokens = issuer(Algorithm::HS256);
    let path = || vec(select(&NAMES[..]), 1..4);
    for_all(1_500, &(members(claims()), path(), path()), |(claims, roles, scopes)| {
        let way = |path: &[&str]| match *path {
            [one] => ClaimPath::from(one),
            [one, two] => ClaimPath::from([one, two]),
            [one, two, three] => ClaimPath::from([one, two, three]),
            _ => ClaimPath::from([] as [&str; 0]),
        };
        let grants = GrantClaims::new().roles(way(&roles)).scopes(way(&scopes));
        let verifier = trusting(&tokens).grants(grants).build().unwrap();
        let identity = verifier.verify_now(&tokens.token().claims(&claims).mint());
        let identity = identity.unwrap().identity();

        let lists = [at(&claims, &["roles"]), at(&claims, &roles)];
        let expected: Vec<_> = lists.into_iter().flatten().filter_map(texts).flatten().collect();
        prop_assert_eq!(identity.roles().collect::<Vec<_>>(), expected.clone());
        seen.note(if expected.is_empty() { "no role" } else { "a role" });
        let is_admin = expected.contains(&"admin");
        prop_assert_eq!(Rule::role("admin").permits(&identity), is_admin);

        let words = |value: &Value| match value {
            Value::String(text) => {
                text.split(' ').filter(|it| !it.is_empty()).map(str::to_owned).collect()
            }
            list => {
                texts(list).unwrap_or_default().into_iter().map(str::to_owned).collect::<Vec<_>>()
            }
        };
        let lists = [at(&claims, &["scope"]), at(&claims, &scopes)];
        let expected: Vec<_> = lists.into_iter().flatten().flat_map(words).collect();
        prop_assert_eq!(identity.scopes().collect::<Vec<_>>(), expected.clone());
        seen.note(if expected.is_empty() { "no scope" } else { "a scope" });
        Ok(())
    })
    .and_saw(&seen, ["a role", "no role", "a scope", "no scope"]);
}

#[test]
fn only_the_subject_or_tenant_in_the_path_is_admitted() {
    const PIECES: [&str; 20] = [
        "/", "/", "/", "users", "users", "ada", "ada", "%61da", "bob", "..", ".", "%2e%2e", "%2f",
        "%", "%ff", ";", "{id}", "todos", "%2561da", "\\",
    ];
    let tail = vec(select(&PIECES[..]), 0..6).prop_map(|pieces| pieces.concat());
    let path = prop_oneof![
        2 => vec(select(&PIECES[..]), 0..10).prop_map(|pieces| format!("/{}", pieces.concat())),
        2 => tail.prop_map(|tail| format!("/users/ada/{tail}")),
        1 => "/[!-~]{0,20}".prop_filter("no query", |path| !path.contains(['?', '#'])),
    ];
    let template = prop_oneof![
        3 => Just("/users/{id}".to_owned()),
        2 => Just("/users/{id}/todos".to_owned()),
        1 => "(/[a-z{}*]{0,5}){0,4}",
        1 => hostile(),
    ];
    let seen = Seen::default();
    let tokens = issuer(Algorithm::HS256);
    let layer = JwtAuthLayer::new(trusting(&tokens).tenant_claim("org").build().unwrap());
    let good = tokens.token().subject("ada").claim("iat", NOW).claim("org", "ada").mint();
    for_all(3_000, &(template, path), |(template, path)| {
        let Ok(uri) = path.parse::<http::Uri>() else {
            seen.note("no URI");
            return Ok(());
        };
        let Ok(require) = RequireLayer::owner_in_path(&template) else {
            seen.note("no template");
            return Ok(());
        };
        let asked = |require: &RequireLayer| {
            let mut request = bearer(&good);
            *request.uri_mut() = uri.clone();
            ask(layer.layer(require.layer(service_fn(who::<String>))), request)
        };
        let reply = asked(&require);
        prop_assert!([200, 403].contains(&reply.status), "{reply:?}");
        // A tenant of the same name gets the same verdict.
        let of_tenant = asked(&RequireLayer::tenant_in_path(&template).unwrap());
        prop_assert_eq!(of_tenant.status, reply.status);
        seen.note(reply.status);
        if reply.status == 200 {
            // The path as an upstream server may see it, after resolving dots and some escapes.
            let plain = path.replace("%2e", ".").replace("%2f", "/").replace('\\', "/");
            prop_assert!(!plain.split('/').any(|it| it == "." || it == ".."), "{path}");
            let wanted: Vec<_> = template.split('/').collect();
            let given: Vec<_> = path.split('/').collect();
            prop_assert!(given.len() >= wanted.len(), "{template} {path}");
            for (wanted, given) in wanted.iter().zip(&given) {
                let owner = wanted.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
                if owner.is_some_and(|it| !it.is_empty() && !it.contains(['{', '}', '*'])) {
                    prop_assert!(["ada", "%61da"].contains(given), "{template} {path}");
                } else {
                    prop_assert_eq!(wanted, given);
                }
            }
        }
        Ok(())
    })
    .and_saw(&seen, ["200", "403", "no template"]);
}
