//! Conversions from and to the algorithms of `jsonwebtoken`.

use super::Algorithm;
use crate::error::{BuildError, Problem, ProblemKind};

/// Converts an algorithm of `jsonwebtoken`.
///
/// ```
/// use tower_jwt_auth::Algorithm;
///
/// let algorithm = Algorithm::try_from(jsonwebtoken::Algorithm::ES256)?;
/// assert_eq!(algorithm, Algorithm::ES256);
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
///
/// # Errors
///
/// This crate does not support the algorithm. Currently it supports every algorithm of `jsonwebtoken`.
impl TryFrom<jsonwebtoken::Algorithm> for Algorithm {
    type Error = BuildError;

    fn try_from(algorithm: jsonwebtoken::Algorithm) -> Result<Self, BuildError> {
        use jsonwebtoken::Algorithm as Theirs;
        Ok(match algorithm {
            Theirs::HS256 => Self::HS256,
            Theirs::HS384 => Self::HS384,
            Theirs::HS512 => Self::HS512,
            Theirs::RS256 => Self::RS256,
            Theirs::RS384 => Self::RS384,
            Theirs::RS512 => Self::RS512,
            Theirs::PS256 => Self::PS256,
            Theirs::PS384 => Self::PS384,
            Theirs::PS512 => Self::PS512,
            Theirs::ES256 => Self::ES256,
            Theirs::ES384 => Self::ES384,
            Theirs::EdDSA => Self::EdDSA,
            other => return Err(unknown_algorithm(other)),
        })
    }
}

/// Converts to an algorithm of `jsonwebtoken`, for code that still uses that crate.
///
/// ```
/// use tower_jwt_auth::Algorithm;
///
/// let algorithm = jsonwebtoken::Algorithm::try_from(Algorithm::ES256)?;
/// assert_eq!(algorithm, jsonwebtoken::Algorithm::ES256);
///
/// assert!(jsonwebtoken::Algorithm::try_from(Algorithm::ES512).is_err()); // not supported there
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
///
/// # Errors
///
/// The algorithm is ES512, which `jsonwebtoken` does not support.
impl TryFrom<Algorithm> for jsonwebtoken::Algorithm {
    type Error = BuildError;

    fn try_from(algorithm: Algorithm) -> Result<Self, BuildError> {
        Ok(match algorithm {
            Algorithm::HS256 => Self::HS256,
            Algorithm::HS384 => Self::HS384,
            Algorithm::HS512 => Self::HS512,
            Algorithm::RS256 => Self::RS256,
            Algorithm::RS384 => Self::RS384,
            Algorithm::RS512 => Self::RS512,
            Algorithm::PS256 => Self::PS256,
            Algorithm::PS384 => Self::PS384,
            Algorithm::PS512 => Self::PS512,
            Algorithm::ES256 => Self::ES256,
            Algorithm::ES384 => Self::ES384,
            Algorithm::EdDSA => Self::EdDSA,
            Algorithm::ES512 => return Err(unsupported_algorithm(algorithm)),
        })
    }
}

fn unknown_algorithm(algorithm: jsonwebtoken::Algorithm) -> BuildError {
    BuildError::new(Problem::new(
        ProblemKind::UnsupportedConversion,
        format!("the algorithm {algorithm:?} of `jsonwebtoken`"),
        "this crate cannot verify signatures with it",
        "Use an algorithm of `Algorithm::ALL`",
    ))
}

fn unsupported_algorithm(algorithm: Algorithm) -> BuildError {
    BuildError::new(Problem::new(
        ProblemKind::UnsuitableAlgorithm,
        format!("the algorithm {algorithm} for `jsonwebtoken`"),
        "`jsonwebtoken` does not support it",
        "Verify tokens of this algorithm with `tower_jwt_auth::Verifier`",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_jsonwebtoken_algorithm_converts_both_ways() {
        use jsonwebtoken::AlgorithmFamily::{Ec, Ed, Hmac, Rsa};
        let theirs: Vec<_> =
            [Hmac, Rsa, Ec, Ed].iter().flat_map(|family| family.algorithms().to_vec()).collect();
        assert_eq!(theirs.len(), 12);
        for theirs in theirs {
            let ours = Algorithm::try_from(theirs).unwrap();
            assert_eq!(ours.name(), format!("{theirs:?}"));
            assert_eq!(jsonwebtoken::Algorithm::try_from(ours), Ok(theirs));
        }
    }

    #[test]
    fn every_algorithm_except_es512_converts() {
        for ours in Algorithm::ALL {
            let theirs = jsonwebtoken::Algorithm::try_from(*ours);
            match theirs {
                Ok(theirs) => assert_eq!(Algorithm::try_from(theirs), Ok(*ours)),
                Err(_) => assert_eq!(*ours, Algorithm::ES512),
            }
        }
        let error = jsonwebtoken::Algorithm::try_from(Algorithm::ES512).unwrap_err();
        assert_eq!(error.problems()[0].kind(), ProblemKind::UnsuitableAlgorithm);
        assert!(error.to_string().contains("ES512"), "{error}");
    }
}
