//! Standing between a JSON parser and a claims type.
//!
//! `serde` drives a pass from the claims type. A [`Tee`] lets a [`Witness`] see every member of the
//! outermost object first. A text or an integer that the witness wants is read once and handed on; any
//! other value that it wants is read twice from its own few bytes; all others go straight through.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Deserializer as JsonDeserializer;
use serde_json::de::StrRead;
use serde_json::value::RawValue;

use super::json::BorrowText;
use super::primitive::{IntegerDeserializer, TextDeserializer};

/// Sees the members of an object go by.
pub(super) trait Witness<'de> {
    /// The name of the next member; the answer says what is wanted of its value.
    fn name(&mut self, name: Cow<'de, str>) -> Result<Wanted, Refused>;

    /// The value of the member that was named last, if it is a text.
    fn text(&mut self, text: Option<&Cow<'de, str>>) -> Result<(), Refused>;

    /// The value of the member that was named last, if it is an integer that 64 bits can hold.
    fn integer(&mut self, integer: Option<i64>) -> Result<(), Refused>;

    /// The value of the member that was named last, whatever it is.
    fn value(&mut self, raw: &'de RawValue) -> Result<(), Refused>;

    /// There are no more members.
    fn end(&mut self);
}

/// What a witness wants of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Nothing,
    /// The text that it should be.
    Text,
    /// The integer that it should be.
    Integer,
    /// Its JSON.
    Raw,
}

/// The witness will not have it. It keeps the reason: `serde` errors carry nothing but text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused;

fn refused<E: de::Error>(_: Refused) -> E {
    E::custom("refused by the witness")
}

/// A deserializer that shows what it reads to a witness.
pub(super) struct Tee<'t, 'de, W> {
    parser: &'t mut JsonDeserializer<StrRead<'de>>,
    witness: &'t mut W,
}

impl<'t, 'de, W: Witness<'de>> Tee<'t, 'de, W> {
    pub(super) fn new(parser: &'t mut JsonDeserializer<StrRead<'de>>, witness: &'t mut W) -> Self {
        Self { parser, witness }
    }
}

macro_rules! as_map {
    ($($method:ident($($argument:ident: $kind:ty),*);)+) => {
        $(fn $method<V: Visitor<'de>>(self, $($argument: $kind,)* visitor: V) -> Result<V::Value, Self::Error> {
            $(let _ = $argument;)*
            self.parser.deserialize_map(TeeVisitor { visitor, witness: self.witness })
        })+
    };
}

// Whatever a claims type asks for, it gets the map: the payload is an object (RFC 7519 §7.2). A type
// that cannot be made from a map says so itself.
impl<'de, W: Witness<'de>> Deserializer<'de> for Tee<'_, 'de, W> {
    type Error = serde_json::Error;

    as_map! {
        deserialize_any();
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
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
        deserialize_struct(_name: &'static str, _fields: &'static [&'static str]);
        deserialize_identifier();
        deserialize_ignored_any();
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        // Not seen member by member, so that the witness never sees the end.
        self.parser.deserialize_enum(name, variants, visitor)
    }
}

struct TeeVisitor<'t, V, W> {
    visitor: V,
    witness: &'t mut W,
}

impl<'de, V: Visitor<'de>, W: Witness<'de>> Visitor<'de> for TeeVisitor<'_, V, W> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(TeeMap { map, witness: self.witness, wanted: Wanted::Nothing })
    }
}

struct TeeMap<'t, A, W> {
    map: A,
    witness: &'t mut W,
    /// What the witness wants of the value that comes next.
    wanted: Wanted,
}

impl<'de, A: MapAccess<'de>, W: Witness<'de>> MapAccess<'de> for TeeMap<'_, A, W> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let Some(name) = self.map.next_key_seed(BorrowText)? else {
            self.witness.end();
            return Ok(None);
        };
        self.wanted = self.witness.name(name.clone()).map_err(refused)?;
        seed.deserialize(TextDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        match self.wanted {
            Wanted::Nothing => self.map.next_value_seed(seed),
            Wanted::Text => {
                let text = self.map.next_value_seed(MaybeText)?;
                self.witness.text(text.as_ref()).map_err(refused)?;
                let text = text.ok_or_else(|| de::Error::custom("no text"))?;
                seed.deserialize(TextDeserializer::new(text))
            }
            Wanted::Integer => {
                let integer = self.map.next_value_seed(MaybeInteger)?;
                self.witness.integer(integer).map_err(refused)?;
                let integer = integer.ok_or_else(|| de::Error::custom("no integer"))?;
                seed.deserialize(IntegerDeserializer::new(integer))
            }
            Wanted::Raw => {
                let raw: &'de RawValue = self.map.next_value()?;
                self.witness.value(raw).map_err(refused)?;
                seed.deserialize(&mut JsonDeserializer::from_str(raw.get()))
                    .map_err(de::Error::custom)
            }
        }
    }

    fn size_hint(&self) -> Option<usize> {
        self.map.size_hint()
    }
}

macro_rules! nothing_else {
    ($($method:ident: $kind:ty),*) => {
        $(fn $method<E>(self, _: $kind) -> Result<Self::Value, E> {
            Ok(None)
        })*

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            Ok(None)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(None)
        }
    };
}

/// Reads a text without copying it, unless it has escapes; `None` for anything else.
struct MaybeText;

impl<'de> DeserializeSeed<'de> for MaybeText {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for MaybeText {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }

    nothing_else!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64);
}

/// Reads an integer that 64 bits can hold; `None` for anything else.
struct MaybeInteger;

impl<'de> DeserializeSeed<'de> for MaybeInteger {
    type Value = Option<i64>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for MaybeInteger {
    type Value = Option<i64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer")
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Self::Value, E> {
        Ok(Some(integer))
    }

    fn visit_u64<E>(self, integer: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(integer).ok())
    }

    nothing_else!(visit_bool: bool, visit_f64: f64, visit_str: &str);
}
