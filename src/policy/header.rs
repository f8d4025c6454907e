//! The `typ` header.

use crate::error::{Error, ErrorKind};

/// Compares media types by RFC 7515 §4.1.9: without regard to case, and `application/` may be omitted if there is
/// no other slash.
pub(super) fn check_type(wanted: &str, typ: Option<&str>) -> Result<(), Error> {
    match typ {
        Some(typ) if short(typ).eq_ignore_ascii_case(short(wanted)) => Ok(()),
        Some(_) => Err(ErrorKind::InvalidType.into()),
        None => Err(Error::new(ErrorKind::InvalidType).with_detail("`typ` is missing")),
    }
}

/// The media type without the prefix that may be omitted.
pub(super) fn short(media_type: &str) -> &str {
    const PREFIX: &str = "application/";
    match media_type.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) && !rest.contains('/') => rest,
        _ => media_type,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_match_regardless_of_case_and_application_prefix() {
        let passes = |wanted, typ| check_type(wanted, Some(typ)).is_ok();
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
            assert!(passes("at+jwt", typ), "{typ}");
            assert!(passes("application/at+jwt", typ), "{typ}");
        }
        for typ in ["jwt", "at+jwt ", "", "text/at+jwt", "application/x/at+jwt", "at+jwt; v=1"] {
            assert!(!passes("at+jwt", typ), "{typ}");
        }
        assert!(check_type("at+jwt", None).is_err());
    }
}
