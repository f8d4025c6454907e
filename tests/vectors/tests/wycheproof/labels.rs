//! Decisions on labels that leave a choice, or that do not apply under JWA.

/// The verdict for `acceptable`, by flag.
const ACCEPTABLE: &[(&str, bool, &str)] = &[
    // RFC 8017 §9.2 includes the NULL in the compared block; its note 1 permits tolerance for old signers. A second
    // spelling of a token could bypass a denylist.
    ("MissingNull", false, MISSING_NULL),
];

/// The only vector of each PKCS #1 set with that flag.
pub(crate) const MISSING_NULL: &str = "acceptable, rejected: the padding lacks the NULL";

/// Vectors whose label does not apply under JWA: set, `tcId`, verdict and reason.
const EXCEPTIONS: &[(&str, usize, bool, &str)] = &[
    ("rsa_pss_2048_sha256_mgf1_0", 69, true, RIGHT_SALT),
    ("rsa_pss_2048_sha256_mgf1_0_params", 69, true, RIGHT_SALT),
];

/// These sets require an empty salt and label every other salt invalid. The salt of 32 bytes gives a valid PS256
/// signature.
pub(crate) const RIGHT_SALT: &str = "labelled invalid, accepted: the salt of PS256";

/// The verdict on an `acceptable` vector.
pub(crate) fn acceptable(flags: &[String]) -> (bool, &'static str) {
    let [flag] = flags else { panic!("acceptable for several reasons: {flags:?}") };
    let decided = ACCEPTABLE.iter().find(|(name, ..)| name == flag);
    let Some((_, verdict, note)) = decided else { panic!("no decision for {flag}") };
    (*verdict, note)
}

/// The verdict on a vector whose label does not apply.
pub(crate) fn exception(set: &str, id: usize) -> Option<(bool, &'static str)> {
    let mut exceptions = EXCEPTIONS.iter();
    let (.., verdict, note) =
        exceptions.find(|(name, number, ..)| *name == set && *number == id)?;
    Some((*verdict, note))
}
