//! Standing between a JSON text and a claims type.
//!
//! `serde` drives a pass from the claims type. A [`Tee`] lets a [`Witness`] see every member of the
//! outermost object first. A text or an integer that the witness wants is read once and handed on; any
//! other value that it wants is read twice from its own few bytes; all others go straight through.

use std::borrow::Cow;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Deserializer as JsonDeserializer, Error};

use super::members::Members;
use super::primitive::{IntegerDeserializer, TextDeserializer};

/// Sees the members of an object go by.
pub(super) trait Witness<'de> {
    /// The name of the next member; the answer says what is wanted of its value.
    fn name(&mut self, name: Cow<'de, str>) -> Result<Wanted, Refused>;

    /// The value of the member that was named last, if it is a text.
    fn text(&mut self, text: Option<&Cow<'de, str>>) -> Result<(), Refused>;

    /// The value of the member that was named last, if it is a whole number of a usual size.
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

fn refused(_: Refused) -> Error {
    Error::custom("refused by the witness")
}

/// A deserializer of a whole text that shows what it reads to a witness.
pub(super) struct Tee<'t, 'de, W> {
    text: &'de str,
    witness: &'t mut W,
}

impl<'t, 'de, W: Witness<'de>> Tee<'t, 'de, W> {
    pub(super) const fn new(text: &'de str, witness: &'t mut W) -> Self {
        Self { text, witness }
    }
}

macro_rules! as_map {
    ($($method:ident($($argument:ident: $kind:ty),*);)+) => {
        $(fn $method<V: Visitor<'de>>(self, $($argument: $kind,)* visitor: V) -> Result<V::Value, Error> {
            $(let _ = $argument;)*
            self.read_map(visitor)
        })+
    };
}

// Whatever a claims type asks for, it gets the map: the payload is an object (RFC 7519 §7.2). A type
// that cannot be made from a map says so itself.
impl<'de, W: Witness<'de>> Deserializer<'de> for Tee<'_, 'de, W> {
    type Error = Error;

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

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        // Not seen member by member, so that the witness never sees the end.
        let mut parser = JsonDeserializer::from_str(self.text);
        let value = parser.deserialize_enum(name, variants, visitor)?;
        parser.end().map(|()| value)
    }
}

impl<'de, W: Witness<'de>> Tee<'_, 'de, W> {
    fn read_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let mut members = Members::new(self.text);
        let wanted = Wanted::Nothing;
        let value =
            visitor.visit_map(TeeMap { members: &mut members, witness: self.witness, wanted })?;
        // A type that does not read to the end has not seen whether that is all right.
        if members.is_at_end() { Ok(value) } else { Err(Error::custom("more members")) }
    }
}

struct TeeMap<'t, 'de, W> {
    members: &'t mut Members<'de>,
    witness: &'t mut W,
    /// What the witness wants of the value that comes next.
    wanted: Wanted,
}

impl<'de, W: Witness<'de>> MapAccess<'de> for TeeMap<'_, 'de, W> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some(name) = self.members.name()? else {
            self.witness.end();
            return Ok(None);
        };
        self.wanted = self.witness.name(name.clone()).map_err(refused)?;
        seed.deserialize(TextDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        match self.wanted {
            Wanted::Nothing => seed.deserialize(self.members.value()),
            Wanted::Text => {
                let text = self.members.any_text()?;
                self.witness.text(text.as_ref()).map_err(refused)?;
                let text = text.ok_or_else(|| Error::custom("no text"))?;
                seed.deserialize(TextDeserializer::new(text))
            }
            Wanted::Integer => {
                let integer = self.members.integer();
                self.witness.integer(integer).map_err(refused)?;
                let integer = integer.ok_or_else(|| Error::custom("no integer"))?;
                seed.deserialize(IntegerDeserializer::new(integer))
            }
            Wanted::Raw => {
                let raw = <&'de RawValue>::deserialize(self.members.value())?;
                self.witness.value(raw).map_err(refused)?;
                let mut parser = JsonDeserializer::from_str(raw.get());
                seed.deserialize(&mut parser).map_err(Error::custom)
            }
        }
    }
}
