"""Which channels are ours: the page every safety line points to."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def official(request: HttpRequest) -> HttpResponse:
    """List our genuine channels; whatever is not on the list is not ours."""
    context = {
        "exchange": settings.EXCHANGE_NAME,
        "host": urlsplit(settings.PUBLIC_URL).netloc,
        "sites": [urlsplit(origin).netloc for origin in settings.EMBED_ORIGINS],
        "mail": settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip(">"),
    }
    return render(request, "widget/official.html", context)
