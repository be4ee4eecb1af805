"""The reader's language: the one an address is in, else `?lang=`, which is remembered, else the cookie, else the browser."""

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

# Of pages that exist once in each language; a visit is remembered as a choice is.
_IN_PATH = re.compile(r"/help/([A-Za-z]{2}(?:-[A-Za-z]+)?)/")


class LanguageMiddleware:
    """Answer each request in one of the configured languages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Choose the language, answer, and remember a choice."""
        named = _IN_PATH.match(request.path_info)
        chosen = (_supported(named[1].lower()) if named else None) or _supported(request.GET.get("lang", ""))
        with translation.override(chosen or translation.get_language_from_request(request)):
            request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        patch_vary_headers(response, ("Accept-Language",))
        # A frame speaks the language of the page around it, which says nothing about our own pages.
        if chosen and request.GET.get("frame") != "1":
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                chosen,
                max_age=settings.LANGUAGE_COOKIE_AGE,
                secure=settings.LANGUAGE_COOKIE_SECURE,
                samesite="Lax",
                httponly=True,
            )
        return response


def _supported(code: str) -> str | None:
    try:
        return translation.get_supported_language_variant(code) if code else None
    except LookupError:
        return None
