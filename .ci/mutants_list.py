"""The mutants of `mutants.py`: each replaces a text that is in its file once."""

PROFILE = "src/provider/better_auth/profile.rs"
ASSEMBLE = "src/provider/better_auth/assemble.rs"

MUTANTS = [
    {
        "name": "a token that waited is not verified again with the new trust",
        "file": "src/verify/verifier.rs",
        "old": "if outcome.is_err() || !this.has_replaced(&trust) {",
        "new": "if outcome.is_ok() || !this.has_replaced(&trust) {",
        "tests": ["verify::reload"],
    },
    {
        "name": "a request that waited is not verified again with the new trust",
        "file": "src/authenticate/judge.rs",
        "old": "if self.verifier.has_replaced(self.trust) =>",
        "new": "if !self.verifier.has_replaced(self.trust) =>",
        "tests": ["tower::reload"],
    },
    {
        "name": "revocation is not asked after a key refresh",
        "file": "src/verify/trust.rs",
        "old": """\
                Answer::later(async move {
                    let verified = outcome.await?;
                    this.check_standing(&token, verified).await
                })
""",
        "new": """\
                Answer::later(async move {
                    drop((&this, &token));
                    outcome.await.map(|BeforeRevocation(verified)| verified)
                })
""",
        "tests": ["verify::revocation"],
    },
    {
        "name": "require_verified_email takes a token without emailVerified",
        "file": ASSEMBLE,
        "old": "account.user().email_verified() == Some(true)",
        "new": "account.user().email_verified() != Some(false)",
        "tests": ["provider::checks"],
    },
    {
        "name": "session_cookie_url takes any typ",
        "file": PROFILE,
        "old": "server_policy().typ(SESSION_TYPE)",
        "new": "server_policy()",
        "tests": ["provider::checks"],
    },
    {
        "name": "sub of a server-signed session is not compared",
        "file": ASSEMBLE,
        "old": " && signed(facts.subject_matches)",
        "new": "",
        "tests": ["provider::checks"],
    },
    {
        "name": "sid is not compared with the session's token",
        "file": ASSEMBLE,
        "old": " && signed(facts.sid_matches)",
        "new": "",
        "tests": ["provider::checks"],
    },
    {
        "name": "a Better Auth server's token needs no kid",
        "file": PROFILE,
        "old": "        .check_token(\"`kid`\", |token| token.header().key_id.is_some())\n",
        "new": "",
        "tests": ["provider::checks"],
    },
    {
        "name": "a Better Auth server signs with any algorithm",
        "file": PROFILE,
        "old": "        .check_token(\"an algorithm of the server\", is_server_algorithm)\n",
        "new": "        .check_token(\"an algorithm of the server\", |it| is_server_algorithm(it) || true)\n",
        "tests": ["provider::checks"],
    },
    {
        "name": "the old URL's ETag is sent to a new jwks_uri",
        "file": "src/jwks/origin.rs",
        "old": "plan.document.as_ref().filter(|document| document.url == url)",
        "new": "plan.document.as_ref().filter(|document| document.url == url || true)",
        "tests": ["jwks::metadata"],
    },
    {
        "name": "plain http leads to hosts that end in localhost",
        "file": "src/url.rs",
        "old": "address == \"localhost\"",
        "new": "address.ends_with(\"localhost\")",
        "tests": ["jwks::location"],
        "unit": True,
    },
    {
        "name": "the key server may send empty frames without end",
        "file": "src/limited_body.rs",
        "old": "        pieces += usize::from(length == 0);\n",
        "new": "",
        "tests": ["jwks::bodies"],
    },
    {
        "name": "null claims need no setting",
        "file": "src/claims/registered.rs",
        "old": "lenience.null_claims && value.is_null()",
        "new": "value.is_null()",
        "tests": ["verify::lenient_claims"],
    },
    {
        "name": "a fraction is a numeric subject",
        "file": "src/json/value.rs",
        "old": "Number::Other => None",
        "new": "Number::Other => Some(self.json())",
        "tests": ["verify::lenient_claims"],
    },
    {
        "name": "a client claim of another type does not decide",
        "file": "src/policy/client.rs",
        "old": "token.value(claim).is_some()",
        "new": "token.value(claim).and_then(Value::string).is_some()",
        "tests": ["verify::clients"],
    },
    {
        "name": "claims do not name the kind of token",
        "file": "src/policy/access_token.rs",
        "old": "chain(claims())",
        "new": "chain(claims().take(0))",
        "tests": ["verify::access_tokens"],
    },
    {
        "name": "the issuer of a key is not compared",
        "file": "src/jwt/payload.rs",
        "old": "Self::decode(header, payload, check.issuer().cloned())",
        "new": "Self::decode(header, payload, check.issuer().cloned().filter(|_| false))",
        "tests": ["verify::key_issuers"],
    },
    {
        "name": "a template accepts tenants that are not listed",
        "file": "src/policy/issuer_template.rs",
        "old": "Some(_) if !self.trusts(tenant) =>",
        "new": "Some(_) if false =>",
        "tests": ["verify::templates"],
    },
    {
        "name": "a migrating issuer uses its secret for every algorithm",
        "file": "src/verify/trusted.rs",
        "old": "Some(secrets) if algorithm.family() == AlgorithmFamily::Hmac => secrets,",
        "new": "Some(secrets) => secrets,",
        "tests": ["migration"],
    },
    {
        "name": "a refresh keeps all cached tokens of a migrating issuer",
        "file": "src/verify/trusted.rs",
        "old": "is_used(&self.keys) || self.secrets.as_ref().is_some_and(is_used)",
        "new": "is_used(&self.keys) || self.secrets.is_some()",
        "tests": ["verify::migration_sources"],
    },
    {
        "name": "a lookup in flight restores a tenant that was forgotten",
        "file": "src/resolver/lookups.rs",
        "old": "self.in_flight.get_mut(tenant).is_some_and(|flight| flight.complete(ticket))",
        "new": "self.in_flight.get_mut(tenant).is_none_or(|flight| flight.complete(ticket))",
        "tests": ["resolver::forgotten"],
    },
    {
        "name": "a resolver may return an issuer with another name",
        "file": "src/verify/resolved.rs",
        "old": "if !matches!(&issuer.name, IssuerName::Exact(given) if given == name) {",
        "new": "if !matches!(&issuer.name, IssuerName::Exact(_)) {",
        "tests": ["resolver::problems"],
    },
    {
        "name": "a listed subject without an issue time is accepted",
        "file": "src/revocation/denylist.rs",
        "old": "token.issued_at().is_none_or(",
        "new": "token.issued_at().is_some_and(",
        "tests": ["revocation::denylist"],
    },
    {
        "name": "an entry matches tokens of every issuer",
        "file": "src/revocation/denylist.rs",
        "old": "self.entries.group(token.issuer().unwrap_or_default())",
        "new": 'self.entries.group("https://auth.example.com")',
        "tests": ["revocation::denylist"],
    },
    {
        "name": "a logout token may have a nonce",
        "file": "src/logout/logout_token.rs",
        "old": 'if token.value("nonce").is_some() {',
        "new": "if false {",
        "tests": ["logout::tokens"],
    },
    {
        "name": "a check that waits hides what the next one knows",
        "file": "src/revocation/all_of.rs",
        "old": "Err(pending) => waiting.push(pending),",
        "new": "Err(pending) => return pending,",
        "tests": ["revocation::all_of"],
    },
    {
        "name": "one token stops the introspection of all",
        "file": "src/introspection/calls.rs",
        "old": "Err(failed) if !failed.is_about_the_token() => self.breaker.failed(now),",
        "new": "Err(_) => self.breaker.failed(now),",
        "tests": ["introspection::outages"],
    },
    {
        "name": "a credential of the application is visible in debug output",
        "file": "src/introspection/request.rs",
        "old": "headers.values_mut().for_each(|value| value.set_sensitive(true));",
        "new": "headers.values_mut().for_each(drop);",
        "tests": ["introspection::secrecy"],
    },
]
