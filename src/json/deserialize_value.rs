//! A value as a `serde` data format. `serde_json` reads objects, arrays, and numbers that are not 64-bit integers.
//! Other values are read here.

use serde::Deserializer;
use serde::de::value::StrDeserializer;
use serde::de::{Error, Unexpected, Visitor};

use super::error::Unfit;
use super::value::{Kind, Number, Value};

/// The name with which `serde_json::value::RawValue` requests the text of a value.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

impl<'a> Value<'a> {
    /// Parses the value with `serde_json`.
    fn parse<T>(
        self,
        read: impl FnOnce(
            &mut serde_json::Deserializer<serde_json::de::StrRead<'a>>,
        ) -> serde_json::Result<T>,
    ) -> Result<T, Unfit> {
        let mut parser = serde_json::Deserializer::from_str(self.json());
        let value = read(&mut parser).and_then(|value| parser.end().map(|()| value));
        value.map_err(|_| Unfit::OTHER)
    }
}

/// The value does not have the requested type.
fn unexpected<'a, V: Visitor<'a>>(visitor: &V) -> Unfit {
    Unfit::invalid_type(Unexpected::Other("a value"), visitor)
}

/// Like `serde_json`, visits a number that is not negative as an unsigned one.
fn visit_signed<'a, V: Visitor<'a>>(number: i64, visitor: V) -> Result<V::Value, Unfit> {
    match u64::try_from(number) {
        Ok(number) => visitor.visit_u64(number),
        Err(_) => visitor.visit_i64(number),
    }
}

macro_rules! numbers {
    ($($method:ident)+) => {
        $(fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Unfit> {
            match self.number() {
                Some(number) => match number {
                    Number::Signed(number) => visit_signed(number, visitor),
                    Number::Unsigned(number) => visitor.visit_u64(number),
                    Number::Other => self.parse(|parser| parser.$method(visitor)),
                },
                None => Err(unexpected(&visitor)),
            }
        })+
    };
}

macro_rules! strings {
    ($($method:ident)+) => {
        $(fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Unfit> {
            match self.string() {
                Some(string) => visitor.visit_borrowed_str(string),
                None => Err(unexpected(&visitor)),
            }
        })+
    };
}

macro_rules! nested {
    ($($method:ident($($argument:ident: $kind:ty),*);)+) => {
        $(fn $method<V: Visitor<'a>>(self, $($argument: $kind,)* visitor: V) -> Result<V::Value, Unfit> {
            match self.kind() {
                Kind::Array | Kind::Object => self.parse(|parser| parser.$method($($argument,)* visitor)),
                _ => Err(unexpected(&visitor)),
            }
        })+
    };
}

impl<'a> Deserializer<'a> for Value<'a> {
    type Error = Unfit;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.kind() {
            Kind::Null => visitor.visit_unit(),
            Kind::Bool(value) => visitor.visit_bool(value),
            Kind::Number(Number::Signed(number)) => visit_signed(number, visitor),
            Kind::Number(Number::Unsigned(number)) => visitor.visit_u64(number),
            Kind::String(string) => visitor.visit_borrowed_str(string),
            Kind::Number(Number::Other) | Kind::Array | Kind::Object => {
                self.parse(|parser| parser.deserialize_any(visitor))
            }
        }
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.kind() {
            Kind::Bool(value) => visitor.visit_bool(value),
            _ => Err(unexpected(&visitor)),
        }
    }

    fn deserialize_bytes<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.string() {
            Some(string) => visitor.visit_borrowed_bytes(string.as_bytes()),
            None => self.deserialize_seq(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Unfit> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_unit<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Unfit> {
        if self.is_null() { visitor.visit_unit() } else { Err(unexpected(&visitor)) }
    }

    fn deserialize_unit_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Unfit> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        if name == RAW_VALUE {
            return self.parse(|parser| parser.deserialize_newtype_struct(name, visitor));
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        match self.kind() {
            Kind::String(variant) => visitor.visit_enum(StrDeserializer::new(variant)),
            Kind::Object => self.parse(|parser| parser.deserialize_enum(name, variants, visitor)),
            _ => Err(unexpected(&visitor)),
        }
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    strings! { deserialize_char deserialize_str deserialize_string deserialize_identifier }

    nested! {
        deserialize_seq();
        deserialize_tuple(len: usize);
        deserialize_tuple_struct(name: &'static str, len: usize);
        deserialize_map();
        deserialize_struct(name: &'static str, fields: &'static [&'static str]);
    }
}
