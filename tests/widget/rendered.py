"""The chat page and its files as the product makes them, without a server."""

from pathlib import Path

from django.contrib.staticfiles import finders
from django.test import RequestFactory
from django.utils import translation

from trustdesk.widget import views


def render_chat(query: str = "") -> bytes:
    """The chat page as its view makes it."""
    request = RequestFactory().get(f"/chat/?{query}")
    with translation.override(request.GET.get("lang", "en")):
        return views.chat(request).content


def static(name: str) -> bytes:
    """A static file as the finders know it."""
    found = finders.find(name)
    assert isinstance(found, str), name
    return Path(found).read_bytes()
