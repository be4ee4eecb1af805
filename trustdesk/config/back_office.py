"""Addresses of the back office. Wagtail's own ways to sign in and to passwords lead to ours, past the second factor."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, include, path, re_path, reverse
from wagtail.admin import urls as wagtail_urls
from wagtail.documents.views import serve


def _instead(_request: HttpRequest, to: str) -> HttpResponse:
    return HttpResponseRedirect(reverse(to))


def _nothing(_request: HttpRequest) -> HttpResponse:
    raise Http404  # Wagtail has a page there that fails on purpose


# The first that matches is asked: what stands here is never Wagtail's.
urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", _instead, {"to": "account_login"}, name="back_office_login"),
    path("logout/", _instead, {"to": "account_logout"}, name="back_office_logout"),
    path("account/", _instead, {"to": "staff_account"}, name="back_office_account"),
    re_path(r"^password_reset/", _instead, {"to": "staff_account"}, name="back_office_passwords"),
    # Films as they were uploaded, for editors; readers get those of published articles from `helpcenter`.
    path("films/<int:document_id>/<str:document_filename>", serve.serve, name="wagtaildocs_serve"),
    path("failwhale/", _nothing, name="back_office_nothing"),
    path("", include(wagtail_urls)),
]
