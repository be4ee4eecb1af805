"""An authority such as Amazon's for the tests: a root, who issues for it, and certificates for SNS."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID
from cryptography.x509.verification import Store

from tests.world import NOON

ISSUER_URL = "http://crt.r2m01.amazontrust.com/r2m01.cer"
SIGNING = rsa.generate_private_key(public_exponent=65537, key_size=2048)  # what SNS signs with
_ROOT = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_BETWEEN = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(
    key: rsa.RSAPrivateKey = SIGNING,
    *,
    begins: datetime = NOON - timedelta(days=30),
    days: int = 365,
    name: str = "sns.amazonaws.com",
    issuer_at: str = ISSUER_URL,
    issuer: rsa.RSAPrivateKey = _BETWEEN,
    issued_by: str = "Issuing",
) -> bytes:
    """A certificate such as SNS signs with, alone in its file (PEM)."""
    made = _begun(name, key, begins=begins, days=days, issuer=issuer, issued_by=issued_by)
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    if issuer_at:
        place = x509.UniformResourceIdentifier(issuer_at)
        access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)
        made = made.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    return made.sign(issuer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def self_signed() -> bytes:
    """One that looks the same and that nobody has issued (PEM)."""
    return certificate(issuer=SIGNING, issued_by="sns.amazonaws.com")


def between(*, by: rsa.RSAPrivateKey = _ROOT, key: rsa.RSAPrivateKey = _BETWEEN, **more: Any) -> bytes:
    """The certificate between that one and the root (DER)."""
    return _authority("Issuing", key, issuer=by, issued_by="Root", **more).public_bytes(serialization.Encoding.DER)


def pem(der: bytes) -> bytes:
    """Write a certificate as text."""
    return x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM)


def roots() -> Store:
    """Whom we trust."""
    return Store([_authority("Root", _ROOT, issuer=_ROOT, issued_by="Root", days=5_000)])


def _authority(name: str, key: rsa.RSAPrivateKey, **more: Any) -> x509.Certificate:
    made = _begun(name, key, **more).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
    )
    made = made.add_extension(x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **usage), critical=True)
    return made.sign(more["issuer"], hashes.SHA256())


def _begun(
    name: str, key: rsa.RSAPrivateKey, *, issuer: rsa.RSAPrivateKey, issued_by: str,
    begins: datetime = NOON - timedelta(days=60), days: int = 1_000,
) -> x509.CertificateBuilder:  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issued_by)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), critical=False)
    )
