//! Tests of the server binary over HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod logout;
mod server;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use server::{Answer, AuthServer, Server};

#[test]
fn a_user_manages_their_own_todos() {
    let auth = AuthServer::start();
    let server = Server::start(&[("BETTER_AUTH_URL", &auth.url)]);
    let ada = server.user(&auth.token("ada"));
    assert_eq!(ada.get("/api/ada/tasks").json(), json!([]));

    let new = json!({"title": " Buy milk ", "description": "two bottles"});
    let created = ada.send("POST", "/api/ada/tasks", Some(new));
    let todo = created.json();
    assert_eq!(created.status(), 201);
    assert_eq!(
        (&todo["title"], &todo["description"], &todo["completed"]),
        (&json!("Buy milk"), &json!("two bottles"), &json!(false))
    );
    let place = created.header("location").unwrap();
    assert_eq!(place, format!("/api/ada/tasks/{}", todo["id"]));

    assert_eq!(ada.get(place).json(), todo);
    assert_eq!(ada.get("/api/ada/tasks").json(), json!([todo]));

    let change = json!({"title": "Buy bread", "completed": false});
    let changed = ada.send("PUT", place, Some(change));
    let todo = changed.json();
    assert_eq!(changed.status(), 200);
    assert_eq!((&todo["title"], &todo["description"]), (&json!("Buy bread"), &Value::Null));

    for completed in [true, false, true] {
        let toggled = ada.send("PATCH", &format!("{place}/complete"), None);
        assert_eq!((toggled.status(), &toggled.json()["completed"]), (200, &json!(completed)));
    }
    assert_eq!(ada.get(place).json()["completed"], true);

    let deleted = ada.send("DELETE", place, None);
    assert_eq!((deleted.status(), &*deleted.body), (204, ""));
    assert_eq!(ada.get(place).status(), 404);
    assert_eq!(ada.send("DELETE", place, None).status(), 404);
    assert_eq!(ada.get("/api/ada/tasks").json(), json!([]));
}

#[test]
fn users_cannot_access_the_todos_of_other_users() {
    let auth = AuthServer::start();
    let server = Server::start(&[("BETTER_AUTH_URL", &auth.url)]);
    let users = ["ada", "bob"].map(|name| {
        let user = server.user(&auth.token(name));
        let new = json!({"title": format!("of {name}")});
        let todo = user.send("POST", &format!("/api/{name}/tasks"), Some(new)).json();
        (name, user, todo)
    });
    let [ada, bob] = &users;

    println!("| who | attempt | request | status |");
    println!("|---|---|---|---|");
    for ((who, user, own), (other, _, foreign)) in [(ada, bob), (bob, ada)] {
        let id = &foreign["id"];
        let new = || Some(json!({"title": "changed"}));
        let change = || Some(json!({"title": "changed", "completed": true}));
        // The path of the other user, plain and encoded, and the other user's todo in the user's own path.
        let encoded = format!("%{:02x}{}", other.as_bytes()[0], &other[1..]);
        for (attempt, method, path, body, status) in [
            ("list", "GET", format!("/api/{other}/tasks"), None, 403),
            ("list, encoded", "GET", format!("/api/{encoded}/tasks"), None, 403),
            ("create", "POST", format!("/api/{other}/tasks"), new(), 403),
            ("read", "GET", format!("/api/{other}/tasks/{id}"), None, 403),
            ("change", "PUT", format!("/api/{other}/tasks/{id}"), change(), 403),
            ("toggle", "PATCH", format!("/api/{other}/tasks/{id}/complete"), None, 403),
            ("delete", "DELETE", format!("/api/{other}/tasks/{id}"), None, 403),
            ("read", "GET", format!("/api/{who}/tasks/{id}"), None, 404),
            ("change", "PUT", format!("/api/{who}/tasks/{id}"), change(), 404),
            ("toggle", "PATCH", format!("/api/{who}/tasks/{id}/complete"), None, 404),
            ("delete", "DELETE", format!("/api/{who}/tasks/{id}"), None, 404),
        ] {
            let request = format!("{method} {path}");
            let answer = user.send(method, &path, body);
            println!("| {who} | {attempt} | `{request}` | {} |", answer.status());
            assert_eq!(answer.status(), status, "{who}: {request}");
            assert!(!answer.body.contains(&format!("of {other}")), "{who}: {request}");
        }
        assert_eq!(user.get(&format!("/api/{who}/tasks")).json(), json!([own]));
    }
    // No todo was changed.
    for (name, user, todo) in &users {
        assert_eq!(user.get(&format!("/api/{name}/tasks")).json(), json!([todo]));
    }
}

#[test]
fn every_authentication_failure_gets_the_same_401_body() {
    let auth = AuthServer::start();
    let server = Server::start(&[("BETTER_AUTH_URL", &auth.url)]);
    let token = |change: &str| {
        let token = auth.issuer.token().subject("ada");
        match change {
            "none" => token.mint(),
            "tampered" => token.mint_tampered(),
            "expired" => token.expired().mint(),
            "issuer" => token.claim("iss", "https://evil.example").mint(),
            "audience" => token.claim("aud", "https://other.example").mint(),
            "subject" => token.without("sub").mint(),
            _ => auth.issuer.clone().with_other_key().token().subject("ada").mint(),
        }
    };
    let bearer = |change| vec![format!("Bearer {}", token(change))];
    assert_eq!(server.get("/api/ada/tasks", &bearer("none")).status(), 200);

    let mut bodies = BTreeSet::new();
    println!("| credentials | status | WWW-Authenticate |");
    println!("|---|---|---|");
    for (name, credentials) in [
        ("none", vec![]),
        ("two tokens", [bearer("none"), bearer("none")].concat()),
        ("another scheme", vec!["Basic YTpi".to_owned()]),
        ("scheme without a token", vec!["Bearer".to_owned()]),
        ("not a JWT", vec!["Bearer nonsense".to_owned()]),
        ("tampered", bearer("tampered")),
        ("expired", bearer("expired")),
        ("another issuer", bearer("issuer")),
        ("another audience", bearer("audience")),
        ("no subject", bearer("subject")),
        ("another key", bearer("key")),
    ] {
        for path in ["/api/ada/tasks", "/api/bob/tasks", "/api/ada/tasks/1"] {
            let answer = server.get(path, &credentials);
            let challenge = answer.header("www-authenticate").unwrap();
            assert_eq!(answer.status(), 401, "{name}");
            assert!(challenge.starts_with("Bearer realm=\"todo\""), "{name}: {challenge}");
            assert_eq!(answer.header("content-type").unwrap(), "application/problem+json");
            if path == "/api/ada/tasks" {
                println!("| {name} | {} | `{challenge}` |", answer.status());
            }
            bodies.insert(answer.body);
        }
    }
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    println!("body of all: {}", bodies.first().unwrap());
}

#[test]
fn invalid_todos_are_rejected_with_a_problem() {
    let auth = AuthServer::start();
    let server = Server::start(&[("BETTER_AUTH_URL", &auth.url)]);
    let ada = server.user(&auth.token("ada"));
    let (title, description) = ("a".repeat(200), "é".repeat(1000));
    let good = json!({"title": title, "description": description});
    let created = ada.send("POST", "/api/ada/tasks", Some(good));
    assert_eq!(created.status(), 201);
    let place = created.header("location").unwrap();

    for (body, status) in [
        (json!({"title": ""}).to_string(), 422),
        (json!({"title": "  \n"}).to_string(), 422),
        (json!({"title": format!("{title}a")}).to_string(), 422),
        (json!({"title": "a", "description": format!("{description}é")}).to_string(), 422),
        (json!({"description": "a"}).to_string(), 422),
        (json!({"title": 7}).to_string(), 422),
        (json!({"title": "a", "owner": "bob"}).to_string(), 422),
        ("[]".to_owned(), 422),
        ("{".to_owned(), 400),
        (String::new(), 400),
        (json!({"title": "a".repeat(16_384)}).to_string(), 413),
    ] {
        // `PUT` also requires `completed`, so that only the rest is invalid.
        let change = match body.strip_suffix('}') {
            Some(start) => format!("{start}, \"completed\": true}}"),
            None => body.clone(),
        };
        for (method, path, body) in [("POST", "/api/ada/tasks", &body), ("PUT", place, &change)] {
            let answer = ada.send_text(method, path, body);
            let shown = &body[..body.len().min(60)];
            assert_eq!(answer.status(), status, "{method} {shown}");
            assert_problem(&answer);
        }
    }
    for path in ["/api/ada/tasks/abc", "/api/ada/tasks/9223372036854775808", "/nowhere"] {
        let answer = ada.get(path);
        assert_eq!(answer.status(), 404, "{path}");
        assert_problem(&answer);
    }
    assert_eq!(ada.get("/api/ada/tasks").json(), json!([created.json()]));
}

fn assert_problem(answer: &Answer) {
    assert_eq!(answer.header("content-type").unwrap(), "application/problem+json");
    let problem = answer.json();
    assert_eq!(problem["status"], answer.status());
    assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
}

#[test]
fn the_document_describes_security_and_rejections_of_every_operation() {
    let server = Server::start(&[("BETTER_AUTH_URL", "http://127.0.0.1:9")]);
    let document = server.get("/openapi.json", &[]).json();
    let scheme = &document["components"]["securitySchemes"]["bearer"];
    assert_eq!((&scheme["type"], &scheme["scheme"]), (&json!("http"), &json!("bearer")));

    let mut operations = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.insert(format!("{method} {path}"));
            assert_eq!(operation["security"], json!([{"bearer": []}]), "{method} {path}");
            let statuses = ["401", "503"].into_iter();
            // Only these routes have an owner.
            for status in statuses.chain(path.contains("{user_id}").then_some("403")) {
                let reference = operation["responses"][status]["$ref"].as_str().unwrap();
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{method} {path} {reference}");
            }
        }
    }
    let expected = [
        "delete /api/{user_id}/tasks/{id}",
        "get /api/{user_id}/tasks",
        "get /api/{user_id}/tasks/{id}",
        "patch /api/{user_id}/tasks/{id}/complete",
        "post /api/{user_id}/tasks",
        "post /sign-out-everywhere",
        "put /api/{user_id}/tasks/{id}",
    ];
    assert_eq!(operations.iter().map(String::as_str).collect::<Vec<_>>(), expected);

    let missing =
        &document["paths"]["/api/{user_id}/tasks/{id}"]["get"]["responses"]["404"]["content"];
    assert!(missing.get("application/problem+json").is_some(), "{missing}");

    // The same limits as in `invalid_todos_are_rejected_with_a_problem`.
    for name in ["NewTodo", "ChangedTodo"] {
        let properties = &document["components"]["schemas"][name]["properties"];
        let limit = |property: &str| properties[property]["maxLength"].as_u64();
        assert_eq!((limit("title"), limit("description")), (Some(200), Some(1000)), "{name}");
    }

    // The example in the document is the actual response.
    let examples = &document["components"]["responses"]["Unauthorized"]["content"]["application/problem+json"]
        ["examples"];
    let [example] = &*examples.as_object().unwrap().values().collect::<Vec<_>>() else {
        panic!("{examples}")
    };
    assert_eq!(server.get("/api/ada/tasks", &[]).json(), example["value"]);
}

#[test]
fn a_validator_accepts_the_document_and_finds_planted_defects() {
    if std::env::var_os("OPENAPI_VALIDATOR").is_none() {
        println!("skipped: set OPENAPI_VALIDATOR=1 to run it (needs Node 20.19 and npm)");
        return;
    }
    let server = Server::start(&[("BETTER_AUTH_URL", "http://127.0.0.1:9")]);
    let document = server.get("/openapi.json", &[]).json();
    let mut unsecured = document.clone();
    unsecured["components"].as_object_mut().unwrap().remove("securitySchemes");
    let mut dangling = document.clone();
    dangling["components"]["responses"].as_object_mut().unwrap().remove("Forbidden");
    let mut misshapen = document.clone();
    misshapen["components"]["securitySchemes"]["bearer"]["type"] = json!("jwt");

    // As in `tests/openapi/README.md`.
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/openapi/run.sh");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("openapi");
    let mut command = Command::new(script);
    command.arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut validator = command.spawn().unwrap();
    let mut input = validator.stdin.take().unwrap();
    for document in [document, unsecured, dangling, misshapen] {
        writeln!(input, "{}", json!({"name": "todo", "document": document})).unwrap();
    }
    drop(input);
    let output = validator.wait_with_output().unwrap();
    assert!(output.status.success());
    let verdicts = String::from_utf8(output.stdout).unwrap();
    let broken: Vec<_> = verdicts
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["problems"].take())
        .map(|problems| {
            let rules = problems.as_array().unwrap().iter();
            rules.map(|it| it["rule"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
        })
        .collect();
    let expected = ["", "security-defined", "no-unresolved-refs", "struct"];
    let expected = expected.map(|rule| rule.split_terminator(',').map(str::to_owned).collect());
    assert_eq!(broken, expected, "{verdicts}");
    println!("openapi: the document is valid, 3 defects found");
}

#[test]
fn the_documentation_page_is_public_and_self_contained() {
    let server = Server::start(&[("BETTER_AUTH_URL", "http://127.0.0.1:9")]);
    let page = server.get("/docs/", &[]);
    assert_eq!(page.status(), 200);
    assert!(!page.body.contains("https://"), "the page loads from another site");
    let start = server.get("/docs/swagger-initializer.js", &[]);
    assert!(start.body.contains("/openapi.json"), "{}", start.body);
    for part in ["swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "swagger-ui.css"] {
        let answer = server.get(&format!("/docs/{part}"), &[]);
        assert_eq!(answer.status(), 200, "{part}");
        assert!(answer.body.len() > 10_000, "{part}");
    }
}

#[test]
fn without_an_auth_server_it_prints_tokens_and_a_warning() {
    let mut server = Server::start(&[]);
    let printed = server.printed_to("401: no token");
    assert!(printed.contains("NOT FOR PRODUCTION"), "{printed}");
    for (user, label) in [("ada", "ADA="), ("bob", "BOB=")] {
        let token = printed.lines().find_map(|line| line.strip_prefix(label)).unwrap();
        let path = format!("/api/{user}/tasks");
        assert_eq!(server.get(&path, &[format!("Bearer {token}")]).status(), 200);

        // Each run has a new secret.
        let other = Server::start(&[]);
        assert_eq!(other.get(&path, &[format!("Bearer {token}")]).status(), 401);
    }
    assert_eq!(printed.lines().filter(|line| line.starts_with("curl ")).count(), 4, "{printed}");
}

#[test]
fn ctrl_c_ends_the_server_with_status_0() {
    let mut server = Server::start(&[]);
    assert_eq!(server.get("/", &[]).status(), 200);
    assert_eq!(server.interrupt(), Some(0));
}

#[test]
fn with_auth_server_settings_there_is_no_development_issuer() {
    let secret = "a secret of the tests of at least 32 bytes";
    let mut server = Server::start(&[("BETTER_AUTH_SECRET", secret)]);
    assert!(!server.printed_to("tokens: issued by the auth server").contains("DEVELOPMENT"));

    for settings in [("BETTER_AUTH_SECRET", "tooshort"), ("BETTER_AUTH_URL", "auth.example.com")] {
        let (line, status) = server::first_line_and_status(&[settings]);
        assert_eq!((&*line, status), ("", Some(1)), "{settings:?}");
    }
}

#[test]
fn todos_in_a_file_survive_a_restart() {
    let auth = AuthServer::start();
    let file = std::env::temp_dir().join(format!("todos-{}.db", std::process::id()));
    let settings = [("BETTER_AUTH_URL", &*auth.url), ("TODO_DB", file.to_str().unwrap())];
    let todo = {
        let server = Server::start(&settings);
        let ada = server.user(&auth.token("ada"));
        ada.send("POST", "/api/ada/tasks", Some(json!({"title": "Stay"}))).json()
    };
    let server = Server::start(&settings);
    assert_eq!(server.user(&auth.token("ada")).get("/api/ada/tasks").json(), json!([todo]));
    std::fs::remove_file(file).unwrap();
}

#[test]
fn the_page_may_connect_only_to_its_servers() {
    let urls = [
        ("", "", Value::Null),
        ("http://127.0.0.1:9", " http://127.0.0.1:9", json!("http://127.0.0.1:9/api/auth")),
        ("http://127.0.0.1:9/", " http://127.0.0.1:9", json!("http://127.0.0.1:9/api/auth")),
        ("http://127.0.0.1:9/auth/", " http://127.0.0.1:9", json!("http://127.0.0.1:9/auth")),
    ];
    for (url, allowed, base) in urls {
        let server = Server::start(&[("BETTER_AUTH_URL", url)]);
        let page = server.get("/", &[]);
        assert_eq!(
            (page.status(), page.header("content-type")),
            (200, Some("text/html; charset=utf-8"))
        );
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
        assert!(policy.contains(&format!("connect-src 'self'{allowed};")), "{policy}");
        assert!(policy.contains("; require-trusted-types-for 'script'; "), "{policy}");
        assert_eq!(
            server.get("/demo.json", &[]).json(),
            json!({"auth_server": base, "client": null}),
            "{url}"
        );
        for (path, content_type) in [("/demo.js", "text/javascript"), ("/demo.css", "text/css")] {
            assert!(page.body.contains(path), "the page has no {path}");
            let file = server.get(path, &[]);
            assert!(file.header("content-type").unwrap().starts_with(content_type), "{path}");
        }
    }
}
