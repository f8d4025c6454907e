//! Labels that leave a choice, or that do not mean here what they say: each decided by hand.

/// What `acceptable` means, by flag.
const ACCEPTABLE: &[(&str, bool, &str)] = &[
    // RFC 8017 §9.2 has the NULL in the block that is compared, and its note 1 leaves tolerance to
    // old signers. A token that can be spelled in two ways can be walked past a deny list.
    ("MissingNull", false, MISSING_NULL),
];

/// The one vector of each PKCS #1 set with that flag.
pub(crate) const MISSING_NULL: &str = "acceptable, refused: the padding lacks the NULL";

/// Vectors whose label does not hold under JWA: set, `tcId`, the verdict here and why.
const EXCEPTIONS: &[(&str, usize, bool, &str)] = &[
    ("rsa_pss_2048_sha256_mgf1_0", 69, true, RIGHT_SALT),
    ("rsa_pss_2048_sha256_mgf1_0_params", 69, true, RIGHT_SALT),
];

/// These sets want no salt and call every salt invalid; the one of 32 bytes makes a right PS256.
pub(crate) const RIGHT_SALT: &str = "labelled invalid, accepted: the salt of PS256";

/// The verdict on a vector that Wycheproof leaves open.
pub(crate) fn acceptable(flags: &[String]) -> (bool, &'static str) {
    let [flag] = flags else { panic!("acceptable for several reasons: {flags:?}") };
    let decided = ACCEPTABLE.iter().find(|(name, ..)| name == flag);
    let Some((_, verdict, note)) = decided else { panic!("nobody decided on {flag}") };
    (*verdict, note)
}

/// The verdict on a vector whose label does not hold.
pub(crate) fn exception(set: &str, id: usize) -> Option<(bool, &'static str)> {
    let mut exceptions = EXCEPTIONS.iter();
    let (.., verdict, note) =
        exceptions.find(|(name, number, ..)| *name == set && *number == id)?;
    Some((*verdict, note))
}
