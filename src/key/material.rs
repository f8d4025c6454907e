//! Key material, checked with the same rules for every backend.
//!
//! Crypto libraries differ in what they accept: RSA with `e = 1` or an even modulus, Ed25519 points of
//! small order, HMAC with an empty secret. All of these are rejected here.

use std::cmp::Ordering;
use std::fmt;

use zeroize::Zeroizing;

#[cfg(feature = "test-util")]
use super::not_published as published;
use super::public_text::is_public_key;
#[cfg(not(feature = "test-util"))]
use super::published;
use super::weakness::Weakness;
use crate::jws::{Algorithm, AlgorithmFamily, AlgorithmSet};

/// The minimum length of a legacy secret, in bytes.
const LEGACY_SECRET_LEN: usize = 16;

/// The maximum length of an RSA modulus, in bits.
const MAX_RSA_BITS: usize = 8192;

/// An RSA modulus with more bits counts as large: a signature check then takes many times as long.
const MAX_NORMAL_RSA_BITS: usize = 4096;

/// A checked key. The secret is wiped when it is dropped.
pub(super) enum Material {
    Hmac(Zeroizing<Vec<u8>>),
    /// Big-endian, without leading zeros.
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// Uncompressed points: 4, x, y.
    P256([u8; 65]),
    P384([u8; 97]),
    P521([u8; 133]),
    Ed25519([u8; 32]),
}

impl Material {
    /// A secret of at least the length of SHA-256 (RFC 7518 §3.2).
    pub(super) fn hmac(secret: &[u8]) -> Result<Self, Weakness> {
        Self::hmac_of_at_least(Algorithm::HS256.hash_len(), secret)
    }

    /// A secret of at least 128 bits, for systems that cannot change theirs.
    pub(super) fn legacy_hmac(secret: &[u8]) -> Result<Self, Weakness> {
        Self::hmac_of_at_least(LEGACY_SECRET_LEN, secret)
    }

    fn hmac_of_at_least(len: usize, secret: &[u8]) -> Result<Self, Weakness> {
        if secret.len() < len {
            return Err(Weakness::ShortSecret);
        }
        if is_public_key(secret) {
            return Err(Weakness::PublicKeyAsSecret);
        }
        if published::is_secret(secret) {
            return Err(Weakness::Published);
        }
        Ok(Self::Hmac(Zeroizing::new(secret.to_vec())))
    }

    /// 2048 to 8192 bits, an odd modulus, an odd exponent from 3 to 2^33 (RFC 7518 §3.3).
    pub(super) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, Weakness> {
        let (n, e) = (strip_zeros(n), strip_zeros(e));
        match bit_len(n) {
            0..2048 => return Err(Weakness::SmallModulus),
            2048..=MAX_RSA_BITS => {}
            _ => return Err(Weakness::LargeModulus),
        }
        if is_even(n) {
            return Err(Weakness::EvenModulus);
        }
        if bit_len(e) > 33 {
            return Err(Weakness::LargeExponent);
        }
        if is_even(e) || e == [1] {
            return Err(Weakness::BadExponent);
        }
        if is_roca(n) {
            return Err(Weakness::Roca);
        }
        if published::is_public_key(n) {
            return Err(Weakness::Published);
        }
        Ok(Self::Rsa { n: n.to_vec(), e: e.to_vec() })
    }

    /// Coordinates of exactly the curve's length (RFC 7518 §6.2.1.2). That the point is on the curve
    /// is checked by the backend when the key is prepared.
    pub(super) fn p256(x: &[u8], y: &[u8]) -> Result<Self, Weakness> {
        point::<65>(x, y).map(Self::P256)
    }

    /// As [`p256`](Self::p256).
    pub(super) fn p384(x: &[u8], y: &[u8]) -> Result<Self, Weakness> {
        point::<97>(x, y).map(Self::P384)
    }

    /// As [`p256`](Self::p256): 66 bytes each, the first of which is 0 or 1.
    pub(super) fn p521(x: &[u8], y: &[u8]) -> Result<Self, Weakness> {
        point::<133>(x, y).map(Self::P521)
    }

    /// 32 bytes, canonical, and not one of the eight points of small order, for which signatures can be
    /// forged.
    pub(super) fn ed25519(x: &[u8]) -> Result<Self, Weakness> {
        let point: [u8; 32] = x.try_into().map_err(|_| Weakness::CoordinateLength)?;
        if is_small_order_or_not_canonical(&point) {
            return Err(Weakness::SmallOrder);
        }
        if published::is_ed25519_key(&point) {
            return Err(Weakness::Published);
        }
        Ok(Self::Ed25519(point))
    }

    /// The algorithms that the material can be used with.
    pub(super) fn algorithms(&self) -> AlgorithmSet {
        match self {
            Self::Hmac(secret) => {
                let hmac = AlgorithmSet::of_family(AlgorithmFamily::Hmac);
                // A secret of legacy length is used only with HS256.
                let fits = |a: &Algorithm| *a == Algorithm::HS256 || a.hash_len() <= secret.len();
                hmac.iter().filter(fits).collect()
            }
            Self::Rsa { .. } => AlgorithmSet::of_family(AlgorithmFamily::RsaPkcs1)
                .union(AlgorithmSet::of_family(AlgorithmFamily::RsaPss)),
            Self::P256(_) => AlgorithmSet::of(Algorithm::ES256),
            Self::P384(_) => AlgorithmSet::of(Algorithm::ES384),
            Self::P521(_) => AlgorithmSet::of(Algorithm::ES512),
            Self::Ed25519(_) => AlgorithmSet::of(Algorithm::EdDSA),
        }
    }

    pub(super) const fn is_secret(&self) -> bool {
        matches!(self, Self::Hmac(_))
    }

    /// Whether it is an RSA key of more than 4096 bits.
    pub(super) const fn is_large(&self) -> bool {
        matches!(self, Self::Rsa { n, .. } if n.len() > MAX_NORMAL_RSA_BITS / 8)
    }
}

impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hmac(_) => "HMAC secret",
            Self::Rsa { .. } => "RSA public key",
            Self::P256(_) => "P-256 public key",
            Self::P384(_) => "P-384 public key",
            Self::P521(_) => "P-521 public key",
            Self::Ed25519(_) => "Ed25519 public key",
        })
    }
}

fn strip_zeros(number: &[u8]) -> &[u8] {
    let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    number.get(start..).unwrap_or_default()
}

fn bit_len(stripped: &[u8]) -> usize {
    stripped.first().map_or(0, |first| stripped.len() * 8 - first.leading_zeros() as usize)
}

fn is_even(number: &[u8]) -> bool {
    number.last().is_none_or(|last| last % 2 == 0)
}

/// Whether the modulus has the ROCA fingerprint (CVE-2017-15361). Such a modulus can be factored.
///
/// Modulo each of these primes it is a power of 65537. One in 2^28 other moduli also has the
/// fingerprint.
fn is_roca(n: &[u8]) -> bool {
    const PRIMES: [u32; 17] =
        [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];
    PRIMES.iter().all(|prime| {
        let remainder =
            n.iter().fold(0, |remainder, byte| (remainder * 256 + u32::from(*byte)) % prime);
        let powers = std::iter::successors(Some(1), |power| Some(power * 65537 % prime));
        powers.take(*prime as usize).any(|power| power == remainder)
    })
}

fn point<const N: usize>(x: &[u8], y: &[u8]) -> Result<[u8; N], Weakness> {
    if x.len() != N / 2 || y.len() != N / 2 {
        return Err(Weakness::CoordinateLength);
    }
    if published::is_public_key(x) {
        return Err(Weakness::Published);
    }
    [&[4], x, y].concat().try_into().map_err(|_| Weakness::CoordinateLength)
}

/// Compares `y` with the prime 2^255 - 19 and with the `y` of the points of small order (RFC 8032
/// §5.1.3). All numbers are little-endian.
fn is_small_order_or_not_canonical(point: &[u8; 32]) -> bool {
    const ORDER_8: [[u8; 32]; 2] = [
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef,
            0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88,
            0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10,
            0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77,
            0x92, 0xac, 0x03, 0x7a,
        ],
    ];
    let mut y = *point;
    y[31] &= 0x7f; // the sign of x
    let mut prime = [0xff; 32];
    (prime[0], prime[31]) = (0xed, 0x7f);
    let mut minus_one = prime;
    minus_one[0] = 0xec;
    let mut one = [0; 32];
    one[0] = 1;
    let not_canonical = y.iter().rev().cmp(prime.iter().rev()) != Ordering::Less;
    not_canonical || y == [0; 32] || y == one || y == minus_one || ORDER_8.contains(&y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_must_be_as_long_as_the_hash() {
        assert_eq!(Material::hmac(&[7; 31]).unwrap_err(), Weakness::ShortSecret);
        assert_eq!(Material::hmac(&[]).unwrap_err(), Weakness::ShortSecret);
        let algorithms = |len: usize| Material::hmac(&vec![7; len]).unwrap().algorithms();
        assert_eq!(algorithms(32).iter().collect::<Vec<_>>(), [Algorithm::HS256]);
        assert_eq!(algorithms(47).iter().count(), 1);
        assert_eq!(algorithms(48).iter().count(), 2);
        assert_eq!(algorithms(63).iter().count(), 2);
        assert_eq!(algorithms(64).iter().count(), 3);
        assert!(Material::legacy_hmac(&[7; 15]).is_err());
        let legacy = Material::legacy_hmac(&[7; 16]).unwrap();
        assert_eq!(legacy.algorithms().iter().collect::<Vec<_>>(), [Algorithm::HS256]);
    }

    #[test]
    fn rsa_moduli_and_exponents_have_exact_bounds() {
        let modulus = |bits: usize| {
            let mut n = vec![0xff; bits.div_ceil(8)];
            n[0] = 0xff >> ((8 - bits % 8) % 8);
            n
        };
        let e = [1, 0, 1];
        let rsa = |n: &[u8], e: &[u8]| Material::rsa(n, e).map(|_| ());
        for (bits, outcome) in [
            (64, Err(Weakness::SmallModulus)),
            (2047, Err(Weakness::SmallModulus)),
            (2048, Ok(())),
            (4096, Ok(())),
            (8192, Ok(())),
            (8193, Err(Weakness::LargeModulus)),
        ] {
            assert_eq!(rsa(&modulus(bits), &e), outcome, "{bits}");
        }
        let is_large = |bits| Material::rsa(&modulus(bits), &e).unwrap().is_large();
        assert_eq!([2048, 4096, 4097, 8192].map(is_large), [false, false, true, true]);
        let n = modulus(2048);
        let mut padded = vec![0; 5];
        padded.extend(&n);
        assert_eq!(rsa(&padded, &e), Ok(()));
        let mut even = n.clone();
        *even.last_mut().unwrap() = 0xfe;
        assert_eq!(rsa(&even, &e), Err(Weakness::EvenModulus));
        for bad in [&[][..], &[0], &[1], &[0, 1], &[2], &[1, 0, 0]] {
            assert_eq!(rsa(&n, bad), Err(Weakness::BadExponent), "{bad:?}");
        }
        assert_eq!(rsa(&n, &[2, 0, 0, 0, 1]), Err(Weakness::LargeExponent));
        for good in [&[3][..], &[0, 3], &[1, 255, 255, 255, 255]] {
            assert_eq!(rsa(&n, good), Ok(()), "{good:?}");
        }
    }

    #[test]
    fn a_modulus_with_the_roca_fingerprint_is_rejected() {
        // A power of 65537 modulo the product of the first 126 primes, as the vulnerable library generates it.
        let vulnerable = hex(concat!(
            "f8eb4f6b17f5e837d70820fe119a72d174c9df6acc011cdd9474031b7f26144b98289fcd59a54a7b",
            "b1fee08f571242425051c1ccd17f9acae01f5057ca02135e92b1d3f28ede0d7ac3baea9e13deef86",
            "ab1031d0f646e1f40a097c976bf46c697d2caf82eeeacbe226e875555790f82ec1d3fcff2a3af4d4",
            "6b0a18e8830e07bc1e398f1012bd4cb9a8af5d94ab49f2d4b2d79b1730c92b186188326e158a1791",
            "08026c0c599d6806e78173c81bc837988eb701040d5e456469da031e6b4e56b23c63da29443a364e",
            "8c5d6b19439357c1d6a68cd197922d2594f63535656177af0a734895498ad0cc95bf089ef327e7d5",
            "706627758d8ecfc262f3bf55aa7a09f7"
        ));
        assert_eq!(vulnerable.len(), 256);
        assert_eq!(Material::rsa(&vulnerable, &[1, 0, 1]).unwrap_err(), Weakness::Roca);
        let mut neighbour = vulnerable;
        neighbour[255] ^= 2;
        assert!(Material::rsa(&neighbour, &[1, 0, 1]).is_ok());
    }

    #[test]
    fn coordinates_must_have_the_length_of_the_curve() {
        assert!(Material::p256(&[1; 32], &[2; 32]).is_ok());
        assert!(Material::p384(&[1; 48], &[2; 48]).is_ok());
        assert!(Material::p521(&[1; 66], &[2; 66]).is_ok());
        assert!(Material::p521(&[1; 65], &[2; 66]).is_err());
        assert!(Material::p521(&[1; 66], &[2; 67]).is_err());
        for (x, y) in [(31, 32), (32, 31), (33, 32), (32, 33), (0, 64), (48, 48)] {
            assert!(Material::p256(&vec![1; x], &vec![2; y]).is_err(), "{x} {y}");
        }
        assert!(Material::p384(&[1; 32], &[2; 32]).is_err());
    }

    #[test]
    fn small_order_and_non_canonical_ed25519_points_are_rejected() {
        // RFC 8037 appendix A.2
        let good = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        assert!(Material::ed25519(&good).is_ok());
        assert_eq!(Material::ed25519(&good[..31]).unwrap_err(), Weakness::CoordinateLength);
        for small in [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0000000000000000000000000000000000000000000000000000000000000080",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000080",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        ] {
            assert_eq!(
                Material::ed25519(&hex(small)).unwrap_err(),
                Weakness::SmallOrder,
                "{small}"
            );
        }
    }

    fn hex(text: &str) -> Vec<u8> {
        let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
    }
}
