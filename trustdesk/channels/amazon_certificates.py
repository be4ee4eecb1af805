"""Certificates that Amazon SNS signs with: whose they are, and who vouches for them.

Amazon asks to check that a certificate is SNS's and that its chain of trust is valid. What lies at a SigningCertURL is one
certificate alone, from Amazon's public authority: the one between it and a root is fetched from where it says itself
(RFC 5280, 4.2.2.1), from hosts of the authorities that Amazon uses and from no other. That is plain http, as everywhere:
nothing of it is believed but what a root has signed. The roots are those of the trust store that Amazon can have its
certificates from. The names are the ones that Amazon's own library expects, by region
(https://github.com/aws/aws-sdk-java-v2, sns-message-manager).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import AuthorityInformationAccessOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from trustdesk.net.http import verified_tls

AUTHORITIES = frozenset({"Amazon", "DigiCert Inc"})  # the second one in China
_ISSUER = re.compile(
    r"http://(?:crt\.[a-z0-9]{1,32}\.amazontrust\.com|cacerts\.digicert\.com)/[A-Za-z0-9-]{1,100}\.(?:cer|crt)"
)
_SMALLEST = 2048  # bits
_MOST = 4  # certificates in one file


class NotTrusted(Exception):
    """Nothing shows that this certificate is one of Amazon SNS."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A key that SNS signs with, and for how long."""

    key: rsa.RSAPublicKey
    begins: datetime
    ends: datetime


def checked(pem: bytes, *, region: str, now: datetime, fetch: Callable[[str], bytes]) -> Certificate:
    """Return the certificate of SNS in this region; raises NotTrusted.

    `fetch` gets the issuer's from its address where the file has it not; what it raises is passed on.
    """
    leaf, *others = _certificates(pem)
    key = _key(leaf)
    if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
        raise NotTrusted("not valid now")
    name = next((one for one in _names(leaf) if one in names(region)), "")
    if not name:
        raise NotTrusted("of somebody else")
    if not others:
        others = _certificates(fetch(_issuer(leaf)))
    try:
        verifier = PolicyBuilder().store(roots()).time(now).build_server_verifier(x509.DNSName(name))
        chain = verifier.verify(leaf, others)
    except VerificationError as error:
        raise NotTrusted("nobody vouches for it") from error
    return Certificate(
        key, max(one.not_valid_before_utc for one in chain), min(one.not_valid_after_utc for one in chain)
    )


def names(region: str) -> frozenset[str]:
    """Return what a certificate of SNS in this region may be made out to."""
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    found = {f"sns.{region}.{domain}", f"sns-signing.{region}.{domain}", f"sns-{region}.{domain}"}
    if region.startswith("us-gov-"):
        found.add("sns-us-gov-west-1.amazonaws.com")  # of both
    elif not region.startswith("cn-"):
        found.add("sns.amazonaws.com")
    return frozenset(found)


def _certificates(data: bytes) -> list[x509.Certificate]:
    try:
        found = x509.load_pem_x509_certificates(data) if b"-----BEGIN" in data else [x509.load_der_x509_certificate(data)]
    except ValueError:
        raise NotTrusted("no certificate") from None
    if len(found) > _MOST:
        raise NotTrusted("too many certificates")
    return found


def _key(certificate: x509.Certificate) -> rsa.RSAPublicKey:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise NotTrusted("no key that anybody can read") from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _SMALLEST:
        raise NotTrusted("no key that SNS would use")
    return key


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        return []
    return extension.value.get_values_for_type(x509.DNSName)


def _issuer(certificate: x509.Certificate) -> str:
    """Return where its issuer's certificate is; raises NotTrusted where that is nowhere we would ask."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        raise NotTrusted("no word of its issuer") from None
    places = [one.access_location for one in extension.value if one.access_method == AuthorityInformationAccessOID.CA_ISSUERS]
    urls = [place.value for place in places if isinstance(place, x509.UniformResourceIdentifier)]
    if not (good := [url for url in urls if _ISSUER.fullmatch(url)]):
        raise NotTrusted("its issuer is none of Amazon's")
    return good[0]


@cache
def roots() -> Store:
    """Return the roots of these authorities that our own connections trust, too."""
    tls = verified_tls()
    named = zip(tls.get_ca_certs(), tls.get_ca_certs(binary_form=True), strict=True)
    return Store([x509.load_der_x509_certificate(root) for facts, root in named if _organization(facts) in AUTHORITIES])


def _organization(facts: Mapping[str, Any]) -> str:
    return next((str(value) for part in facts["subject"] for name, value in part if name == "organizationName"), "")
