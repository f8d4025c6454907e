"""Makes the certificates beside this file: `python make.py`, with the package `cryptography`.

The keys are the demo keys of the crate's `testing` room. All of them are long expired, and signed by
themselves: what the tests show is that neither matters.
"""

import datetime
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

HERE = pathlib.Path(__file__).parent
KEYS = HERE.parents[3] / "src/testing/keys"
USAGES = [
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
]


def make(name, key, usages=()):
    private = serialization.load_pem_private_key(
        (KEYS / f"{key}-a.private.pem").read_bytes(), None
    )
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a demo key")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(datetime.datetime(2020, 1, 1))
        .not_valid_after(datetime.datetime(2020, 1, 2))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    for usage in usages:
        extension = x509.KeyUsage(**{one: one == usage for one in USAGES})
        builder = builder.add_extension(extension, critical=True)
    digest = None if key == "ed25519" else hashes.SHA256()
    certificate = builder.sign(private, digest)
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (HERE / f"{name}.pem").write_bytes(pem)


for key in ["rsa", "p256", "p384", "p521", "ed25519"]:
    make(key, key)
make("signing", "p256", usages=["digital_signature"])
make("non-repudiation", "p256", usages=["content_commitment"])
make("encryption", "p256", usages=["key_encipherment"])
make("authority", "p256", usages=["key_cert_sign"])
