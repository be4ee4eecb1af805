"""Drafts as readers will see them: the surface that shows articles says here how it does that."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from wagtail.models import Page

Show = Callable[[Page, HttpRequest], HttpResponse]
_shows: list[Show] = []


def shown_by(show: Show) -> None:
    """Take the function that draws a page; called once, by the surface, at start-up."""
    _shows[:] = [show]


def show(page: Page, request: HttpRequest) -> HttpResponse:
    """Draw a draft; raises LookupError where no surface shows articles."""
    if not _shows:
        raise LookupError("no surface shows articles")
    return _shows[0](page, request)
