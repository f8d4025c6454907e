//! Addresses outside the public internet: loopback, local networks, documentation and similar blocks.

use std::net::{Ipv4Addr, Ipv6Addr};

/// A block of the IANA IPv4 Special-Purpose Address Registry: its prefix, its length, and whether it is
/// globally reachable.
struct V4(Ipv4Addr, u8, bool);

/// As [`V4`], of the IPv6 registry.
struct V6(Ipv6Addr, u8, bool);

const fn v4(a: u8, b: u8, c: u8, d: u8) -> Ipv4Addr {
    Ipv4Addr::new(a, b, c, d)
}

/// An address with these first three groups; the others are zero.
const fn v6(a: u16, b: u16, c: u16) -> Ipv6Addr {
    Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)
}

/// <https://www.iana.org/assignments/iana-ipv4-special-registry>. A block
/// without a reachability entry counts as not reachable. The first matching row applies.
const SPECIAL_V4: [V4; 18] = [
    V4(v4(0, 0, 0, 0), 8, false),       // this network, RFC 791
    V4(v4(10, 0, 0, 0), 8, false),      // private use, RFC 1918
    V4(v4(100, 64, 0, 0), 10, false),   // shared by carriers and customers, RFC 6598
    V4(v4(127, 0, 0, 0), 8, false),     // loopback, RFC 1122
    V4(v4(169, 254, 0, 0), 16, false),  // link-local, RFC 3927
    V4(v4(172, 16, 0, 0), 12, false),   // private use, RFC 1918
    V4(v4(192, 0, 0, 9), 32, true),     // port control anycast, RFC 7723
    V4(v4(192, 0, 0, 10), 32, true),    // TURN anycast, RFC 8155
    V4(v4(192, 0, 0, 0), 24, false),    // protocol assignments, RFC 6890
    V4(v4(192, 0, 2, 0), 24, false),    // documentation, RFC 5737
    V4(v4(192, 88, 99, 0), 24, false),  // 6to4 relay anycast, deprecated by RFC 7526
    V4(v4(192, 168, 0, 0), 16, false),  // private use, RFC 1918
    V4(v4(198, 18, 0, 0), 15, false),   // benchmarking, RFC 2544
    V4(v4(198, 51, 100, 0), 24, false), // documentation, RFC 5737
    V4(v4(203, 0, 113, 0), 24, false),  // documentation, RFC 5737
    // Not in the registry: multicast, RFC 5771.
    V4(v4(224, 0, 0, 0), 4, false),
    V4(v4(255, 255, 255, 255), 32, false), // limited broadcast, RFC 8190
    V4(v4(240, 0, 0, 0), 4, false),        // reserved, RFC 1112
];

/// <https://www.iana.org/assignments/iana-ipv6-special-registry>. Read like [`SPECIAL_V4`]. An address with an embedded
/// IPv4 address is checked as that address.
const SPECIAL_V6: [V6; 21] = [
    V6(v6(0x64, 0xff9b, 1), 48, false), // local translation, RFC 8215
    V6(v6(0x100, 0, 0), 64, false),     // discard only, RFC 6666
    V6(Ipv6Addr::new(0x100, 0, 0, 1, 0, 0, 0, 0), 64, false), // dummy prefix, RFC 9780
    V6(v6(0x2001, 0, 0), 32, false),    // Teredo, RFC 4380
    V6(Ipv6Addr::new(0x2001, 1, 0, 0, 0, 0, 0, 1), 128, true), // port control anycast, RFC 7723
    V6(Ipv6Addr::new(0x2001, 1, 0, 0, 0, 0, 0, 2), 128, true), // TURN anycast, RFC 8155
    V6(Ipv6Addr::new(0x2001, 1, 0, 0, 0, 0, 0, 3), 128, true), // DNS-SD anycast, RFC 9665
    V6(v6(0x2001, 2, 0), 48, false),    // benchmarking, RFC 5180
    V6(v6(0x2001, 3, 0), 32, true),     // AMT, RFC 7450
    V6(v6(0x2001, 4, 0x112), 48, true), // AS112, RFC 7535
    V6(v6(0x2001, 0x10, 0), 28, false), // deprecated ORCHID, RFC 4843
    V6(v6(0x2001, 0x20, 0), 28, true),  // ORCHIDv2, RFC 7343
    V6(v6(0x2001, 0x30, 0), 28, true),  // drone remote ids, RFC 9374
    V6(v6(0x2001, 0, 0), 23, false),    // protocol assignments, RFC 2928
    V6(v6(0x2001, 0xdb8, 0), 32, false), // documentation, RFC 3849
    V6(v6(0x3fff, 0, 0), 20, false),    // documentation, RFC 9637
    V6(v6(0x5f00, 0, 0), 16, false),    // segment routing, RFC 9602
    V6(v6(0xfc00, 0, 0), 7, false),     // unique local, RFC 4193
    V6(v6(0xfe80, 0, 0), 10, false),    // link-local, RFC 4291
    // Not in the registry: site-local, deprecated by RFC 3879, and multicast, RFC 4291.
    V6(v6(0xfec0, 0, 0), 10, false),
    V6(v6(0xff00, 0, 0), 8, false),
];

/// Whether the address is outside the public internet.
pub(super) fn is_private_v4(address: Ipv4Addr) -> bool {
    let holds = |row: &&V4| {
        let V4(prefix, length, _) = row;
        (address.to_bits() ^ prefix.to_bits()).leading_zeros() >= u32::from(*length)
    };
    SPECIAL_V4.iter().find(holds).is_some_and(|V4(_, _, is_reachable)| !is_reachable)
}

/// Whether the address is outside the public internet.
pub(super) fn is_private_v6(address: Ipv6Addr) -> bool {
    if let Some(within) = v4_within(address) {
        return is_private_v4(within);
    }
    let holds = |row: &&V6| {
        let V6(prefix, length, _) = row;
        (address.to_bits() ^ prefix.to_bits()).leading_zeros() >= u32::from(*length)
    };
    SPECIAL_V6.iter().find(holds).is_some_and(|V6(_, _, is_reachable)| !is_reachable)
}

/// The embedded IPv4 address: compatible, mapped, translated (RFC 6052, RFC 7915) or 6to4.
///
/// Loopback and the unspecified address count as compatible addresses.
const fn v4_within(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            Some(Ipv4Addr::new(a, b, c, d))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A private block, and whether the addresses directly before and after it are private.
    type Block = (&'static str, u32, bool, bool);

    const PRIVATE_V4: [Block; 17] = [
        ("0.0.0.0", 8, false, false),
        ("10.0.0.0", 8, false, false),
        ("100.64.0.0", 10, false, false),
        ("127.0.0.0", 8, false, false),
        ("169.254.0.0", 16, false, false),
        ("172.16.0.0", 12, false, false),
        ("192.0.0.0", 29, false, true),
        ("192.0.0.8", 32, true, false),
        ("192.0.0.128", 25, true, false),
        ("192.0.2.0", 24, false, false),
        ("192.88.99.0", 24, false, false),
        ("192.168.0.0", 16, false, false),
        ("198.18.0.0", 15, false, false),
        ("198.51.100.0", 24, false, false),
        ("203.0.113.0", 24, false, false),
        ("224.0.0.0", 4, false, true),
        ("240.0.0.0", 4, true, false),
    ];

    const PRIVATE_V6: [Block; 23] = [
        ("::", 104, false, false), // 0.0.0.0/8
        ("::ffff:10.0.0.0", 104, false, false),
        ("64:ff9b::10.0.0.0", 104, false, false),
        ("64:ff9b:1::", 48, false, false),
        ("100::", 63, false, false), // two blocks
        ("2001::", 32, false, true),
        ("2001:1::", 128, true, false),
        ("2001:1::4", 126, false, true),
        ("2001:2::", 48, true, true),
        ("2001:4::", 40, false, true),
        ("2001:4:110::", 47, true, false),
        ("2001:10::", 28, true, false),
        ("2001:40::", 26, false, true),
        ("2001:100::", 24, true, false),
        ("2001:db8::", 32, false, false),
        ("2002:a00::", 24, false, false), // 10.0.0.0/8
        ("3fff::", 20, false, false),
        ("5f00::", 16, false, false),
        ("fc00::", 7, false, false),
        ("fe80::", 10, false, true),
        ("fec0::", 10, true, true),
        ("ff00::", 8, true, false),
        ("::1", 128, true, true),
    ];

    #[test]
    fn special_ipv4_blocks_are_private_up_to_their_bounds() {
        for (first, length, before, after) in PRIVATE_V4 {
            let bits = first.parse::<Ipv4Addr>().unwrap().to_bits();
            let last = bits | u32::MAX.checked_shr(length).unwrap_or_default();
            let rows = [(Some(bits), true), (Some(last), true)];
            let beside = [(bits.checked_sub(1), before), (last.checked_add(1), after)];
            for (bits, is_private) in rows.into_iter().chain(beside) {
                let Some(address) = bits.map(Ipv4Addr::from_bits) else { continue };
                assert_eq!(is_private_v4(address), is_private, "{address} of {first}/{length}");
            }
        }
    }

    #[test]
    fn special_ipv6_blocks_are_private_up_to_their_bounds() {
        for (first, length, before, after) in PRIVATE_V6 {
            let bits = first.parse::<Ipv6Addr>().unwrap().to_bits();
            let last = bits | u128::MAX.checked_shr(length).unwrap_or_default();
            let rows = [(Some(bits), true), (Some(last), true)];
            let beside = [(bits.checked_sub(1), before), (last.checked_add(1), after)];
            for (bits, is_private) in rows.into_iter().chain(beside) {
                let Some(address) = bits.map(Ipv6Addr::from_bits) else { continue };
                assert_eq!(is_private_v6(address), is_private, "{address} of {first}/{length}");
            }
        }
    }

    #[test]
    fn an_embedded_ipv4_address_is_checked_instead() {
        for (v4, is_private) in
            [("8.8.8.8", false), ("10.0.0.1", true), ("127.0.0.1", true), ("169.254.169.254", true)]
        {
            let [a, b, c, d] = v4.parse::<Ipv4Addr>().unwrap().octets();
            let sixth = format!("2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1");
            for text in [
                format!("::{v4}"),
                format!("::ffff:{v4}"),
                format!("::ffff:0:{v4}"),
                format!("64:ff9b::{v4}"),
                sixth,
            ] {
                assert_eq!(is_private_v6(text.parse().unwrap()), is_private, "{text}");
            }
            // Local translation and Teredo are private, whatever the embedded address.
            for text in
                [format!("64:ff9b:1::{v4}"), format!("2001:0:{a:02x}{b:02x}:{c:02x}{d:02x}::1")]
            {
                assert!(is_private_v6(text.parse().unwrap()), "{text}");
            }
        }
    }

    #[test]
    fn public_addresses_are_not_private() {
        for address in ["1.1.1.1", "8.8.8.8", "192.31.196.1", "192.52.193.1", "192.175.48.1"] {
            assert!(!is_private_v4(address.parse().unwrap()), "{address}");
        }
        for address in [
            "2001:1::1",
            "2001:1::2",
            "2001:1::3",
            "2001:20::1",
            "2001:30::1",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2620:4f:8000::1",
            "2a00:1450::1",
        ] {
            assert!(!is_private_v6(address.parse().unwrap()), "{address}");
        }
    }
}
