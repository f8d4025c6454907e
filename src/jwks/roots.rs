//! The root certificates of the default client.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ConfigBuilder, Error, RootCertStore, WantsVerifier};
use rustls_platform_verifier::Verifier;

use crate::error::{Problem, ProblemKind};

/// The trusted certificates.
#[derive(Default)]
pub(super) struct Roots {
    base: Base,
    more: Vec<CertificateDer<'static>>,
    problems: Vec<Problem>,
}

/// The certificates in addition to the configured ones.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Base {
    /// Those of the platform, including those that an administrator added.
    #[default]
    Platform,
    /// Those that Mozilla trusts, compiled in.
    #[cfg(feature = "webpki-roots")]
    Mozilla,
    Nothing,
}

impl Roots {
    /// Adds the certificates in this PEM. `setting` is the name of the call.
    pub(super) fn add(&mut self, setting: &str, pem: &[u8]) {
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let certificates = read.unwrap_or_default();
        let is_usable = |certificate: &CertificateDer<'static>| {
            RootCertStore::empty().add(certificate.clone()).is_ok()
        };
        if certificates.is_empty() || !certificates.iter().all(is_usable) {
            self.problems.push(unreadable(setting));
        }
        self.more.extend(certificates);
    }

    /// Trusts only the configured certificates.
    pub(super) fn only(&mut self, setting: &str, pem: &[u8]) {
        self.base = Base::Nothing;
        self.add(setting, pem);
    }

    #[cfg(feature = "webpki-roots")]
    pub(super) fn mozilla(&mut self) {
        if self.base == Base::Platform {
            self.base = Base::Mozilla;
        }
    }

    pub(super) fn is_default(&self) -> bool {
        self.base == Base::Platform && self.more.is_empty() && self.problems.is_empty()
    }

    /// The TLS configuration with these certificates.
    pub(super) fn config(self) -> Result<ClientConfig, Vec<Problem>> {
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let platform = |error: Error| {
            let fix = "Install root certificates (`ca-certificates` in a container), call `only_root_certificates`, \
                       or enable the feature `webpki-roots` and call `webpki_roots`";
            vec![no_tls(&error, fix)]
        };
        let (tls, provider) = tls().map_err(|error| vec![no_tls(&error, BUG)])?;
        let config = match self.base {
            Base::Platform => {
                let verifier = platform_verifier(self.more, provider).map_err(platform)?;
                tls.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
            }
            #[cfg(feature = "webpki-roots")]
            Base::Mozilla => {
                let mut roots: RootCertStore =
                    webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
                roots.add_parsable_certificates(self.more);
                tls.with_root_certificates(roots)
            }
            Base::Nothing => {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(self.more);
                tls.with_root_certificates(roots)
            }
        };
        Ok(config.with_no_client_auth())
    }
}

/// The platform's verifier, which also trusts these certificates.
fn platform_verifier(
    more: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<Verifier, Error> {
    if more.is_empty() {
        return Verifier::new(provider);
    }
    #[cfg(target_os = "android")]
    return Err(Error::General("certificates cannot be added on Android".to_owned()));
    #[cfg(not(target_os = "android"))]
    Verifier::new_with_extra_roots(more, provider)
}

/// Uses an explicit crypto provider; the process-wide default is neither read nor set.
fn tls() -> Result<(ConfigBuilder<ClientConfig, WantsVerifier>, Arc<CryptoProvider>), Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    Ok((builder.with_safe_default_protocol_versions()?, provider))
}

const BUG: &str = "Report a bug: the TLS library rejects its own defaults";

fn no_tls(error: &Error, fix: &'static str) -> Problem {
    Problem::new(
        ProblemKind::TlsUnavailable,
        format!("the TLS client cannot be set up ({error})"),
        "the certificate of the key server could not be verified",
        fix,
    )
}

fn unreadable(setting: &str) -> Problem {
    Problem::new(
        ProblemKind::InvalidValue,
        format!("`{setting}` with text that contains no certificate, or a malformed one"),
        "the certificate of the key server could not be verified",
        "Pass the PEM of the certificate authority, which starts with `-----BEGIN CERTIFICATE-----`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pem_certificates_are_accepted_as_roots() {
        let good = include_str!("../../tests/it/data/tls/ca.pem");
        let key = include_str!("../../tests/it/data/tls/key.pem");
        let cut = &good[..good.len() / 2];
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (pem, is_good) in [
            (good.to_owned(), true),
            (good.repeat(2), true),
            (format!("a comment\n{good}"), true),
            (String::new(), false),
            ("not a certificate".to_owned(), false),
            (key.to_owned(), false),
            (cut.to_owned(), false),
            (broken.to_owned(), false),
            (format!("{good}{broken}"), false),
            (format!("{good}{cut}"), false),
        ] {
            for only in [false, true] {
                let mut roots = Roots::default();
                if only {
                    roots.only("only_root_certificates", pem.as_bytes());
                } else {
                    roots.add("root_certificates", pem.as_bytes());
                }
                let config = roots.config().map(drop);
                assert_eq!(config.is_ok(), is_good, "{pem}");
                let Err(problems) = config else { continue };
                assert_eq!(problems[0].kind(), ProblemKind::InvalidValue, "{problems:?}");
            }
        }
    }
}
