//! Valid and invalid certificates for the key server, all for one key. `data/tls/README.md` describes how they
//! were made.

use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto::aws_lc_rs};

use crate::support::key_server::Greeting;

/// The authority that signed most of them.
pub(crate) const AUTHORITY: &str = include_str!("../data/tls/ca.pem");

/// TLS with the certificate of this name.
pub(crate) fn greeting(certificate: &str) -> Greeting {
    let certificate = match certificate {
        "good" => include_bytes!("../data/tls/good.pem").as_slice(),
        "expired" => include_bytes!("../data/tls/expired.pem"),
        "elsewhere" => include_bytes!("../data/tls/elsewhere.pem"),
        "untrusted" => include_bytes!("../data/tls/untrusted.pem"),
        other => panic!("there is no certificate `{other}`"),
    };
    let certificate = CertificateDer::from_pem_slice(certificate).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("../data/tls/key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = config.with_single_cert(vec![certificate], key).unwrap();
    Greeting::Tls(TlsAcceptor::from(Arc::new(config)))
}
