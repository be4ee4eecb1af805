"""The pages of the chat: the one inside the frame (and in web views), and the loader other sites include."""

from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe


@require_safe
def chat(request: HttpRequest) -> HttpResponse:
    """Show the chat page: the same for all who read one language, so it holds no token and may be kept a minute."""
    context = {
        "exchange": settings.EXCHANGE_NAME,
        "mail": settings.DEFAULT_FROM_EMAIL,
        "frame": request.GET.get("frame") == "1",
        "origins": " ".join(settings.EMBED_ORIGINS),
    }
    response = render(request, "widget/chat.html", context)
    response.headers["Cache-Control"] = "private, max-age=60"
    patch_vary_headers(response, ("Accept-Language", "Cookie"))
    return response


@require_safe
def loader(request: HttpRequest) -> HttpResponse:
    """Serve the script other sites include, at an address that never changes."""
    script = _loader()
    etag = f'"{sha256(script).hexdigest()[:20]}"'
    whole = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    response = get_conditional_response(request, etag=etag, response=whole) or whole
    response.headers["Cache-Control"] = "public, max-age=300, stale-while-revalidate=86400"
    # On the 304 too: its headers replace those of the copy the browser keeps.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["ETag"] = etag
    return response


def _loader() -> bytes:
    found = finders.find("widget/loader.js")
    if not isinstance(found, str):
        raise FileNotFoundError("widget/loader.js is not among the static files")
    return Path(found).read_bytes()
