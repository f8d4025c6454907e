//! Why a token is accepted or rejected, step by step.
//!
//! [`Verifier::explain`](crate::Verifier::explain) returns an [`Explanation`]: every step of the verification with what
//! is configured, what the token has, and hints about the probable cause. `Display` prints it as a report, `Serialize`
//! as data.
//!
//! [`VerifierBuilder::explain_rejections`](crate::VerifierBuilder::explain_rejections) passes explanations of rejected
//! tokens to a function. During development, [`ProblemJson::verbose`](crate::respond::ProblemJson::verbose) adds the
//! explanation to the response.
//!
//! 1. An explanation is for operators and developers. It names settings and the ids of keys, so it must not reach
//!    clients in production.
//! 2. It never contains a key, a signature or the whole token. Of the claims, it contains only `iss`, `aud` and dates;
//!    add others with [`with_claims`](Explanation::with_claims).
//! 3. Text from the token is escaped, cut after 128 bytes, and marked as unverified unless the signature is valid.
//! 4. It waits for no keys, but may start a fetch that is due. Call [`warm`](crate::Verifier::warm) first if the keys
//!    come from a URL.
//! 5. The checks of the application are run once more, so they must have no effects.
//!
//! ```
//! use tower_jwt_auth::{Verifier, testing::TestIssuer};
//!
//! let issuer = TestIssuer::es256().issuer("https://auth.example.com").audience("orders");
//! let verifier = Verifier::jwks(issuer.jwks())
//!     .issuer("https://auth.example.com/") // the slash is wrong
//!     .audience("orders")
//!     .build()?;
//!
//! let explanation = verifier.explain(&issuer.token().mint());
//! println!("{explanation}");
//! assert!(explanation.hints()[0].contains("slash"));
//!
//! let accepted = Verifier::jwks(issuer.jwks()).issuer("https://auth.example.com").audience("orders").build()?;
//! assert!(accepted.explain(&issuer.token().mint()).error().is_none());
//! # Ok::<(), tower_jwt_auth::BuildError>(())
//! ```

mod difference;
mod explanation;
mod hints;
mod moment;
mod report;
mod step;
mod unverified;

pub(crate) use explanation::Draft;
pub use explanation::{ExplainedStep, Explanation, Outcome};
pub(crate) use hints::{Case, hints};
pub(crate) use moment::relative_to;
pub use step::Step;
pub use unverified::UnverifiedToken;
