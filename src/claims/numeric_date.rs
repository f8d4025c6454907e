//! Dates in tokens.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use serde_json::Number as JsonNumber;

use crate::json::{Number, Value};

const NANOS_PER_SECOND: u32 = 1_000_000_000;

/// Seconds since 1970-01-01T00:00:00Z, with an optional fraction (`NumericDate`, RFC 7519 §2).
///
/// A value beyond the range of 64 bits saturates, and so does arithmetic: no claim can cause an overflow. A
/// literal beyond the range of floating point, such as `1e400`, is rejected.
///
/// ```
/// use std::time::Duration;
/// use tower_jwt_auth::claims::NumericDate;
///
/// let date: NumericDate = serde_json::from_str("1300819380.5")?;
/// assert!(date > NumericDate::from_seconds(1_300_819_380));
/// assert_eq!(date.saturating_add(Duration::from_millis(500)).seconds(), 1_300_819_381);
///
/// assert!(serde_json::from_str::<NumericDate>("\"1300819380\"").is_err()); // a string is rejected
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumericDate {
    seconds: i64,
    nanos: u32,
}

impl NumericDate {
    const MAX: Self = Self { seconds: i64::MAX, nanos: 0 };
    const MIN: Self = Self { seconds: i64::MIN, nanos: 0 };

    /// A date of whole seconds.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self { seconds, nanos: 0 }
    }

    /// The whole seconds, rounded down.
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// The whole seconds in 32 bits. A date beyond the range saturates.
    #[cfg(feature = "denylist")]
    pub(crate) fn seconds_u32(self) -> u32 {
        u32::try_from(self.seconds.max(0)).unwrap_or(u32::MAX)
    }

    /// Adds a duration; saturates at the end of the range.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        let Ok(seconds) = i64::try_from(duration.as_secs()) else {
            return Self::MAX;
        };
        let nanos = self.nanos + duration.subsec_nanos();
        let carry = i64::from(nanos / NANOS_PER_SECOND);
        match self.seconds.checked_add(seconds).and_then(|sum| sum.checked_add(carry)) {
            Some(seconds) => Self { seconds, nanos: nanos % NANOS_PER_SECOND },
            None => Self::MAX,
        }
    }

    /// This date as system time; `None` if the system cannot represent it.
    pub fn to_system_time(self) -> Option<SystemTime> {
        let fraction = Duration::from_nanos(self.nanos.into());
        let whole = Duration::from_secs(self.seconds.unsigned_abs());
        let second = if self.seconds < 0 {
            UNIX_EPOCH.checked_sub(whole)
        } else {
            UNIX_EPOCH.checked_add(whole)
        };
        second?.checked_add(fraction)
    }

    /// Reads a JSON number; `None` for anything else.
    pub(crate) fn from_value(value: Value<'_>) -> Option<Self> {
        match value.number()? {
            Number::Signed(seconds) => Some(Self::from_seconds(seconds)),
            // A fraction, an exponent, or more than 63 bits.
            _ => value.json().parse().ok().and_then(Self::from_f64),
        }
    }

    fn from_f64(value: f64) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        let floor = value.floor();
        // `as` saturates; the two ends of the range are exact powers of two and compare exactly.
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
        let whole = match floor {
            low if low < i64::MIN as f64 => return Some(Self::MIN),
            high if high >= i64::MAX as f64 => return Some(Self::MAX),
            floor => floor as i64,
        };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let nanos = ((value - floor) * f64::from(NANOS_PER_SECOND)) as u32;
        Some(Self { seconds: whole, nanos: nanos.min(NANOS_PER_SECOND - 1) })
    }
}

/// Prints the date as RFC 3339 in whole seconds. Dates before 1970 or after 9999 are printed as a number of seconds.
impl fmt::Display for NumericDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// 9999-12-31T23:59:59Z.
        const LAST: u64 = 253_402_300_799;
        let seconds = match u64::try_from(self.seconds) {
            Ok(seconds) if seconds <= LAST => seconds,
            _ => return self.seconds.fmt(f),
        };
        let (days, time) = (seconds / 86_400, seconds % 86_400);
        let (year, month, day) = calendar_day(days);
        let (hours, minutes, seconds) = (time / 3_600, time / 60 % 60, time % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}Z")
    }
}

/// Year, month and day of a number of days since 1970-01-01, in the Gregorian calendar. The calculation counts from
/// March, so that a leap day is the last day of a year.
const fn calendar_day(days: u64) -> (u64, u64, u64) {
    const DAYS_OF_400_YEARS: u64 = 146_097;
    let since_0000_03_01 = days + 719_468;
    let (centuries, day) =
        (since_0000_03_01 / DAYS_OF_400_YEARS, since_0000_03_01 % DAYS_OF_400_YEARS);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, is_next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (400 * centuries + year + is_next_year, month, day)
}

impl From<SystemTime> for NumericDate {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(since) => Self::from_seconds(0).saturating_add(since),
            Err(before) => {
                let before = before.duration();
                let Ok(seconds) = i64::try_from(before.as_secs()) else {
                    return Self::MIN;
                };
                match before.subsec_nanos() {
                    0 => Self::from_seconds(-seconds),
                    nanos => Self { seconds: -seconds - 1, nanos: NANOS_PER_SECOND - nanos },
                }
            }
        }
    }
}

impl Serialize for NumericDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.nanos == 0 {
            return serializer.serialize_i64(self.seconds);
        }
        // A fraction was read from a double, so converting it back loses nothing.
        #[allow(clippy::cast_precision_loss)]
        let seconds = self.seconds as f64;
        serializer.serialize_f64(seconds + f64::from(self.nanos) / f64::from(NANOS_PER_SECOND))
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // `JsonNumber` also works with the feature `arbitrary_precision` of `serde_json`.
        let number = JsonNumber::deserialize(deserializer)?;
        match number.as_i64() {
            Some(seconds) => Some(Self::from_seconds(seconds)),
            None => number.as_f64().and_then(Self::from_f64),
        }
        .ok_or_else(|| de::Error::custom("not a number of seconds since 1970"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Object;

    fn from_json(text: &str) -> Option<NumericDate> {
        let object = Object::read(format!("{{\"exp\":{text}}}")).ok()?;
        NumericDate::from_value(object.get("exp")?)
    }

    fn date(text: &str) -> NumericDate {
        from_json(text).unwrap()
    }

    #[test]
    fn dates_are_printed_as_rfc_3339() {
        let print = |seconds: i64| NumericDate::from_seconds(seconds).to_string();
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (253_402_300_800, "253402300800"),
            (-1, "-1"),
            (i64::MIN, "-9223372036854775808"),
            (i64::MAX, "9223372036854775807"),
        ] {
            assert_eq!(print(seconds), text);
        }
        // Every seventh day, each at another time.
        for day in (0..2_932_896).step_by(7) {
            let seconds = day * 86_400 + day * 7_919 % 86_400;
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            let expected = humantime::format_rfc3339_seconds(time).to_string();
            assert_eq!(print(i64::try_from(seconds).unwrap()), expected);
        }
    }

    #[test]
    fn every_finite_json_number_is_a_date() {
        assert_eq!(date("0"), NumericDate::from_seconds(0));
        assert_eq!(date("-1"), NumericDate::from_seconds(-1));
        assert_eq!(date("1e3"), NumericDate::from_seconds(1000));
        assert_eq!(date("1.5"), NumericDate { seconds: 1, nanos: 500_000_000 });
        assert_eq!(date("-1.5"), NumericDate { seconds: -2, nanos: 500_000_000 });
        assert_eq!(date("9223372036854775808"), NumericDate::MAX);
        assert_eq!(date(&"9".repeat(300)), NumericDate::MAX);
        assert_eq!(date("1e300"), NumericDate::MAX);
        assert_eq!(date("-1e300"), NumericDate::MIN);
        assert_eq!(from_json(&"9".repeat(5000)), None);
        for other in
            ["1e400", "-1e400", "\"1\"", "null", "true", "[1]", "{}", "", "NaN", "inf", "+1"]
        {
            assert_eq!(from_json(other), None, "{other}");
        }
    }

    #[test]
    fn adding_carries_the_fraction_and_saturates() {
        let half = date("1.5").saturating_add(Duration::from_millis(600));
        assert_eq!((half.seconds, half.nanos), (2, 100_000_000));
        assert_eq!(NumericDate::MAX.saturating_add(Duration::from_secs(1)), NumericDate::MAX);
        assert_eq!(date("0").saturating_add(Duration::MAX), NumericDate::MAX);
        let low = NumericDate::MIN.saturating_add(Duration::from_secs(1));
        assert_eq!(low.seconds, i64::MIN + 1);
    }

    #[test]
    fn system_time_round_trips_before_and_after_1970() {
        for text in ["0", "1300819380", "-1.5", "-3"] {
            let date = date(text);
            assert_eq!(NumericDate::from(date.to_system_time().unwrap()), date);
        }
        // The range of system time differs by platform. Converting the extremes must not panic.
        for end in [NumericDate::MAX, NumericDate::MIN] {
            assert!(end.to_system_time().is_none_or(|time| NumericDate::from(time) == end));
        }
    }

    #[test]
    fn whole_seconds_are_serialized_as_an_integer() {
        assert_eq!(serde_json::to_string(&date("12")).unwrap(), "12");
        assert_eq!(serde_json::to_string(&date("12.25")).unwrap(), "12.25");
    }
}
