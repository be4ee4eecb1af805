"""Header fields by which strangers say that something was checked (E-10): they are stripped before anything else is read."""

from __future__ import annotations

from collections.abc import Iterable

# Fields that claim a check was made, or that steer software of ours. Nothing of them is believed or shown; who
# vouches for a mail is read from its bytes (`net.authenticity`).
_CLAIMS = frozenset({"authentication-results", "received-spf", "domainkey-status", "authentication-warning"})
_CLAIMS_BEGIN = (
    *(
        "arc-",
        "bimi-",
        "x-arc-",
        "x-auth",
        "x-original-authentication-",
        "x-received-spf",
        "x-spf",
        "x-dkim",
        "x-dmarc",
    ),
    *("x-spam", "x-virus", "x-amavis", "x-rspamd", "x-trustdesk", "x-verified", "x-sender-verified", "x-forefront-"),
    *("x-ms-exchange-authentication-", "x-ms-exchange-organization-", "x-ms-exchange-crosstenant-"),
    *("x-microsoft-antispam", "x-google-dkim"),
)


def stripped(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return header fields without those that claim a check or pose as ours (E-10); names in any case."""
    return [(name, value) for name, value in headers if not is_claim(name)]


def is_claim(name: str) -> bool:
    """Say whether a header field claims that something was checked, which only a stranger may have written."""
    name = name.strip().lower()
    return name in _CLAIMS or name.startswith(_CLAIMS_BEGIN)
