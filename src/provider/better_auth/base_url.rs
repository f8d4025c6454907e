//! The URL of an auth server, and what it implies.

use crate::error::{Problem, ProblemKind};
use crate::url::Url;

/// What Better Auth makes of its base URL: where it serves, and what it calls itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BaseUrl {
    /// Scheme, host and port, written as a browser would: the issuer and audience of plain tokens.
    pub(super) origin: String,
    /// The origin and the path of the API, without a slash at its end: the issuer of OAuth tokens.
    pub(super) base: String,
}

/// Where the API is when the URL has no path.
const DEFAULT_PATH: &str = "/api/auth";

impl BaseUrl {
    /// Reads the URL as the server does.
    pub(super) fn read(text: &str) -> Result<Self, Problem> {
        let problem = |kind, why| {
            Problem::new(
                kind,
                "the URL of the Better Auth server",
                why,
                "Pass what the server has as its base URL: `https://auth.example.com`",
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

    /// Where the keys are, unless the server was told otherwise.
    pub(super) fn jwks(&self) -> String {
        format!("{}/jwks", self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_is_read_as_the_server_reads_it() {
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
    fn what_is_no_url_of_a_server_is_a_problem() {
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
