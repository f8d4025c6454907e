//! The name of a member as a `serde` data format: a string, or a number or boolean in that string.

use serde::de::value::StrDeserializer;
use serde::de::{Deserializer, Error, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::error::Unfit;

pub(super) struct Key<'de>(pub(super) &'de str);

macro_rules! numbers {
    ($($method:ident)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
            // The parser below would accept white space around the number.
            let is_ascii_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
            let bytes = self.0.as_bytes();
            if !(is_ascii_digit(bytes.first()) || bytes.first() == Some(&b'-'))
                || !is_ascii_digit(bytes.last())
            {
                return Err(Unfit::invalid_type(Unexpected::Other("a name"), &visitor));
            }
            let mut parser = serde_json::Deserializer::from_str(self.0);
            let number = parser.$method(visitor).and_then(|number| parser.end().map(|()| number));
            number.map_err(|_| Unfit::OTHER)
        })+
    };
}

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = Unfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.0 {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(Unfit::invalid_type(Unexpected::Other("a name"), &visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        let variant: StrDeserializer<'_, Unfit> = self.0.into_deserializer();
        visitor.visit_enum(variant)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_borrowed_bytes(self.0.as_bytes())
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        self.deserialize_bytes(visitor)
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    forward_to_deserialize_any! {
        char str string unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
