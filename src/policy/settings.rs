//! The settings of a policy, for every type that has one.

/// Defines the settings of a policy on a type with a method `policy_mut`.
macro_rules! policy_settings {
    ($type:ident $(<$claims:ident>)?) => {
        /// Settings of an issuer's policy.
        impl $(<$claims>)? $type $(<$claims>)? {
            /// Accepts tokens for this audience (RFC 7519 §4.1.3); called again, for that one too. `aud` is then
            /// required.
            pub fn audience(mut self, audience: impl Into<String>) -> Self {
                self.policy_mut().add_audience(audience.into());
                self
            }

            /// Accepts tokens for any audience, or for none: also those that the issuer made for other services.
            pub fn any_audience(mut self) -> Self {
                self.policy_mut().set_any_audience();
                self
            }

            /// Accepts these algorithms only. Without a list they follow from the keys.
            ///
            /// A key that names no algorithm of its own, such as a JWK without `alg`, serves every listed algorithm
            /// of its type: RSA both PKCS #1 and PSS, a secret the hashes that are not longer than it. A key that
            /// names one serves that one alone (RFC 8725 §3.1). HMAC and public-key algorithms in one list are a
            /// problem of the configuration.
            pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = $crate::jws::Algorithm>) -> Self {
                self.policy_mut().algorithms = Some(algorithms.into_iter().collect());
                self
            }

            /// Accepts tokens with this subject only.
            pub fn subject(mut self, subject: impl Into<String>) -> Self {
                self.policy_mut().subject = Some(subject.into().into());
                self
            }

            /// The permitted difference between the clocks of issuer and server: 60 seconds by default, at most 5
            /// minutes.
            pub fn leeway(mut self, leeway: std::time::Duration) -> Self {
                self.policy_mut().times.leeway = leeway;
                self
            }

            /// Accepts tokens that were issued at most this long ago. `iat` is then required.
            pub fn max_age(mut self, age: std::time::Duration) -> Self {
                self.policy_mut().times.max_age = Some(age);
                self
            }

            /// Requires a claim at the top level, with any value but null.
            pub fn require_claim(mut self, claim: impl Into<String>) -> Self {
                self.policy_mut().add_required_claim(claim.into());
                self
            }

            /// Requires this `typ` header, such as `at+jwt` (RFC 8725 §3.11, RFC 9068 §4).
            pub fn typ(mut self, typ: impl Into<String>) -> Self {
                self.policy_mut().typ = Some(typ.into().into());
                self
            }

            /// Accepts tokens without `exp`, which are valid until the key changes. An `exp` that is present is
            /// checked.
            pub fn allow_missing_expiry(mut self) -> Self {
                self.policy_mut().times.expiry_required = false;
                self
            }

            /// Adds a check over the registered claims and the header; `false` rejects the token with 401.
            ///
            /// Logs name the check that failed. For checks over your own claims type there is
            /// [`VerifierBuilder::check`](crate::VerifierBuilder::check).
            pub fn check_token(
                mut self,
                name: &'static str,
                check: impl Fn(&$crate::jwt::Token) -> bool + Send + Sync + 'static,
            ) -> Self {
                self.policy_mut().checks.push((name, std::sync::Arc::new(check)));
                self
            }

            /// Also reads scopes and roles from these claims.
            pub fn grants(mut self, claims: $crate::claims::GrantClaims) -> Self {
                self.policy_mut().mapping_mut().grants = claims;
                self
            }

            /// Reads the subject from this claim, for issuers whose `sub` is not the user's id.
            ///
            /// [`Token::subject`](crate::Token::subject) and rules on owners use it; the claims type is unchanged. A
            /// token in which it is not a string is rejected.
            pub fn subject_claim(mut self, claim: impl Into<$crate::claims::ClaimPath>) -> Self {
                self.policy_mut().mapping_mut().subject = Some(claim.into());
                self
            }

            /// Accepts access tokens of the JWT profile for OAuth 2.0 only (RFC 9068): `typ` is `at+jwt`, and `iss`,
            /// `sub`, `aud`, `exp`, `iat`, `jti` and `client_id` are present. Issuer and audience must be named (§4).
            pub fn rfc9068(mut self) -> Self {
                self.policy_mut().set_profile();
                self
            }

            /// Hides all claims but the registered ones, scopes and roles from
            /// [`Token::claim`](crate::Token::claim) and [`Rule::claim`](crate::Rule::claim).
            ///
            /// For tokens with claims that are credentials themselves, such as session cookies. The claims type
            /// still has them. A rule over a hidden claim never permits, nor does its negation.
            pub fn hide_claims(mut self) -> Self {
                self.policy_mut().mapping_mut().is_sealed = true;
                self
            }
        }
    };
}

pub(crate) use policy_settings;
