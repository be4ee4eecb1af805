"""Web hooks by which providers bring mail, and say what became of ours: which are set up, and which requests are theirs.

They are set up in MAIL_URL, by addresses such as `anymail+postmark://?webhook_secret=user:password`; the same one may be the
way out. A provider may have several: while a secret changes both are good. Without a good secret there is no endpoint.
"""

from __future__ import annotations

import copy
import hashlib
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from anymail.exceptions import AnymailError
from anymail.webhooks.base import AnymailBasicAuthMixin
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest

from trustdesk.channels import provider_bytes, provider_views, providers
from trustdesk.channels.amazon_sns import CannotTell
from trustdesk.channels.provider_views import INBOUND, PROVIDERS, TRACKING

SHORTEST = 16  # characters of a secret: anybody may guess, as often as he likes
AHEAD = 300.0  # seconds that another clock may be before ours
NODES = 200_000  # of JSON that is looked at before anybody knows whose it is
DEPTH = 64
_BASIC = "webhook_secret"
_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})
_LIST_OR_OBJECT = re.compile(rb"\s*+[\[{]")
# The end is optional, so that a quote without its other half ends the search instead of beginning it anew.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)

log = logging.getLogger(__name__)


class NotTheirs(Exception):
    """Nothing shows that the provider sent this."""


@dataclass(frozen=True, slots=True)
class Hook:
    """One request as it came."""

    provider: str
    about: str  # INBOUND or TRACKING
    path: str
    query: str
    content_type: str
    headers: Mapping[str, str]  # by names in lower case
    content: bytes

    def envelope(self) -> dict[str, Any]:
        """Return what has to be kept beside the content, to read it later: no secrets."""
        return {
            "provider": self.provider,
            "about": self.about,
            "method": "POST",
            "path": self.path,
            "query": self.query,
            "content_type": self.content_type,
            "headers": {name: value for name, value in self.headers.items() if name not in _SECRET_HEADERS},
        }

    @classmethod
    def kept(cls, envelope: Mapping[str, Any], content: bytes) -> Hook:
        """Return the request that `envelope` was kept of; raises KeyError."""
        names = ("provider", "about", "path", "query", "content_type", "headers")
        return cls(**{name: envelope[name] for name in names}, content=content)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address that a provider posts to. A view for each set of secrets: they keep what they find in themselves, so that
    each request needs a copy."""

    provider: str
    about: str
    authserv_id: str  # by which it says in mails whether DMARC passed, and removes what others say; blank: not believed
    views: list[Any] = field(default_factory=list)

    def basic_auth(self) -> bool:
        """Say whether every request has to show a name and a password."""
        return all(view.basic_auth for view in self.views)

    def may_be_theirs(self, request: HttpRequest) -> bool:
        """Say whether what stands in the header speaks against a request, before its body is read."""
        return not self.basic_auth() or any(
            _passes(AnymailBasicAuthMixin.validate_request, one, request) for one in self.views
        )

    def source(self, hook: Hook, *, now: float) -> str:
        """Return the provider's own mark of a request: the same for the same one, however often it comes; raises NotTheirs, or
        CannotTell where that may be known later.

        `now` in seconds since 1970: what is signed with its time is good for a while only.
        """
        try:
            if not self.basic_auth():  # otherwise it is theirs already, and whatever it is may not be lost
                sane_json(hook)
            request = rebuilt(hook)
            proved = [one for one in self.views if _passes(type(one).run_validators, copy.copy(one), request)]
            word = self._stamped(proved, request, now)
        except (NotTheirs, CannotTell):
            raise
        except Exception as error:  # noqa: BLE001  the views ask strangers for fields that these need not send
            log.info("hook of %s refused: %s", self.provider, type(error).__name__)
            raise NotTheirs from None
        digest = hashlib.sha256(word.encode() if word else hook.content).hexdigest()
        return f"{self.provider}:{self.about}:{digest}"

    def _stamped(self, proved: Sequence[Any], request: HttpRequest, now: float) -> str:
        if not proved:
            raise NotTheirs
        row = PROVIDERS[self.provider]
        if row.stamp is None or self.about not in row.stamped or not all(_signs(one) for one in proved):
            return ""
        at, word = row.stamp(request)
        if not now - row.patience <= float(at) <= now + AHEAD:
            raise NotTheirs
        return word


def _passes(check: Any, view: Any, request: HttpRequest) -> bool:
    try:
        check(view, request)
    except CannotTell:
        raise
    except Exception as error:  # noqa: BLE001  whatever it is, nothing is shown; its text may hold what was posted
        log.info("hook of %s not proved: %s", view.esp_name, type(error).__name__)
        return False
    return True


def _signs(view: Any) -> bool:
    """Say whether a view looks at signatures at all: where it need not, there may be none, nor a time."""
    return bool(
        getattr(view, "_svix_webhook", None)
        or getattr(view, "webhook_verification_key", None)
        or getattr(view, "webhook_signing_key", None)
    )


def find(provider: str, about: str) -> Endpoint | None:
    """Return the endpoint of a provider; None where it is unknown or not set up."""
    return _read(tuple(settings.MAIL_HOOKS))[0].get((provider, about))


def problems(addresses: Sequence[str]) -> list[tuple[str, str, bool]]:
    """List what is wrong with addresses: provider, why one of its endpoints is off, and whether that cannot be meant."""
    return _read(tuple(addresses))[1]


@lru_cache(maxsize=4)
def _read(addresses: tuple[str, ...]) -> tuple[dict[tuple[str, str], Endpoint], list[tuple[str, str, bool]]]:
    endpoints: dict[tuple[str, str], Endpoint] = {}
    wrong: list[tuple[str, str, bool]] = []
    for address in addresses:
        provider, options = providers.taken_apart(address)
        if provider not in PROVIDERS:
            wrong.append((provider, "is no provider whose hooks are known", True))
            continue
        for about, names in _kinds(provider):
            try:
                made = _view(provider, about, options, names)
            except ValueError as reason:
                wrong.append((provider, f"{about}: {reason}", bool({_BASIC, *names} & options.keys())))
            else:
                whole = Endpoint(provider, about, options.get("authserv_id", ""))
                endpoints.setdefault((provider, about), whole).views.append(made)
    return endpoints, wrong


def _kinds(provider: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for about in (INBOUND, TRACKING):
        names = provider_views.secrets_of(provider, about)
        if names is not None:
            yield about, names


def _view(provider: str, about: str, options: Mapping[str, str], names: tuple[str, ...]) -> Any:
    """Make a view that refuses strangers; raises ValueError where it would not, or cannot be made."""
    given = {name: options[name] for name in (_BASIC, *names) if name in options}
    if not given:
        raise ValueError(f"needs {' or '.join((_BASIC, *names))}")
    for name, value in given.items():
        if len(value.strip()) < SHORTEST:
            raise ValueError(f"{name} is shorter than {SHORTEST} characters")
    if _BASIC in given and not all(given[_BASIC].partition(":")[::2]):
        raise ValueError(f"{_BASIC} is not name:password")
    try:
        return provider_views.view(provider, about, options)
    except (AnymailError, ImproperlyConfigured) as error:
        raise ValueError(str(error).partition("\n")[0]) from None
    except (ValueError, TypeError) as error:  # of a key that is none; its text may hold the key
        raise ValueError(f"a setting is of no use ({type(error).__name__})") from None


def sane_json(hook: Hook) -> None:
    """Refuse JSON that would take much memory or a deep stack to read; raises ValueError. Forms are bounded by their reader."""
    if not _LIST_OR_OBJECT.match(hook.content):  # not its media type: some views read JSON whatever it is called
        return
    bones = _STRING.sub(b"", hook.content)
    if sum(bones.count(sign) for sign in (b",", b"[", b"{")) > NODES:
        raise ValueError("too much JSON")
    depth = 0
    for sign in re.findall(rb"[][{}]", bones):
        depth += 1 if sign in b"[{" else -1
        if depth > DEPTH:
            raise ValueError("too deep JSON")


class _AsItWas(WSGIRequest):
    """A request made anew of what was kept, read by our own reader of forms."""

    def __init__(self, hook: Hook) -> None:
        public = urlsplit(settings.PUBLIC_URL)
        super().__init__(
            {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in hook.headers.items()}
            | {
                "REQUEST_METHOD": "POST",
                "PATH_INFO": hook.path,
                "QUERY_STRING": hook.query,
                "CONTENT_TYPE": hook.content_type,
                # The address that the provider was told, whatever the proxies between made of it: some sign it.
                "HTTP_HOST": public.netloc,
                "HTTP_X_FORWARDED_PROTO": public.scheme,
                "wsgi.url_scheme": public.scheme,
                "wsgi.input": BytesIO(),
            }
        )
        self._body = hook.content

    def _load_post_and_files(self) -> None:
        self._post, self._files = provider_bytes.read_form(self.META["CONTENT_TYPE"], self.body)


def rebuilt(hook: Hook) -> HttpRequest:
    """Return the request as django-anymail's views want it."""
    return _AsItWas(hook)
