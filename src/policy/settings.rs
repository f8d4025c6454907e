//! The settings of a policy, for every type that contains a policy.

/// Defines the settings of a policy on a type with a method `policy_mut`.
macro_rules! policy_settings {
    ($type:ident $(<$claims:ident>)?) => {
        /// Settings of an issuer's policy.
        impl $(<$claims>)? $type $(<$claims>)? {
            /// Accepts tokens for this audience (RFC 7519 §4.1.3); `aud` is then required.
            ///
            /// If called several times, a token for any of the audiences is accepted.
            pub fn audience(mut self, audience: impl Into<String>) -> Self {
                self.policy_mut().add_audience(audience.into());
                self
            }

            /// Accepts tokens for any audience, and tokens without one.
            ///
            /// Tokens that the issuer made for other services are then accepted as well. If the tokens name the client
            /// that requested them, call [`client_id`](Self::client_id) instead.
            pub fn any_audience(mut self) -> Self {
                self.policy_mut().set_any_audience();
                self
            }

            /// Accepts access tokens that were issued to this client.
            ///
            /// Use it for issuers whose access tokens do not name this service in `aud`. A token that the client
            /// requested for another service is then accepted as well.
            ///
            /// The first of the claims `client_id` (RFC 9068 §2.2), `azp`, `cid` and `appid` that is present must have
            /// this value. If it is null or not a string, the token is rejected. If called several times, a token of
            /// any of the clients is accepted.
            ///
            /// `audience` and `any_audience` are then not required. If [`audience`](Self::audience) is called as well,
            /// both must match. `client_id` implies [`access_tokens_only`](Self::access_tokens_only).
            pub fn client_id(mut self, id: impl Into<String>) -> Self {
                self.policy_mut().add_client(id.into());
                self
            }

            /// Accepts only tokens whose `azp` is this text; `azp` is then required.
            ///
            /// Some issuers put the origin of the web page there, such as `https://app.example.com`. If called several
            /// times, any of the values is accepted. You must also call `audience`, `client_id` or `any_audience`.
            pub fn authorized_party(mut self, party: impl Into<String>) -> Self {
                self.policy_mut().authorized_parties.push(party.into().into());
                self
            }

            /// Rejects tokens that are recognizably ID, refresh or logout tokens.
            ///
            /// These are tokens with the claim `at_hash`, `c_hash`, `s_hash` (ID tokens) or `events` (logout tokens), and
            /// tokens with `ID`, `Refresh`, `Offline`, `logout+jwt` or a similar name in the header `typ` or in the
            /// claim `typ`, `token_use`, `token_type` or `type`. An ID token without any of these is accepted: if the
            /// issuer's access tokens have a `typ` of their own, call [`typ`](Self::typ) as well.
            pub fn access_tokens_only(mut self) -> Self {
                self.policy_mut().access_tokens_only = true;
                self
            }

            /// Accepts only these algorithms. By default, the keys determine the algorithms.
            ///
            /// A key without an algorithm, such as a JWK without `alg`, is used with every listed algorithm of its
            /// type: an RSA key with PKCS #1 and PSS, a secret with the hashes that are not longer than the secret.
            /// A key with an algorithm is used only with that one (RFC 8725 §3.1). HMAC and public-key algorithms in
            /// one list are a configuration error, except with [`migrating_from`](crate::Issuer::migrating_from): the
            /// list must then contain both.
            pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = $crate::jws::Algorithm>) -> Self {
                self.policy_mut().algorithms = Some(algorithms.into_iter().collect());
                self
            }

            /// Accepts only tokens with this subject.
            pub fn subject(mut self, subject: impl Into<String>) -> Self {
                self.policy_mut().subject = Some(subject.into().into());
                self
            }

            /// Sets the allowed clock difference between issuer and server.
            ///
            /// The default is 60 seconds, the maximum 5 minutes.
            pub fn leeway(mut self, leeway: std::time::Duration) -> Self {
                self.policy_mut().times.leeway = leeway;
                self
            }

            /// Accepts only tokens that were issued at most this long ago; `iat` is then required.
            pub fn max_age(mut self, age: std::time::Duration) -> Self {
                self.policy_mut().times.max_age = Some(age);
                self
            }

            /// Requires a top-level claim, with any value except null.
            pub fn require_claim(mut self, claim: impl Into<String>) -> Self {
                self.policy_mut().add_required_claim(claim.into());
                self
            }

            /// Requires this `typ` header, such as `at+jwt` (RFC 8725 §3.11, RFC 9068 §4).
            pub fn typ(mut self, typ: impl Into<String>) -> Self {
                self.policy_mut().typ = Some(typ.into().into());
                self
            }

            /// Accepts tokens without `exp`; such tokens are valid until the key changes.
            ///
            /// If `exp` is present, it is checked.
            pub fn allow_missing_expiry(mut self) -> Self {
                self.policy_mut().times.expiry_required = false;
                self
            }

            /// Treats registered claims that are null as absent.
            ///
            /// These are `iss`, `sub`, `aud`, `exp`, `nbf`, `iat` and `jti`. Issuers that serialize an absent value as
            /// null send such tokens. A claim that is required is then missing: a token whose `exp` is null is rejected
            /// unless [`allow_missing_expiry`](Self::allow_missing_expiry) is set. The setting does not change how null is
            /// read in other claims, such as `cnf`.
            pub fn allow_null_claims(mut self) -> Self {
                self.policy_mut().mapping_mut().allows_null_claims = true;
                self
            }

            /// Accepts an integer in `sub`, and reads it as its decimal text.
            ///
            /// The subject is then the text `7` for a `sub` of `7` and for one of `"7"`. A number with a fraction or an
            /// exponent, and an integer of more than 64 bits, are rejected. The claims type is unchanged.
            pub fn allow_numeric_subject(mut self) -> Self {
                self.policy_mut().mapping_mut().allows_numeric_subject = true;
                self
            }

            /// Accepts tokens whose parts are padded with `=`, as AWS load balancers send them.
            ///
            /// RFC 7515 §2 forbids padding. The signature is verified over the padded text. Either every part is padded
            /// to a multiple of four characters, or none is padded; any other padding is still rejected.
            ///
            /// Token sources reject a `=` before the last part. Use
            /// [`HeaderToken::allow_padding`](crate::source::HeaderToken::allow_padding) as well.
            pub fn allow_padded_base64(mut self) -> Self {
                self.policy_mut().allows_padding = true;
                self
            }

            /// Adds a check of the registered claims and the header.
            ///
            /// [`JoseHeader::member`](crate::JoseHeader::member) reads other members of the header. If the check returns
            /// `false`, the token is rejected with 401, and logs contain the name of the check. To check your own claims
            /// type, use [`VerifierBuilder::check`](crate::VerifierBuilder::check).
            pub fn check_token(
                mut self,
                name: &'static str,
                check: impl Fn(&$crate::jwt::Token) -> bool + Send + Sync + 'static,
            ) -> Self {
                self.policy_mut().checks.push((name, std::sync::Arc::new(check)));
                self
            }

            /// Reads scopes and roles from these claims as well.
            pub fn grants(mut self, claims: $crate::claims::GrantClaims) -> Self {
                self.policy_mut().mapping_mut().grants = claims;
                self
            }

            /// Adds scopes that imply others.
            ///
            /// [`Token::has_scope`](crate::Token::has_scope) and every [`Rule`](crate::Rule) follow them, and so do layers
            /// and extractors. Challenges still name the scope that a route requires. If called several times, all
            /// implications apply. Building the verifier fails if a scope implies itself.
            pub fn implied_scopes(mut self, scopes: $crate::claims::Scopes) -> Self {
                self.policy_mut().mapping_mut().scopes.extend(scopes);
                self
            }

            /// Reads the subject from this claim, for issuers whose `sub` is not the user's id.
            ///
            /// [`Token::subject`](crate::Token::subject) and owner rules use this claim; the claims type is
            /// unchanged. An integer of at most 64 bits is read as its decimal text. If the claim is missing or has
            /// another type, the token is rejected. The type of `sub` is not checked.
            pub fn subject_claim(mut self, claim: impl Into<$crate::claims::ClaimPath>) -> Self {
                self.policy_mut().mapping_mut().subject = Some(claim.into());
                self
            }

            /// Reads the tenant from this claim: the customer, organization or workspace.
            ///
            /// [`Token::tenant`](crate::Token::tenant) and [`Rule::tenant_in_path`](crate::Rule::tenant_in_path) use this
            /// claim. An integer of at most 64 bits is read as its decimal text. A token in which the claim is missing,
            /// empty or of another type is rejected. If some users have no tenant, do not call it, and read the claim
            /// with [`Token::claim`](crate::Token::claim).
            pub fn tenant_claim(mut self, claim: impl Into<$crate::claims::ClaimPath>) -> Self {
                self.policy_mut().mapping_mut().tenant = Some(claim.into());
                self
            }

            /// Accepts only access tokens of the JWT profile for OAuth 2.0 (RFC 9068).
            ///
            /// `typ` must be `at+jwt`, and `iss`, `sub`, `aud`, `exp`, `iat`, `jti` and `client_id` must be present.
            /// You must configure the issuer's name and an audience (§4).
            pub fn rfc9068(mut self) -> Self {
                self.policy_mut().set_profile();
                self
            }

            /// Hides all claims except the registered ones, scopes, roles, the tenant and the actors.
            ///
            /// Use it for tokens whose claims contain credentials, such as session cookies.
            /// [`Token::claim`](crate::Token::claim) returns `None` for a hidden claim. A
            /// [`Rule::claim`](crate::Rule::claim) over a hidden claim never permits, nor does its negation. The claims
            /// type still contains all claims.
            pub fn hide_claims(mut self) -> Self {
                self.policy_mut().mapping_mut().is_sealed = true;
                self
            }
        }
    };
}

pub(crate) use policy_settings;
