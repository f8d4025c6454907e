//! The server as it is started, asked over HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod server;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use server::{Answer, AuthServer, Server};

#[test]
fn a_user_creates_lists_reads_changes_toggles_and_deletes_todos() {
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
fn neither_of_two_users_gets_at_the_todos_of_the_other() {
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
        let new = || Some(json!({"title": "mine now"}));
        let change = || Some(json!({"title": "mine now", "completed": true}));
        // The other's path, in more than one spelling, and the other's todo in the own path.
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
    // Nothing has come of it.
    for (name, user, todo) in &users {
        assert_eq!(user.get(&format!("/api/{name}/tasks")).json(), json!([todo]));
    }
}

#[test]
fn every_failure_to_authenticate_is_answered_the_same_401() {
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
        ("no token behind the scheme", vec!["Bearer".to_owned()]),
        ("no JWT", vec!["Bearer nonsense".to_owned()]),
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
fn what_is_no_todo_is_refused_with_a_problem_and_not_kept() {
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
        // A change says whether it is completed, too: what is refused is the rest.
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
fn the_document_names_the_scheme_and_the_refusals_of_every_operation() {
    let server = Server::start(&[("BETTER_AUTH_URL", "http://127.0.0.1:9")]);
    let document = server.get("/openapi.json", &[]).json();
    let scheme = &document["components"]["securitySchemes"]["bearer"];
    assert_eq!((&scheme["type"], &scheme["scheme"]), (&json!("http"), &json!("bearer")));

    let mut operations = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.insert(format!("{method} {path}"));
            assert_eq!(operation["security"], json!([{"bearer": []}]), "{method} {path}");
            for status in ["401", "403", "503"] {
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
        "put /api/{user_id}/tasks/{id}",
    ];
    assert_eq!(operations.iter().map(String::as_str).collect::<Vec<_>>(), expected);

    let missing =
        &document["paths"]["/api/{user_id}/tasks/{id}"]["get"]["responses"]["404"]["content"];
    assert!(missing.get("application/problem+json").is_some(), "{missing}");

    // The limits that the other test goes up to.
    for name in ["NewTodo", "ChangedTodo"] {
        let properties = &document["components"]["schemas"][name]["properties"];
        let limit = |property: &str| properties[property]["maxLength"].as_u64();
        assert_eq!((limit("title"), limit("description")), (Some(200), Some(1000)), "{name}");
    }

    // What is answered is what the document shows.
    let examples = &document["components"]["responses"]["Unauthorized"]["content"]["application/problem+json"]
        ["examples"];
    let [example] = &*examples.as_object().unwrap().values().collect::<Vec<_>>() else {
        panic!("{examples}")
    };
    assert_eq!(server.get("/api/ada/tasks", &[]).json(), example["value"]);
}

#[test]
fn a_validator_finds_nothing_wrong_with_the_document_and_what_was_planted() {
    if std::env::var_os("OPENAPI_VALIDATOR").is_none() {
        println!("left out: set OPENAPI_VALIDATOR=1 to run it (needs Node 20.19 and npm)");
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
fn the_page_needs_no_token_and_comes_with_all_that_it_is_made_of() {
    let server = Server::start(&[("BETTER_AUTH_URL", "http://127.0.0.1:9")]);
    let page = server.get("/docs/", &[]);
    assert_eq!(page.status(), 200);
    assert!(!page.body.contains("https://"), "something of it comes from elsewhere");
    let start = server.get("/docs/swagger-initializer.js", &[]);
    assert!(start.body.contains("/openapi.json"), "{}", start.body);
    for part in ["swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "swagger-ui.css"] {
        let answer = server.get(&format!("/docs/{part}"), &[]);
        assert_eq!(answer.status(), 200, "{part}");
        assert!(answer.body.len() > 10_000, "{part}");
    }
}

#[test]
fn without_an_auth_server_it_issues_tokens_itself_and_says_so_loudly() {
    let mut server = Server::start(&[]);
    let printed = server.printed_to("401: nobody's");
    assert!(printed.contains("NOT FOR PRODUCTION"), "{printed}");
    for (user, label) in [("ada", "ADA="), ("bob", "BOB=")] {
        let token = printed.lines().find_map(|line| line.strip_prefix(label)).unwrap();
        let path = format!("/api/{user}/tasks");
        assert_eq!(server.get(&path, &[format!("Bearer {token}")]).status(), 200);

        // Another run has another secret.
        let other = Server::start(&[]);
        assert_eq!(other.get(&path, &[format!("Bearer {token}")]).status(), 401);
    }
    assert_eq!(printed.lines().filter(|line| line.starts_with("curl ")).count(), 4, "{printed}");
}

#[test]
fn with_settings_of_an_auth_server_there_is_no_development_issuer_even_if_they_are_wrong() {
    let secret = "a secret of the tests of at least 32 bytes";
    let mut server = Server::start(&[("BETTER_AUTH_SECRET", secret)]);
    assert!(!server.printed_to("tokens: of the auth server").contains("DEVELOPMENT"));

    for settings in [("BETTER_AUTH_SECRET", "tooshort"), ("BETTER_AUTH_URL", "auth.example.com")] {
        let (said, status) = server::first_line_and_end(&[settings]);
        assert_eq!((&*said, status), ("", Some(1)), "{settings:?}");
    }
}

#[test]
fn todos_in_a_file_are_there_after_a_restart() {
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
fn the_page_may_speak_with_its_own_server_and_the_auth_server_and_nobody_else() {
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
        assert_eq!(server.get("/demo.json", &[]).json(), json!({"auth_server": base}), "{url}");
        for (path, content_type) in [("/demo.js", "text/javascript"), ("/demo.css", "text/css")] {
            assert!(page.body.contains(path), "the page has no {path}");
            let file = server.get(path, &[]);
            assert!(file.header("content-type").unwrap().starts_with(content_type), "{path}");
        }
    }
}
