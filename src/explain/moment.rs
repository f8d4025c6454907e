//! Dates for operators: as RFC 3339, and relative to now.

use crate::claims::NumericDate;

/// The smallest distance for which each unit is used, and its length in seconds.
const UNITS: [(u64, u64, &str); 4] = [
    (2 * 86_400, 86_400, "day"),
    (2 * 3_600, 3_600, "hour"),
    (120, 60, "minute"),
    (0, 1, "second"),
];

/// For example `2026-11-30T10:00:00Z (3 minutes ago)`.
pub(crate) fn relative_to(now: NumericDate, date: NumericDate) -> String {
    let distance = now.seconds().abs_diff(date.seconds());
    let (length, name) = UNITS
        .iter()
        .find(|(smallest, ..)| distance >= *smallest)
        .map_or((1, "second"), |(_, length, name)| (*length, *name));
    let count = distance / length;
    let plural = if count == 1 { "" } else { "s" };
    if date > now {
        format!("{date} (in {count} {name}{plural})")
    } else {
        format!("{date} ({count} {name}{plural} ago)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_shown_with_their_distance() {
        let now = NumericDate::from_seconds(1_764_500_400);
        for (seconds, text) in [
            (0, "2025-11-30T11:00:00Z (0 seconds ago)"),
            (-1, "2025-11-30T10:59:59Z (1 second ago)"),
            (1, "2025-11-30T11:00:01Z (in 1 second)"),
            (-119, "2025-11-30T10:58:01Z (119 seconds ago)"),
            (-180, "2025-11-30T10:57:00Z (3 minutes ago)"),
            (7_200, "2025-11-30T13:00:00Z (in 2 hours)"),
            (-172_800, "2025-11-28T11:00:00Z (2 days ago)"),
            (-1_764_500_401, "-1 (20422 days ago)"),
            (1_764_500_400_000, "1766264900400 (in 20422458 days)"),
        ] {
            let date = NumericDate::from_seconds(now.seconds() + seconds);
            assert_eq!(relative_to(now, date), text);
        }
        assert!(relative_to(now, NumericDate::from_seconds(i64::MAX)).contains("(in "));
        assert!(relative_to(now, NumericDate::from_seconds(i64::MIN)).contains(" days ago)"));
    }
}
