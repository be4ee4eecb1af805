"""Signatures of Amazon SNS, by which SES brings mail and says what became of ours
(https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html).

The message names the certificate it is signed with. It is fetched only from the host of SNS itself, in the region of the
message's own topic, over checked TLS, and kept for a day once it is shown to be one of SNS (`amazon_certificates`); what
anybody with an account at Amazon can have signed is told from ours by the topic or by the secret in the address.
"""

from __future__ import annotations

import base64
import binascii
import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from trustdesk.channels import amazon_certificates
from trustdesk.channels.amazon_certificates import Certificate, NotTrusted
from trustdesk.net.http import Http, HttpFailed, Limits

KEPT = timedelta(hours=24)  # of a certificate
_MOST = 16  # certificates
_FETCHING = threading.BoundedSemaphore(2)  # a stranger may name many: no more threads than these wait for Amazon
_WAIT = 5.0  # seconds for one of those
_REGION = r"(?P<region>[a-z]{2}(?:-[a-z]+)+-\d{1,2})"
_TOPIC = re.compile(rf"arn:aws(?:-cn|-us-gov)?:sns:{_REGION}:\d{{12}}:[A-Za-z0-9_-]{{1,256}}(?:\.fifo)?")
_HOST = rf"https://sns\.{_REGION}\.amazonaws\.com(?P<china>\.cn)?"
_CERTIFICATE = re.compile(rf"{_HOST}/SimpleNotificationService-[0-9a-f]{{16,64}}\.pem")
_CONFIRMS = re.compile(rf"{_HOST}/\?[!-~]{{1,2000}}")
_HASHES: Mapping[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303  Amazon's choice
_SUBSCRIBING = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED: Mapping[str, tuple[str, ...]] = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": _SUBSCRIBING,
    "UnsubscribeConfirmation": _SUBSCRIBING,
}

log = logging.getLogger(__name__)


class NotSigned(Exception):
    """Nothing shows that Amazon SNS sent this, or it is of another topic than ours."""


class CannotTell(Exception):
    """The certificate cannot be fetched now; Amazon tries again later."""


def is_topic(text: str) -> bool:
    """Say whether a text is the name (ARN) of a topic."""
    return bool(_TOPIC.fullmatch(text))


def verify(message: Mapping[str, Any], *, topic: str, now: datetime) -> None:
    """Return when the message is signed by Amazon SNS and, unless blank, of this topic; raises NotSigned or CannotTell."""
    named = _TOPIC.fullmatch(str(message.get("TopicArn", "")))
    if not named or (topic and named[0] != topic):
        raise NotSigned
    algorithm, fields = _HASHES.get(str(message.get("SignatureVersion"))), _SIGNED.get(str(message.get("Type")))
    url = str(message.get("SigningCertURL", ""))
    if algorithm is None or fields is None or _region(_CERTIFICATE, url) != named["region"]:
        raise NotSigned
    try:
        signature = base64.b64decode(str(message.get("Signature", "")), validate=True)
    except (binascii.Error, ValueError):
        raise NotSigned from None
    wanted = [name for name in fields if name != "Subject" or message.get(name) is not None]
    if not all(isinstance(message.get(name), str) for name in wanted) or not 128 <= len(signature) <= 1024:
        raise NotSigned
    certificate = _certificate(url, named["region"], now)
    if not certificate.begins <= now <= certificate.ends:
        raise NotSigned
    signed = "".join(f"{name}\n{message[name]}\n" for name in wanted).encode("utf-8", "replace")
    try:
        certificate.key.verify(signature, signed, padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        raise NotSigned from None


def confirms(message: Mapping[str, Any]) -> str:
    """Return the address that confirms a subscription; raises ValueError where it is none of SNS's in the topic's region."""
    url, named = str(message.get("SubscribeURL", "")), _TOPIC.fullmatch(str(message.get("TopicArn", "")))
    if not named or _region(_CONFIRMS, url) != named["region"]:
        raise ValueError("no address of Amazon SNS")
    return url


def _region(pattern: re.Pattern[str], url: str) -> str:
    found = pattern.fullmatch(url)
    if not found or found["region"].startswith("cn-") != bool(found["china"]):
        return ""
    return found["region"]


_known: OrderedDict[str, tuple[Certificate, datetime]] = OrderedDict()  # and when it was fetched
_lock = threading.Lock()


def forget() -> None:
    """Fetch certificates anew."""
    with _lock:
        _known.clear()


def _certificate(url: str, region: str, now: datetime) -> Certificate:
    with _lock:
        found = _known.get(url)
    if found is not None and now - found[1] < KEPT:
        return found[0]
    if not _FETCHING.acquire(timeout=_WAIT):
        raise CannotTell
    try:
        made = amazon_certificates.checked(_http().download(url), region=region, now=now, fetch=_issuer)
    except NotTrusted as distrust:
        log.warning("a certificate at the address of Amazon SNS is not trusted: %s", distrust)
        raise NotSigned from None
    except HttpFailed as failure:
        if failure.permanent:
            raise NotSigned from None
        raise CannotTell from None
    finally:
        _FETCHING.release()
    with _lock:
        _known[url] = (made, now)
        _known.move_to_end(url)
        while len(_known) > _MOST:
            _known.popitem(last=False)
    return made


def _issuer(url: str) -> bytes:
    """Fetch the certificate of who issued one; raises CannotTell, because without it nothing is known."""
    try:
        return _http().download(url)
    except HttpFailed as failure:
        log.warning("the certificate of Amazon's authority could not be fetched: %s", failure)
        raise CannotTell from None


@cache
def _http() -> Http:
    """Return the door: public servers only, certificates checked, no redirects."""
    return Http(limits=Limits(connect=3.0, read=5.0, total=8.0, max_bytes=64 * 1024, attempts=2))
