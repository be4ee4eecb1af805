"""Addresses of the interface, below /api/v1/."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from trustdesk.api import description, problems
from trustdesk.api.interface import api

View = Callable[..., HttpResponseBase]


def _spoken_to(view: View) -> View:
    """Let HEAD ask for what GET would bring (RFC 9110, 9.3.2), and word a refused method as everything else is."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        asked = request.method
        if asked == "HEAD":
            request.method = "GET"
        found = view(request, *args, **kwargs)
        request.method = asked  # whoever serves leaves the body out
        if found.status_code != 405:
            return found
        allowed = found.headers["Allow"]
        refused = problems.response("method_not_allowed")
        refused.headers["Allow"] = "GET, HEAD" if "GET" in allowed else allowed
        return refused

    return answer


@csrf_exempt  # no cookie is looked at
def nothing(_request: HttpRequest, reference: str) -> HttpResponse:
    """Answer for addresses that do not exist."""
    return problems.response("not_found")


app_name = "api"
urlpatterns = [
    path("openapi.json", csrf_exempt(_spoken_to(description.serve)), name="openapi"),
    *(
        URLPattern(pattern.pattern, _spoken_to(pattern.callback), name=pattern.name)
        for pattern in api.urls[0]
        if isinstance(pattern, URLPattern) and pattern.name != "api-root"
    ),
    path("<path:reference>", nothing, name="nothing"),
]
