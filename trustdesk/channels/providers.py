"""Mail by a provider's web interface in place of SMTP: any of those that django-anymail knows, by an address such as
`anymail+postmark://?server_token=…`.

Only what stands in that address is used, nothing from the environment. The return path is the provider's own: what comes back
is told by its web hooks, under the id it gave the message.
"""

from __future__ import annotations

from email.message import EmailMessage
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import BadHeaderError, EmailMultiAlternatives
from django.utils.module_loading import import_string

from trustdesk.net.mail import MailFailed

SCHEME = "anymail+"
TIMEOUT = 15.0  # seconds for each step, unless the address says otherwise
_MADE_ANEW = frozenset({"from", "to", "subject", "date", "reply-to", "mime-version"})
# Providers replace the Message-ID unless asked not to; answers could not be told apart then.
_KEEP_ID = {"postmark": {"X-PM-KeepID": "true"}}
_AGAIN = frozenset({408, 425, 429})
_OURS_TO_MEND = frozenset({401, 402, 403, 404, 405})  # key, bill or address of the interface: then the same message goes


def transport(where: str) -> partial[str]:
    """Return what hands messages to the provider that an address names; raises ValueError."""
    provider, given = taken_apart(where)
    options: dict[str, Any] = dict(given)
    try:
        options["timeout"] = float(options.get("timeout", TIMEOUT))
        backend = import_string(f"anymail.backends.{provider}.EmailBackend")
        backend(**options)  # says now what is missing
    except (ImportError, ImproperlyConfigured, ValueError) as error:
        raise ValueError(f"the mail provider {provider!r} cannot be used: {error}") from None
    return partial(_send, backend=backend, options=options, more=_KEEP_ID.get(provider, {}))


def taken_apart(where: str) -> tuple[str, dict[str, str]]:
    """Return the provider that an address names, and the settings; raises ValueError.

    Not by urlsplit: no scheme has a "_", and amazon_ses has. A "+" is one: keys are often base64, and never hold a blank.
    """
    provider, mark, query = where.removeprefix(SCHEME).partition("://?")
    if not mark or not where.startswith(SCHEME) or not provider.replace("_", "").isalnum():
        raise ValueError("a provider's address is anymail+name://?setting=value&…")
    return provider, dict(parse_qsl(query.replace("+", "%2B"), keep_blank_values=True))


def _send(
    message: EmailMessage,
    *,
    envelope_sender: str | None = None,
    backend: Any,
    options: dict[str, Any],
    more: dict[str, str],
) -> str:
    """Hand one message over; return the provider's id of it. `envelope_sender` is no business of ours here."""
    outgoing = _translated(message, more)
    sender = backend(**options)  # of its own: one keeps its connection in itself, and several threads send
    sender.session = sender.create_session()
    sender.session.trust_env = False  # no .netrc and no proxy of this machine's users
    sender.session.max_redirects = 0  # the key goes nowhere but where the address says
    try:
        sender.send_messages([outgoing])
    except (AnymailError, BadHeaderError) as error:
        raise _failure(error) from None  # its text holds what the provider answered, and that what was sent
    finally:
        sender.close()
    status = outgoing.anymail_status  # type: ignore[attr-defined]
    answered = getattr(status.esp_response, "status_code", 200)
    if answered >= 400:  # a refusal whose words django-anymail does not know passes for "unknown"
        raise MailFailed("message_refused", permanent=True, status=answered)
    return status.message_id if isinstance(status.message_id, str) else ""


def _translated(message: EmailMessage, more: dict[str, str]) -> EmailMultiAlternatives:
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    made = EmailMultiAlternatives(
        subject=str(message["Subject"]),
        body=text.get_content() if text else "",
        from_email=str(message["From"]),
        to=[str(message["To"])],
        reply_to=[str(message["Reply-To"])] if message["Reply-To"] else None,
        headers=more
        | {
            name: str(value)
            for name, value in message.items()
            if name.lower() not in _MADE_ANEW and not name.lower().startswith("content-")
        },
    )
    if html:
        made.attach_alternative(html.get_content(), "text/html")
    return made


def _failure(error: Exception) -> MailFailed:
    """Say whether sending again helps. Who did not answer may have taken it: the outbox marks the copy."""
    status = getattr(error, "status_code", None) or 0
    if isinstance(error, AnymailRecipientsRefused):
        return MailFailed("recipient_refused", permanent=True, status=status)
    if not isinstance(error, AnymailAPIError):
        return MailFailed("message_refused", permanent=True)  # it cannot be put into the provider's words
    if not status:
        timed_out = any("Timeout" in kind.__name__ for kind in type(error).__mro__)
        return MailFailed("timeout" if timed_out else "connect", permanent=False)
    if status in _OURS_TO_MEND:
        return MailFailed("auth", permanent=False, status=status)
    again = status >= 500 or status in _AGAIN or status < 400
    return MailFailed("message_refused", permanent=not again, status=status)
