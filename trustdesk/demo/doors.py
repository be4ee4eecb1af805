"""Nothing of the demo world answers anywhere but on this machine, while trying out."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse

from trustdesk.staff import signin

View = Callable[..., HttpResponse]


def local_only(view: View) -> View:
    """Answer 404, as for a page that does not exist, in production and to anyone who is not on a loopback address."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        if not signin.demo_allowed(request):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded
