//! An object as a `serde` data format.

use std::ops::Deref;

use serde::Deserializer;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Error, MapAccess, Unexpected, Visitor};

use super::deserialize_key::Key;
use super::error::Unfit;
use super::object::Object;
use super::value::Value;

impl<T: Deref<Target = str>> Object<T> {
    /// Reads the object into any type. Only values that are objects or arrays are parsed again.
    ///
    /// # Errors
    ///
    /// The object does not fit the type.
    pub(crate) fn deserialize<C: DeserializeOwned>(&self) -> Result<C, Unfit> {
        C::deserialize(Members::new(self.members(), &[]))
    }
}

/// The members that have not been deserialized yet.
struct Members<'a, I> {
    rest: I,
    /// The member whose value comes next.
    next: Option<(&'a str, Value<'a>)>,
    /// The field names of the type.
    fields: &'static [&'static str],
}

impl<'a, I: ExactSizeIterator<Item = (&'a str, Value<'a>)>> Members<'a, I> {
    const fn new(rest: I, fields: &'static [&'static str]) -> Self {
        Self { rest, next: None, fields }
    }

    /// Passes the members to a type as a map. It is an error if the type leaves some of them unread.
    fn visit<V: Visitor<'a>>(mut self, visitor: V) -> Result<V::Value, Unfit> {
        let value = visitor.visit_map(&mut self)?;
        if self.rest.len() == 0 { Ok(value) } else { Err(Unfit::OTHER) }
    }
}

impl<'a, I: Iterator<Item = (&'a str, Value<'a>)>> MapAccess<'a> for Members<'a, I> {
    type Error = Unfit;

    fn next_key_seed<K: DeserializeSeed<'a>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unfit> {
        self.next = self.rest.next();
        let Some((name, _)) = self.next else { return Ok(None) };
        let key = seed.deserialize(Key(name));
        key.map(Some).map_err(|unfit| unfit.at(name, self.fields))
    }

    fn next_value_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<S::Value, Unfit> {
        let (name, value) = self.next.take().ok_or(Unfit::OTHER)?;
        seed.deserialize(value).map_err(|unfit| unfit.at(name, self.fields))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.size_hint().0)
    }
}

macro_rules! as_map {
    ($($method:ident($($argument:ident: $kind:ty),*);)+) => {
        $(fn $method<V: Visitor<'a>>(self, $($argument: $kind,)* visitor: V) -> Result<V::Value, Unfit> {
            $(let _ = $argument;)*
            self.visit(visitor)
        })+
    };
}

// Every request is answered with the map. A type that cannot be made from a map returns the error
// itself.
impl<'a, I: ExactSizeIterator<Item = (&'a str, Value<'a>)>> Deserializer<'a> for Members<'a, I> {
    type Error = Unfit;

    as_map! {
        deserialize_any();
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_i128();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
        deserialize_u128();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_unit();
        deserialize_unit_struct(_name: &'static str);
        deserialize_seq();
        deserialize_tuple(_len: usize);
        deserialize_tuple_struct(_name: &'static str, _len: usize);
        deserialize_map();
        deserialize_identifier();
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        Self { fields, ..self }.visit(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    /// The only member is the variant (externally tagged).
    fn deserialize_enum<V: Visitor<'a>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        if self.rest.len() != 1 {
            return Err(Unfit::invalid_type(Unexpected::Map, &visitor));
        }
        MapAccessDeserializer::new(self).deserialize_enum(name, variants, visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde::de::IgnoredAny;
    use serde_json::Value as Json;
    use serde_json::value::RawValue;
    use std::collections::{BTreeMap, HashMap};
    use std::fmt::Debug;

    /// Reads a text, and asserts that `serde_json` reads the same or fails as well.
    fn same<C: DeserializeOwned + PartialEq + Debug>(text: &str) -> Option<C> {
        let parsed = serde_json::from_str::<C>(text).ok();
        let read = Object::read(text).unwrap().deserialize::<C>().ok();
        assert_eq!(read, parsed, "{text}");
        read
    }

    fn unfit<C: DeserializeOwned>(text: &str) -> String {
        match Object::read(text).unwrap().deserialize::<C>() {
            Ok(_) => String::new(),
            Err(unfit) => unfit.to_string(),
        }
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Small {
        sub: String,
        admin: Option<bool>,
    }

    #[test]
    fn structs_maps_options_and_newtypes_are_read() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct New(Option<Small>);
        assert!(same::<Small>(r#"{"sub":"s","x":1}"#).is_some());
        assert!(same::<Small>(r#"{"sub":"s","admin":null}"#).is_some());
        assert!(same::<Small>(r#"{"admin":true}"#).is_none());
        assert!(same::<Small>(r#"{"sub":7}"#).is_none());
        assert!(same::<Option<Small>>(r#"{"sub":"\u0073"}"#).is_some());
        assert!(same::<New>(r#"{"sub":"s"}"#).is_some());
        assert!(same::<Box<Small>>(r#"{"sub":"s"}"#).is_some());
        assert!(same::<Json>(r#"{"a":[1,-2,3.5,{"b":null}],"c":"\n","d":-0,"e":1e3}"#).is_some());
        assert!(same::<BTreeMap<String, Json>>(r#"{"exp":9}"#).is_some());
        assert!(same::<BTreeMap<String, u8>>(r#"{"a":256}"#).is_none());
        assert!(same::<HashMap<String, Vec<String>>>(r#"{"a":["b"],"c":[]}"#).is_some());
        for text in ["{}", r#"{"a":1}"#] {
            assert!(same::<String>(text).is_none() && same::<Vec<u8>>(text).is_none());
            assert!(same::<u64>(text).is_none() && same::<bool>(text).is_none());
            assert!(same::<()>(text).is_none() && same::<(u8, u8)>(text).is_none());
            assert!(Object::read(text).unwrap().deserialize::<IgnoredAny>().is_ok());
        }
    }

    #[test]
    fn members_are_read_the_same_as_by_serde_json() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Unit;
        #[derive(Debug, Deserialize, PartialEq)]
        struct Id(String);
        #[derive(Debug, Deserialize, PartialEq)]
        struct Pair(String, u8);
        #[derive(Debug, Deserialize, PartialEq)]
        #[serde(rename_all = "lowercase")]
        enum Kind {
            Plain,
            New(u8),
            Tuple(u8, u8),
            Struct { a: u8 },
        }
        #[derive(Debug, Deserialize, PartialEq)]
        #[serde(untagged)]
        enum Any {
            Number(u8),
            Text(String),
            List(Vec<Any>),
            Object { a: u8 },
        }
        #[derive(Debug, Deserialize, PartialEq)]
        #[serde(tag = "t", content = "c")]
        enum Adjacent {
            A(u8),
            B,
        }
        macro_rules! of {
            ($($kind:ty)+) => {
                |value: &str| {
                    let text = format!("{{\"a\":{value}}}");
                    [$(same::<BTreeMap<String, $kind>>(&text).is_some()),+]
                }
            };
        }
        let numbers = of!(u8 i8 u16 i16 u32 i32 u64 i64 u128 i128 f32 f64);
        let others = of!(bool char String Box<str> () Unit Id Pair Kind Any Adjacent Json Option<u8>
            Option<String> Option<Id> Vec<u8> Vec<Id> (u8, u8) [u8; 2] Small BTreeMap<u8, u8>);
        let mut read = 0;
        for value in [
            "0",
            "1",
            "-1",
            "255",
            "256",
            "-128",
            "65536",
            "4294967296",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "-9223372036854775809",
            "18446744073709551615",
            "18446744073709551616",
            "340282366920938463463374607431768211455",
            "-0",
            "0.0",
            "1.5",
            "-1e-3",
            "1e400",
            "true",
            "false",
            "null",
            "\"\"",
            "\"a\"",
            "\"ab\"",
            "\"\\u0061\"",
            "\"1\"",
            "\"true\"",
            "\"plain\"",
            "\"new\"",
            "[]",
            "[1]",
            "[1,2]",
            "[\"a\",1]",
            "[\"a\"]",
            "[null]",
            "{}",
            "{\"a\":1}",
            "{\"1\":2}",
            "{\"new\":1}",
            "{\"new\":256}",
            "{\"tuple\":[1,2]}",
            "{\"struct\":{\"a\":1}}",
            "{\"plain\":null}",
            "{\"new\":1,\"plain\":null}",
            "{\"t\":\"A\",\"c\":1}",
            "{\"t\":\"B\"}",
            "{\"sub\":\"s\",\"sub\":\"t\"}",
            "{\"sub\":\"s\"}",
        ] {
            read += numbers(value).iter().chain(&others(value)).filter(|is_read| **is_read).count();
        }
        println!("{read} of {} were read", 50 * 33);
        assert!(read > 200, "{read}");
    }

    #[test]
    fn raw_values_keep_their_text() {
        #[derive(Deserialize)]
        struct Raw {
            a: Box<RawValue>,
            b: Option<Box<RawValue>>,
        }
        for value in ["1.50", "\"\\u0062\"", "[ 1 ]", "{\"c\" : null}", "true"] {
            let object = Object::read(format!("{{\"a\":{value},\"b\":{value}}}")).unwrap();
            let raw: Raw = object.deserialize().unwrap();
            assert_eq!((raw.a.get(), raw.b.unwrap().get()), (value, value));
        }
    }

    #[test]
    fn map_keys_are_read_the_same_as_by_serde_json() {
        #[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
        struct Id(String);
        #[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
        enum Known {
            A,
            B,
        }
        let mut read = 0;
        for name in [
            "",
            "A",
            "B",
            "C",
            "true",
            "false",
            "True",
            "0",
            "7",
            "-7",
            "255",
            "256",
            "01",
            "+1",
            " 1",
            "1 ",
            "1.5",
            "1e0",
            "18446744073709551616",
            "-0",
            "a",
            "ab",
            "\\u0041",
            "null",
        ] {
            let text = format!("{{\"{name}\":1}}");
            let results = [
                same::<BTreeMap<String, u8>>(&text).is_some(),
                same::<BTreeMap<Id, u8>>(&text).is_some(),
                same::<BTreeMap<Option<Id>, u8>>(&text).is_some(),
                same::<BTreeMap<Known, u8>>(&text).is_some(),
                same::<BTreeMap<bool, u8>>(&text).is_some(),
                same::<BTreeMap<char, u8>>(&text).is_some(),
                same::<BTreeMap<u8, u8>>(&text).is_some(),
                same::<BTreeMap<i64, u8>>(&text).is_some(),
                same::<BTreeMap<u128, u8>>(&text).is_some(),
            ];
            read += results.iter().filter(|is_read| **is_read).count();
        }
        println!("{read} of {} were read", 24 * 9);
        assert!(read > 90, "{read}");
    }

    #[test]
    fn flattened_types_and_enums_of_every_form_are_read() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Flat {
            sub: String,
            #[serde(flatten)]
            small: Option<Small2>,
            #[serde(flatten)]
            rest: BTreeMap<String, Json>,
        }
        #[derive(Debug, Deserialize, PartialEq)]
        struct Small2 {
            exp: i64,
        }
        #[derive(Debug, Deserialize, PartialEq)]
        enum External {
            User(u8),
            Both(u8, String),
            Named { a: u8 },
            Unit,
        }
        #[derive(Debug, Deserialize, PartialEq)]
        #[serde(tag = "type")]
        enum Internal {
            User { id: u8 },
            Robot,
        }
        #[derive(Debug, Deserialize, PartialEq)]
        #[serde(untagged)]
        enum Untagged {
            User { id: u8 },
            Other(BTreeMap<String, Json>),
        }
        #[derive(Debug, Deserialize, PartialEq)]
        #[serde(deny_unknown_fields)]
        struct Closed {
            #[serde(default, alias = "b")]
            a: u8,
        }
        let mut read = 0;
        for text in [
            "{}",
            r#"{"sub":"s","exp":9,"x":[1]}"#,
            r#"{"sub":"s","x":{"y":"z"}}"#,
            r#"{"sub":"s","exp":"9"}"#,
            r#"{"User":7}"#,
            r#"{"User":"7"}"#,
            r#"{"User":7,"x":1}"#,
            r#"{"Both":[1,"a"]}"#,
            r#"{"Both":[1]}"#,
            r#"{"Named":{"a":1}}"#,
            r#"{"Unit":null}"#,
            r#"{"Unit":1}"#,
            r#"{"Other":1}"#,
            r#"{"type":"User","id":7}"#,
            r#"{"id":7,"type":"User"}"#,
            r#"{"type":"Robot"}"#,
            r#"{"type":"None"}"#,
            r#"{"id":7}"#,
            r#"{"id":"7"}"#,
            r#"{"a":1}"#,
            r#"{"b":1}"#,
            r#"{"c":1}"#,
        ] {
            let results = [
                same::<Flat>(text).is_some(),
                same::<External>(text).is_some(),
                same::<Internal>(text).is_some(),
                same::<Untagged>(text).is_some(),
                same::<Closed>(text).is_some(),
            ];
            read += results.iter().filter(|is_read| **is_read).count();
        }
        println!("{read} of {} were read", 22 * 5);
        assert!(read > 30, "{read}");
    }

    #[test]
    fn errors_name_the_member_and_drop_the_value() {
        #[derive(Debug, Deserialize)]
        #[allow(dead_code)]
        struct Mine {
            tenant: String,
            #[serde(default)]
            level: u8,
            #[serde(default)]
            address: BTreeMap<String, u8>,
            #[serde(default)]
            kind: Option<Kind>,
        }
        #[derive(Debug, Deserialize)]
        enum Kind {
            A,
        }
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Closed {}
        assert_eq!(unfit::<Mine>("{}"), "`tenant` is missing");
        assert_eq!(unfit::<Mine>(r#"{"tenant":4711}"#), "`tenant`: expected a string");
        assert_eq!(unfit::<Mine>(r#"{"tenant":"t","level":4711}"#), "`level`: expected u8");
        assert_eq!(unfit::<Mine>(r#"{"tenant":"t","level":-1}"#), "`level`: expected u8");
        assert_eq!(
            unfit::<Mine>(r#"{"tenant":"t","address":{"x":"secret"}}"#),
            "`address` does not fit"
        );
        assert_eq!(unfit::<Mine>(r#"{"tenant":"t","kind":"secret"}"#), "`kind` does not fit");
        assert_eq!(unfit::<BTreeMap<String, u8>>(r#"{"a\nb":"secret"}"#), "`a\\nb`: expected u8");
        assert_eq!(unfit::<BTreeMap<u8, u8>>(r#"{"secret":1}"#), "`secret`: expected u8");
        assert_eq!(unfit::<Closed>(r#"{"other":1}"#), "`other` does not fit");
        assert_eq!(unfit::<String>("{}"), "the object: expected a string");
        assert_eq!(unfit::<Kind>(r#"{"secret":1}"#), "`secret` does not fit");
    }
}
