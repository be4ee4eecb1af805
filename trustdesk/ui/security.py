"""Headers that limit what a page may do and who may keep or frame it."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden

# Everything under here is made to be framed, by the configured sites only.
FRAMED_PREFIX = "/chat/"
# Drawn by Wagtail, whose pages hold inline scripts and styles; nobody but administrators and editors gets there.
BACK_OFFICE_PREFIX = "/back-office/"
# Asked by a load balancer from inside, before https begins.
PLAIN_PREFIX = "/health/"

# No nonce and no hash: our own pages hold no inline script or style, so they can be cached.
_POLICY = (
    "default-src 'none'; script-src 'self'{inline}; style-src 'self'{inline}; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; media-src 'self' blob:; frame-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "form-action 'self'; base-uri 'none'; object-src 'none'; report-uri /csp-report; frame-ancestors {ancestors}"
)


class SecurityHeadersMiddleware:
    """Add the headers a response does not set itself. A view that needs another policy sets the header."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request and add the headers, on errors and static files too."""
        if settings.HTTPS and not request.is_secure() and not request.path_info.startswith(PLAIN_PREFIX):
            # Refused, not redirected: what a client sent in the clear it would send in the clear again.
            response: HttpResponse = HttpResponseForbidden("https only", content_type="text/plain; charset=utf-8")
        else:
            response = self.get_response(request)
        if request.path_info.startswith(FRAMED_PREFIX):
            # It knows no list of origins; frame-ancestors says the same and better.
            del response.headers["X-Frame-Options"]
        for name, value in headers(request.path_info).items():
            response.headers.setdefault(name, value)
        return response


def with_frames_of(*origins: str, ancestors: str = "'none'") -> str:
    """Return the policy of a page of ours that may hold frames of these sites, and be framed itself by `ancestors`."""
    policy = _POLICY.format(ancestors=ancestors, inline="")
    return policy.replace("frame-src 'self'", " ".join(("frame-src 'self'", *origins)))


def headers(path: str) -> dict[str, str]:
    """Return the headers that whatever is answered at `path` carries, unless it sets them itself."""
    framed = path.startswith(FRAMED_PREFIX)
    ancestors = " ".join(("'self'", *settings.EMBED_ORIGINS)) if framed else "'none'"
    inline = " 'unsafe-inline'" if path.startswith(BACK_OFFICE_PREFIX) else ""
    return {
        "Content-Security-Policy": _POLICY.format(ancestors=ancestors, inline=inline),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
        # Private unless a view says otherwise: neither a proxy nor the back button shows it to the next person.
        "Cache-Control": "no-store",
    }


def headers_before_django(path: str) -> dict[str, str]:
    """Return the headers of an answer Django has no part in: those above and the ones its own middleware adds."""
    framing = {} if path.startswith(FRAMED_PREFIX) else {"X-Frame-Options": settings.X_FRAME_OPTIONS}
    hsts = {"Strict-Transport-Security": f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains"}
    return headers(path) | framing | (hsts if settings.SECURE_HSTS_SECONDS else {})
