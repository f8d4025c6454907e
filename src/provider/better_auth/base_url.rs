//! The base URL of an auth server and the values derived from it.

use crate::error::{Problem, ProblemKind};
use crate::url::Url;

/// The issuer, the audience and the API's address that Better Auth derives from its base URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BaseUrl {
    /// Scheme, host and port as a browser serializes them: issuer and audience of plain tokens.
    pub(super) origin: String,
    /// The origin and the path of the API, without a trailing slash: the issuer of OAuth tokens.
    pub(super) base: String,
}

/// The path of the API when the URL has no path.
const DEFAULT_PATH: &str = "/api/auth";

impl BaseUrl {
    /// Parses the URL as the server does.
    pub(super) fn read(text: &str) -> Result<Self, Problem> {
        let problem = |kind, why| {
            Problem::new(
                kind,
                "the URL of the Better Auth server is not usable",
                why,
                "Pass the server's base URL, such as `https://auth.example.com`",
            )
        };
        if text.trim().is_empty() {
            return Err(problem(ProblemKind::EmptyValue, "it is empty"));
        }
        let url = Url::read(text).map_err(|bad| problem(bad.kind(), bad.why()))?;
        if url.query().is_some() {
            return Err(problem(ProblemKind::InvalidUrl, "it has a query"));
        }
        let origin = url.origin();
        let path = match url.path().trim_end_matches('/') {
            "" => DEFAULT_PATH,
            path => path,
        };
        let base = format!("{origin}{path}");
        Ok(Self { origin, base })
    }

    /// The URL of the keys, unless `jwks.jwksPath` is set on the server.
    pub(super) fn jwks(&self) -> String {
        format!("{}/jwks", self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_is_parsed_like_on_the_server() {
        for (text, origin, jwks) in [
            (
                "https://auth.example.com",
                "https://auth.example.com",
                "https://auth.example.com/api/auth/jwks",
            ),
            (
                "https://auth.example.com/",
                "https://auth.example.com",
                "https://auth.example.com/api/auth/jwks",
            ),
            (
                "https://Auth.Example.com:443/custom/auth/",
                "https://auth.example.com",
                "https://auth.example.com/custom/auth/jwks",
            ),
            (
                "http://localhost:3000/api/auth",
                "http://localhost:3000",
                "http://localhost:3000/api/auth/jwks",
            ),
            ("http://127.0.0.1:80", "http://127.0.0.1", "http://127.0.0.1/api/auth/jwks"),
            ("https://[::1]:8443//", "https://[::1]:8443", "https://[::1]:8443/api/auth/jwks"),
            ("http://a:443", "http://a:443", "http://a:443/api/auth/jwks"),
        ] {
            let url = BaseUrl::read(text).unwrap();
            assert_eq!((&*url.origin, &*url.jwks()), (origin, jwks), "{text}");
        }
    }

    #[test]
    fn an_invalid_server_url_is_a_problem() {
        for text in [
            "",
            " ",
            "auth.example.com",
            "/api/auth",
            "ftp://auth.example.com",
            "https://",
            "https://:443",
            "https://user:hunter2@auth.example.com",
            "https://auth.example.com:port",
            "https://auth.example.com:99999",
            "https://auth.example.com/?a=b",
            "https://auth.example.com/#a",
            "https://auth.example .com",
        ] {
            let problem = BaseUrl::read(text).unwrap_err();
            assert!(!problem.to_string().contains("hunter2"), "{text}");
        }
    }
}
