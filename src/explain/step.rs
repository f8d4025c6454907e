//! The steps of a verification.

macro_rules! steps {
    ($($(#[$doc:meta])+ $name:ident = $label:literal;)+) => {
        /// A step of a verification. They are ordered: the first step that fails rejects the token.
        ///
        /// ```
        /// use tower_jwt_auth::explain::Step;
        ///
        /// assert!(Step::Signature < Step::Audience); // nothing is compared before the signature is verified
        /// assert_eq!(Step::Audience.as_str(), "audience");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Step {
            $($(#[$doc])+ $name,)+
        }

        impl Step {
            /// Every step, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable, lower-case label of this step.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $label,)+ }
            }
        }
    };
}

steps! {
    /// The length of the token.
    Length = "length";
    /// The compact serialization: three parts (RFC 7515 §7.1).
    Format = "format";
    /// The header: strict JSON with a supported `alg` (RFC 7515 §4).
    Header = "header";
    /// The choice among several trusted issuers by `iss`.
    TrustedIssuer = "trusted_issuer";
    /// The algorithm, against the policy and the keys.
    Algorithm = "algorithm";
    /// The choice of the key by `kid`.
    Key = "key";
    /// The signature.
    Signature = "signature";
    /// The payload: strict JSON whose registered claims have the right types.
    Payload = "payload";
    /// The `typ` header, and what kind of token it is.
    Type = "type";
    /// The issuer: `iss`.
    Issuer = "issuer";
    /// The audience: `aud`, or the client.
    Audience = "audience";
    /// The subject: `sub`, or the claim of [`Policy::subject_claim`](crate::Policy::subject_claim).
    Subject = "subject";
    /// The tenant: the claim of [`Policy::tenant_claim`](crate::Policy::tenant_claim).
    Tenant = "tenant";
    /// The claims that the policy requires.
    RequiredClaims = "required_claims";
    /// The start of validity: `nbf`.
    NotBefore = "not_before";
    /// The age: `iat`.
    Age = "age";
    /// The checks of [`Policy::check_token`](crate::Policy::check_token).
    TokenChecks = "token_checks";
    /// The expiry: `exp`.
    Expiry = "expiry";
    /// The claims, against the claims type.
    ClaimsType = "claims_type";
    /// The checks of [`VerifierBuilder::check`](crate::VerifierBuilder::check).
    Checks = "checks";
    /// The proof of possession, for tokens with `cnf` (RFC 7800).
    Proof = "proof";
    /// The revocation check.
    Revocation = "revocation";
}
