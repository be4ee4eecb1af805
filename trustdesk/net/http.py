"""The one door to HTTP: every request Trustdesk makes goes through `Http`.

What a caller may rely on: nothing is connected to that the guard does not allow (see `net.addresses`), no call lasts
longer than `Limits.total`, no answer is bigger than `Limits.max_bytes`, cookies and proxies from the environment play
no part, and addresses (which may carry tokens, as Telegram's do) appear in no log line and no error. A failure says
whether trying again helps.

Built on httpx requests over httpcore's connection pool rather than on `httpx.Client`: the pool lets us choose the
address of each connection, and the client logs whole addresses."""

from __future__ import annotations

import contextvars
import json as jsonlib
import secrets
import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin

import httpcore
import httpx

from trustdesk.net.addresses import AddressRefused, Guard, parse

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_TEMPORARY = frozenset({408, 425, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEPT_ACROSS_ORIGINS = frozenset({"accept", "accept-encoding", "accept-language", "user-agent"})
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "Trustdesk"}
_ERROR_BODY = 2_000  # enough of a provider's error to read its code


class HttpFailed(Exception):
    """A request that brought no usable answer.

    `reason` is a code: ``address_…``, ``dns``, ``connect``, ``tls``, ``timeout``, ``network``, ``protocol``,
    ``too_large``, ``encoding``, ``bad_json`` or ``status_<number>``. `permanent` says that trying again does not
    help. `status`, `body` (its beginning) and `retry_after` (seconds) are there when the peer answered."""

    def __init__(
        self, reason: str, *, permanent: bool, status: int = 0, retry_after: float | None = None, body: bytes = b""
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.status = status
        self.retry_after = retry_after
        self.body = body


@dataclass(frozen=True)
class Limits:
    """What a call may cost. Seconds and bytes; `total` covers name resolution, redirects, waiting and every
    attempt."""

    connect: float = 5.0
    read: float = 10.0
    total: float = 20.0
    max_bytes: int = 10_000_000
    attempts: int = 3
    redirects: int = 0
    backoff: float = 0.3  # before the second attempt; doubles, less a random part


@dataclass(frozen=True)
class Response:
    """An answer that was read to its end. Header names are lower case; repeated headers are joined with ``, ``."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Read the body as JSON; raises HttpFailed (``bad_json``)."""
        try:
            return jsonlib.loads(self.body)
        except (ValueError, RecursionError):
            raise HttpFailed("bad_json", permanent=True, status=self.status, body=self.body[:_ERROR_BODY]) from None


class Http:
    """A client with its own guard, limits, certificates and connections; safe to share between threads."""

    def __init__(
        self,
        *,
        guard: Guard | None = None,
        limits: Limits | None = None,
        tls: ssl.SSLContext | None = None,
        headers: Mapping[str, str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        network: httpcore.NetworkBackend | None = None,
    ) -> None:
        """`guard` defaults to the public internet only, `tls` to verified certificates, `network` to real sockets."""
        self._limits = limits or Limits()
        self._headers = _HEADERS | dict(headers or {})
        self._sleep = sleep
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls or verified_tls(),
            max_connections=50,
            max_keepalive_connections=10,
            keepalive_expiry=30.0,
            network_backend=_Guarded(guard or Guard(), network or httpcore.SyncBackend()),
        )

    def get(
        self, url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """Fetch JSON; raises HttpFailed for any status but 2xx."""
        return _expected(self.request("GET", url, params=params, headers=headers)).json()

    def post(
        self, url: str, *, json: Any = None, headers: Mapping[str, str] | None = None, idempotent: bool = False
    ) -> Any:
        """Post JSON and return the JSON of the answer; raises HttpFailed for any status but 2xx. Attempted once
        unless the caller knows that a second time does no harm."""
        return _expected(self.request("POST", url, json=json, headers=headers, idempotent=idempotent)).json()

    def download(self, url: str, *, headers: Mapping[str, str] | None = None, max_bytes: int | None = None) -> bytes:
        """Fetch a file of at most `max_bytes` bytes; raises HttpFailed for any status but 2xx."""
        limits = replace(self._limits, max_bytes=max_bytes) if max_bytes is not None else None
        return _expected(self.request("GET", url, headers=headers, limits=limits)).body

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Mapping[str, str] | None = None,
        content: bytes | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        idempotent: bool | None = None,
        limits: Limits | None = None,
    ) -> Response:
        """Make a request and read its answer, whatever its status – except the ones that mean "later" (408, 425, 429,
        5xx), which are attempted again when the call is idempotent and raise HttpFailed in the end.

        `files` maps field names to (file name, content, media type). `idempotent` defaults to what the method
        promises (RFC 9110, 9.2.2). Redirects are followed for GET and HEAD, `limits.redirects` times, each checked
        like the first."""
        limits = limits or self._limits
        may_repeat = method in _IDEMPOTENT if idempotent is None else idempotent
        deadline = time.monotonic() + limits.total
        token = _deadline.set(deadline)
        try:
            request = httpx.Request(
                method,
                parse(url).url,
                params=params,
                headers=self._headers | dict(headers or {}),
                json=json,
                data=data,
                content=content,
                files=files,
            )
            request.read()
            for attempt in range(1, limits.attempts + 1):
                try:
                    return self._follow(request, limits=limits)
                except HttpFailed as failure:
                    again = not failure.permanent and (may_repeat or failure.reason in _NEVER_SENT)
                    wait = failure.retry_after if failure.retry_after is not None else _backoff(attempt, limits.backoff)
                    if not again or attempt == limits.attempts or time.monotonic() + wait >= deadline:
                        raise
                    self._sleep(wait)
            raise AssertionError("limits.attempts must be at least 1")
        except AddressRefused as refusal:
            raise HttpFailed(refusal.reason, permanent=True) from None
        except httpx.InvalidURL:
            raise HttpFailed("address_malformed", permanent=True) from None
        finally:
            _deadline.reset(token)

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    def _follow(self, request: httpx.Request, *, limits: Limits) -> Response:
        """Make one attempt, with the redirects it leads to."""
        for _ in range(limits.redirects + 1):
            response = self._once(request, limits=limits)
            location = response.headers.get("location")
            if response.status in _TEMPORARY:
                raise _status_failed(response, permanent=False)
            may_follow = limits.redirects > 0 and request.method in ("GET", "HEAD")
            if not may_follow or response.status not in _REDIRECTS or not location:
                return response
            request = _redirected(request, location)
        raise HttpFailed("too_many_redirects", permanent=True)

    def _once(self, request: httpx.Request, *, limits: Limits) -> Response:
        """Send one request to one peer and read the answer within the limits."""
        timeouts = {"connect": limits.connect, "read": limits.read, "write": limits.read, "pool": limits.connect}
        sent = httpcore.Request(
            request.method,
            httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.content,
            extensions={"timeout": timeouts},
        )
        try:
            answer = self._pool.handle_request(sent)
            try:
                headers = httpx.Headers(answer.headers)
                body = _read(answer.iter_stream(), headers, max_bytes=limits.max_bytes)
            finally:
                answer.close()  # closes the connection too, where the body was not read to its end
            return Response(status=answer.status, headers=dict(headers), body=body)
        except httpcore.TimeoutException:
            raise HttpFailed("timeout", permanent=False) from None
        except httpcore.ConnectError:
            raise HttpFailed("connect", permanent=False) from None
        except httpcore.NetworkError:
            raise HttpFailed("network", permanent=False) from None
        except httpcore.LocalProtocolError:
            raise HttpFailed("protocol", permanent=True) from None
        except httpcore.ProtocolError:
            raise HttpFailed("protocol", permanent=False) from None


_NEVER_SENT = frozenset({"dns", "connect", "tls"})  # the peer has seen nothing of the request: any method may go again


def verified_tls() -> ssl.SSLContext:
    """Make the settings every outgoing connection uses: certificate and name verified, TLS 1.2 or newer."""
    context = httpx.create_ssl_context(trust_env=False)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _expected(response: Response) -> Response:
    if 200 <= response.status < 300:
        return response
    raise _status_failed(response, permanent=True)


def _status_failed(response: Response, *, permanent: bool) -> HttpFailed:
    return HttpFailed(
        f"status_{response.status}",
        permanent=permanent,
        status=response.status,
        retry_after=retry_after(response.headers.get("retry-after", ""), now=datetime.now(UTC)),
        body=response.body[:_ERROR_BODY],
    )


def retry_after(value: str, *, now: datetime) -> float | None:
    """Read a Retry-After header (seconds, or a date; RFC 9110, 10.2.3) as seconds from now; None when absent or
    nonsense."""
    value = value.strip()
    if value.isascii() and value.isdigit() and len(value) < 10:
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())


def _backoff(attempt: int, base: float) -> float:
    """Seconds to wait after the given attempt: doubled each time, less up to half, so that many callers spread
    out."""
    full = base * 2.0 ** (attempt - 1)
    return full * (0.5 + secrets.randbelow(501) / 1000)


def _redirected(request: httpx.Request, location: str) -> httpx.Request:
    """Prepare the request a redirect asks for; anything that could be a credential stays with its origin."""
    before = parse(str(request.url))
    after = parse(urljoin(before.url, location))
    if before.scheme == "https" and after.scheme == "http":
        raise HttpFailed("redirect_downgrade", permanent=True)
    same = before.origin == after.origin
    headers = {
        name: value
        for name, value in request.headers.items()
        if name != "host" and (same or name in _KEPT_ACROSS_ORIGINS)
    }
    return httpx.Request(request.method, after.url, headers=headers)


def _read(chunks: Iterable[bytes], headers: httpx.Headers, *, max_bytes: int) -> bytes:
    """Collect a body; raises HttpFailed as soon as it is known to be too large. We ask for no compression; a peer
    that compresses all the same is unpacked within the same bound, so that a small body cannot become a big one."""
    if headers.get("content-length", "").isdigit() and int(headers["content-length"]) > max_bytes:
        raise HttpFailed("too_large", permanent=True)
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "x-gzip"):
        raise HttpFailed("encoding", permanent=True)
    unpack = zlib.decompressobj(wbits=31) if "gzip" in encoding else None
    body = bytearray()
    for chunk in chunks:
        if time.monotonic() > _deadline.get():
            raise HttpFailed("timeout", permanent=False)
        try:
            body += unpack.decompress(chunk, max_bytes + 1 - len(body)) if unpack else chunk
        except zlib.error:
            raise HttpFailed("encoding", permanent=True) from None
        if len(body) > max_bytes:
            raise HttpFailed("too_large", permanent=True)
    if unpack and not unpack.eof:
        raise HttpFailed("encoding", permanent=False)  # cut short
    return bytes(body)


# When the call in progress must be over (time.monotonic). Sockets outlive calls, so the deadline travels beside them.
_deadline: contextvars.ContextVar[float] = contextvars.ContextVar("deadline")


def _left(timeout: float | None) -> float:
    left = _deadline.get(time.monotonic() + 60.0) - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("deadline")
    return left if timeout is None else min(timeout, left)


class _Guarded(httpcore.NetworkBackend):
    """Connects only where the guard allows, to the very address it checked."""

    def __init__(self, guard: Guard, network: httpcore.NetworkBackend) -> None:
        self._guard = guard
        self._network = network

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = self._guard.check(host, port, timeout=_left(timeout))
        except OSError:
            raise HttpFailed("dns", permanent=False) from None
        last: httpcore.NetworkError | httpcore.TimeoutException | None = None
        for ip in found:
            try:
                return _Bounded(self._network.connect_tcp(ip, port, _left(timeout), local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last or httpcore.ConnectError("no address")


class _Bounded(httpcore.NetworkStream):
    """A connection whose every read and write also ends at the deadline of the call: a peer that sends one byte at a
    time, in the body or in the headers, gains nothing by it."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # In pieces, or a slow reader would renew the timeout with every byte it takes.
        for start in range(0, len(buffer), 16_384):
            self._stream.write(buffer[start : start + 16_384], _left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            return _Bounded(self._stream.start_tls(ssl_context, server_hostname, _left(timeout)))
        except httpcore.ConnectError:
            # Not permanent: a certificate may be renewed, and that says nothing about this request.
            raise HttpFailed("tls", permanent=False) from None

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
