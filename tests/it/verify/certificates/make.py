"""Generates the demo certificates: `python make.py`, with the package `cryptography`.

One certificate for each demo key of the crate's `testing` module, next to the keys; and some with a key usage, and a
chain, next to this file. All of them are expired, and all but the chain are self-signed, because the tests show that
neither matters.
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


def private_key(key):
    return serialization.load_pem_private_key(
        (KEYS / f"{key}.private.pem").read_bytes(), None
    )


def named(name):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def certificate(key, subject, issuer, signer, usages=()):
    """The certificate of a key, signed with another one or the same."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(subject))
        .issuer_name(named(issuer))
        .public_key(private_key(key).public_key())
        .serial_number(1)
        .not_valid_before(datetime.datetime(2020, 1, 1))
        .not_valid_after(datetime.datetime(2020, 1, 2))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    for usage in usages:
        extension = x509.KeyUsage(**{one: one == usage for one in USAGES})
        builder = builder.add_extension(extension, critical=True)
    digest = None if signer.startswith("ed25519") else hashes.SHA256()
    signed = builder.sign(private_key(signer), digest)
    return signed.public_bytes(serialization.Encoding.PEM)


def make(to, key, usages=()):
    to.write_bytes(certificate(key, "a demo key", "a demo key", key, usages))


def chain():
    """A key, its authority, and the root."""
    return [
        certificate("p256-a", "an issuer", "an authority", "p384-a"),
        certificate("p384-a", "an authority", "a root", "p521-a"),
        certificate("p521-a", "a root", "a root", "p521-a"),
    ]


for key in ["rsa", "p256", "p384", "p521", "ed25519"]:
    for which in ["a", "b"]:
        make(KEYS / f"{key}-{which}.certificate.pem", f"{key}-{which}")
for name, usage in [
    ("signing", "digital_signature"),
    ("non-repudiation", "content_commitment"),
    ("encryption", "key_encipherment"),
    ("authority", "key_cert_sign"),
]:
    make(HERE / f"{name}.pem", "p256-a", usages=[usage])
(HERE / "chain.pem").write_bytes(b"".join(chain()))
