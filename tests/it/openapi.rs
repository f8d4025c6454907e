//! The documents of `openapi`, checked by an independent validator.
//!
//! Runs only if `OPENAPI_VALIDATOR` is set, and prints a note otherwise. It needs Node and npm. See
//! `tests/openapi/README.md`.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use ::http::HeaderName;
use serde_json::{Value, json};
use tower_jwt_auth::openapi::Security;
use tower_jwt_auth::{RequireLayer, Rule};

const VERSIONS: [&str; 4] = ["3.0.3", "3.0.4", "3.1.0", "3.2.0"];

fn is_wanted() -> bool {
    let wanted = std::env::var_os("OPENAPI_VALIDATOR").is_some();
    if !wanted {
        println!("skipped: set OPENAPI_VALIDATOR=1 to run it (needs Node 20.19 and npm)");
    }
    wanted
}

/// The rules that each document breaks.
fn broken_rules(documents: &[(String, Value)]) -> Vec<Vec<String>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openapi/run.sh");
    let mut command = Command::new(script);
    command.arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("openapi"));
    let mut validator = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = validator.stdin.take().unwrap();
    let line = |(name, document): &(String, Value)| {
        format!("{}\n", json!({"name": name, "document": document}))
    };
    let lines: String = documents.iter().map(line).collect();
    // Writes while the output is read: neither pipe holds all of it.
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()).unwrap());
    let output = validator.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "the validator ended with {}", output.status);

    let output = String::from_utf8(output.stdout).unwrap();
    let verdicts: Vec<Value> =
        output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(verdicts.len(), documents.len());
    let rules = |((name, _), verdict): (&(String, Value), &Value)| {
        assert_eq!(verdict["name"], **name);
        let problems = verdict["problems"].as_array().unwrap();
        if !problems.is_empty() {
            println!("{name}: {}", verdict["problems"]);
        }
        problems.iter().map(|problem| problem["rule"].as_str().unwrap().to_owned()).collect()
    };
    documents.iter().zip(&verdicts).map(rules).collect()
}

fn kinds() -> [Security; 4] {
    [
        Security::bearer(),
        Security::bearer().with_name("jwt").with_description("Ask for one at `/token`"),
        Security::cookie("__Host-session"),
        Security::header(&HeaderName::from_static("cf-access-jwt-assertion")),
    ]
}

/// A minimal document.
fn bare(version: &str) -> Value {
    let responses = json!({"200": {"description": "Well"}});
    json!({
        "openapi": version,
        "info": {"title": "Orders", "version": "1"},
        "paths": {
            "/orders": {"get": {"responses": responses}, "post": {"responses": responses}},
            "/health": {"get": {"security": [], "responses": responses}},
        },
    })
}

/// A document assembled from the parts.
fn of_parts(security: &Security, version: &str) -> Value {
    let mut document = bare(version);
    document["components"] = security.components();
    let orders = &mut document["paths"]["/orders"];
    orders["get"] = security.operation(orders["get"].take());
    // Scopes of a scheme other than OAuth are an error in 3.0 and valid in 3.1.
    let rule = if version.starts_with("3.0") { Rule::role("clerk") } else { Rule::scope("orders") };
    orders["post"] = security.operation_with(&RequireLayer::new(rule), orders["post"].take());
    document
}

/// A document to which the security is applied.
fn applied(security: &Security, version: &str) -> Value {
    let mut document = bare(version);
    security.apply(&mut document);
    document
}

fn documents() -> Vec<(String, Value)> {
    let mut documents = Vec::new();
    for version in VERSIONS {
        for security in kinds() {
            let name = |how| format!("{version} {} {how}", security.name());
            documents.push((name("of parts"), of_parts(&security, version)));
            documents.push((name("applied"), applied(&security, version)));
        }
    }
    documents
}

type Defect = (&'static str, &'static str, fn(&mut Value));

/// A change of a document, and the rule that it breaks.
const DEFECTS: [Defect; 10] = [
    ("no schemes", "security-defined", |it| {
        it["components"].as_object_mut().unwrap().remove("securitySchemes");
    }),
    ("a requirement for an undefined scheme", "security-defined", |it| {
        it["paths"]["/orders"]["get"]["security"] = json!([{"another": []}]);
    }),
    ("a requirement that is not a list", "struct", |it| {
        it["paths"]["/orders"]["get"]["security"] = json!({"bearer": []});
    }),
    ("an unknown type", "struct", |it| {
        it["components"]["securitySchemes"]["bearer"]["type"] = json!("jwt");
    }),
    ("a type without a scheme", "struct", |it| {
        it["components"]["securitySchemes"]["bearer"] = json!({"type": "http"});
    }),
    ("a cookie without a name", "struct", |it| {
        it["components"]["securitySchemes"]["bearer"] = json!({"type": "apiKey", "in": "cookie"});
    }),
    ("a missing response", "no-unresolved-refs", |it| {
        it["components"]["responses"].as_object_mut().unwrap().remove("Unauthorized");
    }),
    ("a missing schema", "no-unresolved-refs", |it| {
        it["components"]["schemas"].as_object_mut().unwrap().remove("Problem");
    }),
    ("a response without a description", "struct", |it| {
        let response = it["components"]["responses"]["Forbidden"].as_object_mut().unwrap();
        response.remove("description");
    }),
    ("an example that does not match its schema", "no-invalid-media-type-examples", |it| {
        let content = &mut it["components"]["responses"]["Unauthorized"]["content"];
        let examples = content["application/problem+json"]["examples"].as_object_mut().unwrap();
        for example in examples.values_mut() {
            example["value"]["status"] = json!("401");
        }
    }),
];

#[test]
fn documents_are_valid_and_planted_defects_are_found() {
    if !is_wanted() {
        return;
    }
    let valid = documents();
    let broken = broken_rules(&valid);
    for ((name, _), broken) in valid.iter().zip(&broken) {
        assert!(broken.is_empty(), "{name}: {broken:?}");
    }

    let mut planted = Vec::new();
    let mut expected = Vec::new();
    for version in VERSIONS {
        for document in [of_parts, applied].map(|make| make(&Security::bearer(), version)) {
            for (defect, rule, plant) in DEFECTS {
                let mut document = document.clone();
                plant(&mut document);
                planted.push((format!("{version} {defect}"), document));
                expected.push(rule);
            }
        }
    }
    let broken = broken_rules(&planted);
    for (((name, _), broken), rule) in planted.iter().zip(&broken).zip(expected) {
        assert!(broken.iter().any(|it| it == rule), "{name}: {broken:?} does not contain {rule}");
    }
    println!("openapi: {} documents valid, {} defects found", valid.len(), planted.len());
}
