//! The tables: written by hand, from what each kind of token is for.

use tower_jwt_auth::claims::GrantClaims;
use tower_jwt_auth::provider::Provider;
use tower_jwt_auth::{Algorithm, VerifierBuilder};

use super::Site;

/// A name, and a verifier for a server.
type Column = (&'static str, fn(&Site) -> VerifierBuilder);

/// What one server issues, and what each verifier must say about it.
pub(super) struct Expected {
    /// The folder in `tests/interop`.
    pub(super) server: &'static str,
    pub(super) version: &'static str,
    /// The columns of the table. The first one is what the guide recommends.
    pub(super) verifiers: &'static [Column],
    /// The verdicts for each kind of token, one letter for each verifier: `A` is accepted, any other letter is rejected
    /// with the kind in [`reason`](super::reason).
    pub(super) table: &'static [(&'static str, &'static str)],
    /// The scopes and roles of the first kind of token that the first verifier accepts.
    pub(super) seen: &'static str,
    /// Whether the server can replace its keys.
    pub(super) rotates: bool,
}

pub(super) const OAUTH2_MOCK_SERVER: Expected = Expected {
    server: "oauth2_mock_server",
    version: "8.2.3",
    verifiers: &[
        ("audience", |it| it.verifier().audience(it.said("api"))),
        // Its ID tokens contain nothing that an access token could not contain.
        ("audience of the client", |it| {
            it.verifier().audience(it.said("client")).access_tokens_only()
        }),
        ("audience of the client, scope", |it| {
            it.verifier().audience(it.said("client")).access_tokens_only().require_claim("scope")
        }),
        ("client", |it| it.verifier().client_id(it.said("client"))),
        ("any audience, scope and user", |it| {
            let verifier = it.verifier().any_audience().access_tokens_only();
            verifier.require_claim("scope").require_claim("sub")
        }),
        ("another algorithm", |it| {
            it.verifier().audience(it.said("api")).algorithms([Algorithm::ES384])
        }),
    ],
    table: &[
        ("access token of a client", "Auuuca"),
        ("access token for another API", "uuuuca"),
        ("access token of a client without an audience", "uuuuca"),
        ("access token, password", "uuuuAa"),
        ("access token, code", "uuuuAa"),
        ("access token, refreshed", "uuuuAa"),
        ("ID token, password", "uAcuca"),
        ("ID token, code", "uAcuca"),
        ("ID token with a nonce", "uAcuca"),
        ("ID token, refreshed", "uAcuca"),
        ("refresh token", "mmmmmm"),
    ],
    seen: "orders:read | ",
    rotates: true,
};

/// The columns for Amazon Cognito, whose access tokens have no audience.
const COGNITO: &[Column] = &[
    ("client", |it| it.verifier().client_id(it.said("client")).grants(GrantClaims::cognito())),
    ("audience", |it| it.verifier().audience(it.said("client"))),
    ("audience, access tokens only", |it| {
        it.verifier().audience(it.said("client")).access_tokens_only()
    }),
    ("any audience, access tokens only", |it| it.verifier().any_audience().access_tokens_only()),
    ("another client", |it| it.verifier().client_id(it.said("other_client"))),
    ("both clients", |it| {
        it.verifier().client_id(it.said("client")).client_id(it.said("other_client"))
    }),
    ("another pool", |it| {
        it.verifier_of(&format!("{}_other", it.said("issuer"))).client_id(it.said("client"))
    }),
    ("preset", |it| {
        let issuer = it.said("issuer");
        let pool = issuer.rsplit('/').next().unwrap();
        let preset = Provider::cognito("eu-west-1", pool).client_id(it.said("client"));
        // Only the emulator on this machine has another issuer than Amazon.
        it.preset(if issuer.starts_with("http:") { preset.issuer_name(issuer) } else { preset })
    }),
];

pub(super) const MOTO: Expected = Expected {
    server: "moto",
    version: "5.2.5",
    verifiers: COGNITO,
    table: &[
        ("access token", "AuuAuAiA"),
        ("access token, refreshed", "AuuAuAiA"),
        ("access token of another client", "uuuAAAiu"),
        ("access token of another pool", "iiiiiiii"),
        ("ID token", "tAtttttt"),
        ("ID token, refreshed", "tAtttttt"),
        ("ID token of another client", "tutttttt"),
        ("ID token of another pool", "titttttt"),
        ("refresh token", "mmmmmmmm"),
    ],
    seen: "aws.cognito.signin.user.admin | editors",
    rotates: false,
};

pub(super) const COGNITO_LOCAL: Expected = Expected {
    server: "cognito_local",
    version: "5.3.0",
    verifiers: COGNITO,
    table: &[
        ("access token", "AuuAuAiA"),
        ("access token, refreshed", "AuuAuAiA"),
        ("access token of another client", "uuuAAAiu"),
        ("access token of another pool", "iiiiiiii"),
        ("ID token", "tAtttttt"),
        ("ID token, refreshed", "tAtttttt"),
        ("ID token of another client", "tutttttt"),
        ("ID token of another pool", "titttttt"),
        // Signed with the same key and without any mark. Those of Amazon Cognito are encrypted.
        ("refresh token", "uuuAuuiu"),
    ],
    seen: "aws.cognito.signin.user.admin | editors",
    rotates: false,
};

pub(super) const SUPABASE: Expected = Expected {
    server: "supabase",
    version: "2.117.0",
    verifiers: &[
        ("audience", |it| supabase(it, "authenticated")),
        ("users", |it| supabase(it, "authenticated").require_claim("sub")),
        ("users with an account", |it| {
            supabase(it, "authenticated").check_token("not anonymous", |token| {
                token.claim::<bool>("is_anonymous") != Some(true)
            })
        }),
        ("another audience", |it| supabase(it, "anon")),
        ("any audience", |it| it.verifier().any_audience()),
        ("another project", |it| {
            it.verifier_of("https://other.supabase.co/auth/v1").audience("authenticated")
        }),
        ("ES256", |it| supabase(it, "authenticated").algorithms([Algorithm::ES256])),
        ("preset", |it| {
            it.preset(Provider::supabase(it.said("issuer").strip_suffix("/auth/v1").unwrap()))
        }),
    ],
    table: &[
        ("user, ES256", "AAAuAiAA"),
        ("user, RS256", "AAAuAiaA"),
        ("anonymous user", "AAxuAiAA"),
        ("service role", "AcAuAiAc"),
        ("anon key", "uuuAAiuu"),
        ("another project", "iiiiiAii"),
        ("as the tool makes it", "iiiiiiii"),
        ("a key of another project", "kkkkkkkk"),
        ("the local default key", "kkkkkkkk"),
        ("expired", "eeeueiee"),
    ],
    seen: " | authenticated",
    rotates: true,
};

/// The role of Supabase is in `role`.
fn supabase(site: &Site, audience: &str) -> VerifierBuilder {
    site.verifier().audience(audience).grants(GrantClaims::new().roles("role"))
}

pub(super) const OPENBAO: Expected = Expected {
    server: "openbao",
    version: "2.7.2",
    verifiers: &[
        ("audience", |it| {
            it.verifier().audience("orders").grants(GrantClaims::new().roles("groups"))
        }),
        ("audience, access tokens only", |it| {
            it.verifier().audience("orders").access_tokens_only()
        }),
        ("another audience", |it| it.verifier().audience("another")),
        ("client", |it| it.verifier().client_id("orders")),
        ("provider", |it| it.discovered(it.said("provider")).audience(it.said("client"))),
        ("provider, access tokens only", |it| {
            it.discovered(it.said("provider")).audience(it.said("client")).access_tokens_only()
        }),
        ("ES256", |it| it.verifier().audience("orders").algorithms([Algorithm::ES256])),
        ("preset", |it| {
            let url = it.said("issuer").strip_suffix("/v1/identity/oidc").unwrap();
            it.preset(Provider::vault(url, "orders"))
        }),
    ],
    table: &[
        ("identity token, ES256", "AAuuiiAA"),
        ("identity token, RS256", "AAuukkaA"),
        ("identity token, EdDSA", "AAuukkaA"),
        ("identity token without a template", "AAuuiiAA"),
        ("identity token of another role", "uuAuiiuu"),
        // The provider signs with one of these keys, and is another issuer.
        ("ID token of the provider", "ititAtit"),
        ("access token of the provider", "mmmmmmmm"),
        ("token of the server", "mmmmmmmm"),
        ("batch token of the server", "mmmmmmmm"),
    ],
    seen: "orders:read | editors",
    rotates: true,
};

pub(super) const GLEWLWYD: Expected = Expected {
    server: "glewlwyd",
    version: "2.7.5",
    verifiers: &[
        ("profile", |it| it.verifier().audience(it.said("api")).rfc9068()),
        ("client", |it| it.verifier().client_id("app")),
        ("audience and client", |it| it.verifier().audience(it.said("api")).client_id("app")),
        ("audience of the client", |it| it.verifier().audience("app")),
        ("audience of the client, access tokens only", |it| {
            it.verifier().audience("app").access_tokens_only()
        }),
        ("any audience, access tokens only", |it| {
            it.verifier().any_audience().access_tokens_only()
        }),
        ("another API", |it| it.verifier().audience(it.said("other_api")).rfc9068()),
        ("another algorithm", |it| {
            it.verifier().audience(it.said("api")).rfc9068().algorithms([Algorithm::PS256])
        }),
    ],
    table: &[
        ("access token of a client", "AAAuuAua"),
        ("access token of a client for another API", "uAuuuAAa"),
        // The audience is then the list of scopes, as one text.
        ("access token of a client without a resource", "uAuuuAua"),
        ("access token of another client", "AuuuuAua"),
        ("access token, password", "uAuuuAua"),
        ("access token, code", "AAAuuAua"),
        ("access token, implicit", "AAAuuAua"),
        ("access token, refreshed", "AAAuuAua"),
        ("ID token, password", "tttAttta"),
        ("ID token, code", "tttAttta"),
        ("ID token, implicit", "tttAttta"),
        ("refresh token", "mmmmmmmm"),
        ("authorization code", "mmmmmmmm"),
    ],
    seen: "orders:read | ",
    rotates: true,
};
