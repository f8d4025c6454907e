//! The members of the sorted set, and the messages on the channel.

use redis::ToRedisArgs;
use serde::de::IntoDeserializer;
use serde::de::value::Error as ValueError;
use serde::{Deserialize, Serialize};

use crate::claims::NumericDate;
use crate::observe::EntryKind;
use crate::revocation::Entry;

/// The maximum size of a member or message, in bytes.
pub(super) const MOST_BYTES: usize = 4096;

/// The JSON object of an entry. The order of its members is that of the documentation.
#[derive(Deserialize, Serialize)]
struct Member<S> {
    iss: S,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<S>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<NumericDate>,
    /// In messages only: in the set, it is the score.
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<NumericDate>,
}

impl Member<String> {
    /// `None` if the bytes are not an entry. Unknown members are ignored: to reject more is the safe side.
    fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > MOST_BYTES {
            return None;
        }
        serde_json::from_slice(bytes).ok()
    }

    fn entry(self) -> Option<Entry> {
        match (self.jti, self.sid, self.sub, self.iat) {
            (Some(id), None, None, _) => Some(Entry::token(self.iss, id)),
            (None, Some(id), None, _) => Some(Entry::session(self.iss, id)),
            (None, None, Some(id), Some(iat)) => Some(Entry::subject(self.iss, id, iat)),
            _ => None,
        }
    }
}

/// Reads a member of the set, whose score is the time until which it is needed.
pub(super) fn read_member(bytes: &[u8], score: f64) -> Option<Entry> {
    let until = match score {
        f64::INFINITY => None,
        score => Some(date(score)?),
    };
    Some(Member::read(bytes)?.entry()?.until(until))
}

fn date(score: f64) -> Option<NumericDate> {
    let deserializer: serde::de::value::F64Deserializer<ValueError> = score.into_deserializer();
    NumericDate::deserialize(deserializer).ok()
}

/// Reads a message. Without `exp`, the entry never expires.
pub(super) fn read_message(bytes: &[u8]) -> Option<Entry> {
    let member = Member::read(bytes)?;
    let until = member.exp;
    Some(member.entry()?.until(until))
}

/// An entry as it is written.
pub(super) struct Written {
    pub(super) member: String,
    pub(super) score: Score,
    pub(super) message: String,
}

/// Unix seconds, or `None` for an entry that never expires.
#[derive(Clone, Copy)]
pub(super) struct Score(Option<i64>);

impl ToRedisArgs for Score {
    fn write_redis_args<W: ?Sized + redis::RedisWrite>(&self, out: &mut W) {
        match self.0 {
            Some(seconds) => seconds.write_redis_args(out),
            None => "+inf".write_redis_args(out),
        }
    }
}

/// Writes an entry; `None` if it is too long to be read again.
pub(super) fn write(entry: &Entry) -> Option<Written> {
    let id = |kind| (entry.kind() == kind).then(|| entry.id());
    let whole = |date: NumericDate| NumericDate::from_seconds(date.seconds());
    let mut member = Member {
        iss: entry.issuer(),
        jti: id(EntryKind::Token),
        sid: id(EntryKind::Session),
        sub: id(EntryKind::Subject),
        iat: entry.issued_before().map(whole),
        exp: None,
    };
    let text = serde_json::to_string(&member).ok()?;
    // Rounded up, so that the entry is not dropped early.
    let until = entry.needed_until().map(|until| match until.seconds() {
        seconds if until > NumericDate::from_seconds(seconds) => seconds.saturating_add(1),
        seconds => seconds,
    });
    member.exp = until.map(NumericDate::from_seconds);
    let message = serde_json::to_string(&member).ok()?;
    (message.len() <= MOST_BYTES).then_some(Written { member: text, score: Score(until), message })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "https://auth.example.com";

    fn seconds(seconds: i64) -> NumericDate {
        NumericDate::from_seconds(seconds)
    }

    fn score(score: Score) -> String {
        String::from_utf8(score.to_redis_args().concat()).unwrap()
    }

    #[test]
    fn entries_are_written_as_documented_and_read_again() {
        let later = serde_json::from_str::<NumericDate>("1900000000.5").unwrap();
        for (entry, member, expected_score, message) in [
            (
                Entry::token(NAME, "t1").until(seconds(1_900_000_000)),
                r#"{"iss":"https://auth.example.com","jti":"t1"}"#,
                "1900000000",
                r#"{"iss":"https://auth.example.com","jti":"t1","exp":1900000000}"#,
            ),
            (
                Entry::session("", "a \"b\"").until(later),
                r#"{"iss":"","sid":"a \"b\""}"#,
                "1900000001",
                r#"{"iss":"","sid":"a \"b\"","exp":1900000001}"#,
            ),
            (
                Entry::subject(NAME, "alice", later),
                r#"{"iss":"https://auth.example.com","sub":"alice","iat":1900000000}"#,
                "+inf",
                r#"{"iss":"https://auth.example.com","sub":"alice","iat":1900000000}"#,
            ),
        ] {
            let written = write(&entry).unwrap();
            assert_eq!((written.member.as_str(), written.message.as_str()), (member, message));
            assert_eq!(score(written.score), expected_score);
            let from_set = read_member(member.as_bytes(), expected_score.parse().unwrap()).unwrap();
            let from_message = read_message(message.as_bytes()).unwrap();
            assert_eq!(from_set, from_message);
            assert_eq!(
                (from_set.kind(), from_set.issuer(), from_set.id()),
                (entry.kind(), entry.issuer(), entry.id())
            );
            assert_eq!(
                from_set.needed_until(),
                entry.needed_until().map(|_| seconds(expected_score.parse().unwrap()))
            );
        }
    }

    #[test]
    fn other_spellings_of_an_entry_are_read() {
        for text in [
            r#"{"iss":"a","sub":"b","iat":7}"#,
            r#" { "iat" : 7.9, "sub" : "b", "iss" : "a" } "#,
            r#"{"iss":"\u0061","sub":"b","iat":7,"jti":null,"reason":["logout"]}"#,
        ] {
            let entry = read_member(text.as_bytes(), 9.0).unwrap();
            assert_eq!((entry.issuer(), entry.id()), ("a", "b"), "{text}");
            assert_eq!(entry.issued_before().map(NumericDate::seconds), Some(7));
            assert_eq!(entry.needed_until(), Some(seconds(9)));
        }
    }

    #[test]
    fn malformed_entries_are_not_read() {
        let long = "x".repeat(MOST_BYTES);
        for text in [
            "",
            "t1",
            "[]",
            "null",
            "{}",
            r#"{"iss":"a"}"#,
            r#"{"jti":"b"}"#,
            r#"{"iss":1,"jti":"b"}"#,
            r#"{"iss":"a","jti":7}"#,
            r#"{"iss":"a","jti":"b","sid":"c"}"#,
            r#"{"iss":"a","jti":"b","jti":"c"}"#,
            r#"{"iss":"a","sub":"b"}"#,
            r#"{"iss":"a","sub":"b","iat":"7"}"#,
            r#"{"iss":"a","jti":"b","exp":"7"}"#,
            r#"{"iss":"a","jti":"b"} x"#,
            r#"{"iss":"a","jti":"b""#,
            &format!(r#"{{"iss":"a","jti":"{long}"}}"#),
        ] {
            assert!(read_message(text.as_bytes()).is_none(), "{text}");
            assert!(read_member(text.as_bytes(), 7.0).is_none(), "{text}");
        }
        assert!(read_message(b"{\"iss\":\"\xff\",\"jti\":\"b\"}").is_none());
        let good = r#"{"iss":"a","jti":"b"}"#.as_bytes();
        assert!(read_message(good).is_some() && read_member(good, 7.0).is_some());
        assert!(read_member(good, f64::NAN).is_none());
    }

    #[test]
    fn entries_that_readers_would_skip_are_not_written() {
        let fits = MOST_BYTES - r#"{"iss":"a","jti":"","exp":7}"#.len();
        let entry = |len: usize| Entry::token("a", "x".repeat(len)).until(seconds(7));
        assert!(write(&entry(fits)).is_some());
        assert!(write(&entry(fits + 1)).is_none());
    }
}
