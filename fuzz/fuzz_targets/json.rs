//! Compares the crate's reader of JSON objects with an independent reader and with `serde_json`.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target, fuzzer_mutate};
use serde_json::Value;
use tower_jwt_auth_fuzz::json_mutator;
use tower_jwt_auth_fuzz::strict_json::{Member, Value as Strict, read_object};

// Clippy checks the crate itself elsewhere.
#[allow(dead_code, unused_imports, clippy::all, clippy::pedantic)]
#[path = "../../src/json/mod.rs"]
mod json;

fuzz_target!(|data: &[u8]| -> Corpus {
    match std::str::from_utf8(data) {
        Ok(text) => {
            compare(text);
            Corpus::Keep
        }
        // The crate's reader accepts only a `str`.
        Err(_) => Corpus::Reject,
    }
});

// One change in four comes from libFuzzer.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let text = data.get(..size).and_then(|it| std::str::from_utf8(it).ok());
    let mutated =
        text.filter(|_| !seed.is_multiple_of(4)).and_then(|it| json_mutator::mutate(it, seed));
    match mutated.filter(|it| it.len() <= max_size) {
        Some(mutated) => {
            data.iter_mut().zip(mutated.bytes()).for_each(|(old, new)| *old = new);
            mutated.len()
        }
        None => mutate_bytes(data, size, max_size),
    }
});

/// Mutates like libFuzzer without a custom mutator, and repairs the UTF-8.
fn mutate_bytes(data: &mut [u8], size: usize, max_size: usize) -> usize {
    let size = fuzzer_mutate(data, size, max_size);
    let data = data.get_mut(..size).unwrap_or_default();
    while let Err(error) = std::str::from_utf8(data) {
        data.iter_mut().skip(error.valid_up_to()).take(1).for_each(|byte| *byte &= 0x7F);
    }
    size
}

/// Panics if the readers disagree.
fn compare(text: &str) {
    let expected = read_object(text);
    let read = json::Object::read(text);
    assert_eq!(read.is_ok(), expected.is_ok(), "accepted or rejected, expected {expected:?}");
    if let (Ok(object), Ok(expected)) = (read, expected) {
        assert_eq!(object.len(), expected.len(), "the number of members");
        for ((name, value), member) in object.members().zip(&expected) {
            assert_eq!(name, member.name);
            assert_eq!(object.get(name).map(json::Value::json), Some(member.raw), "{name:?}");
            compare_member(value, member);
        }
        compare_with_serde_json(text, object.deserialize().ok().as_ref(), &expected);
    }
}

fn compare_member(value: json::Value<'_>, expected: &Member<'_>) {
    assert_eq!(value.json(), expected.raw);
    assert_eq!(value.is_null(), expected.value == Strict::Null);
    assert_eq!(value.string(), string(&expected.value));
    assert_eq!(value.strings().map(|it| it.iter().collect()), strings(&expected.value));
    let members = match &expected.value {
        Strict::Object(members) => members.as_slice(),
        _ => &[],
    };
    for name in members.iter().map(|it| it.0.as_str()).chain(["", "absent"]) {
        compare_look_up(&value.member(name), name, members);
    }
}

/// Nested objects may have several members with one name. A lookup must not choose one of them.
fn compare_look_up(found: &json::Found<'_>, name: &str, members: &[(String, Strict)]) {
    let mut expected = members.iter().filter(|it| it.0 == name).map(|it| &it.1);
    let (count, found) = match found {
        json::Found::Absent => (0, None),
        json::Found::Value(value) => (1, value.string()),
        json::Found::Ambiguous => (2, None),
    };
    assert_eq!(
        count,
        expected.clone().count().min(2),
        "the number of members with the name {name:?}"
    );
    if count == 1 {
        assert_eq!(found, expected.next().and_then(string), "{name:?}");
    }
}

fn string(value: &Strict) -> Option<&str> {
    match value {
        Strict::String(string) => Some(string),
        _ => None,
    }
}

/// One string, or a list of strings only.
fn strings(value: &Strict) -> Option<Vec<&str>> {
    match value {
        Strict::String(string) => Some(vec![string]),
        Strict::Array(items) => items.iter().map(string).collect(),
        _ => None,
    }
}

/// The value that `serde` gets from the crate's reader must be the value that `serde_json` reads from the text. Neither
/// reads numbers that are too large.
fn compare_with_serde_json(text: &str, read: Option<&Value>, members: &[Member<'_>]) {
    match serde_json::from_str::<Value>(text) {
        Ok(expected) => {
            let is_expected = |member: &Member<'_>| {
                expected.get(&member.name).is_some_and(|it| is_same(&member.value, it))
            };
            assert!(
                members.iter().all(is_expected),
                "{members:?}, and serde_json reads {expected:?}"
            );
            let is_identical = read.is_some_and(|it| is_identical(it, &expected));
            assert!(is_identical, "the crate reads {read:?}, serde_json reads {expected:?}");
        }
        Err(error) => {
            assert!(error.to_string().starts_with("number out of range"), "{error}");
            assert_eq!(read, None, "{error}");
        }
    }
}

/// Compares everything but the values of numbers.
fn is_same(strict: &Strict, value: &Value) -> bool {
    match (strict, value) {
        (Strict::Null, Value::Null) | (Strict::Number, Value::Number(_)) => true,
        (Strict::Bool(strict), Value::Bool(value)) => strict == value,
        (Strict::String(strict), Value::String(value)) => strict == value,
        (Strict::Array(strict), Value::Array(value)) => {
            strict.len() == value.len() && strict.iter().zip(value).all(|it| is_same(it.0, it.1))
        }
        // `serde_json` keeps the last of several members with one name.
        (Strict::Object(strict), Value::Object(value)) => {
            value.iter().all(|(name, value)| {
                let last = strict.iter().rfind(|it| it.0 == *name);
                last.is_some_and(|it| is_same(&it.1, value))
            }) && strict.iter().all(|it| value.contains_key(&it.0))
        }
        _ => false,
    }
}

/// Whether the numbers are equal and zeros have the same sign, which `==` ignores.
fn is_identical(one: &Value, other: &Value) -> bool {
    let bits = |number: &serde_json::Number| number.as_f64().map(f64::to_bits);
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other && bits(one) == bits(other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|it| is_identical(it.0, it.1))
        }
        (Value::Object(one), Value::Object(other)) => {
            let is_equal =
                |((one, left), (other, right))| one == other && is_identical(left, right);
            one.len() == other.len() && one.iter().zip(other).all(is_equal)
        }
        _ => one == other,
    }
}
