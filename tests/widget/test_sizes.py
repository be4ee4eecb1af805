"""What a visitor's first look costs, gzipped, in all: the page, its styles, scripts and icons."""

import gzip
import re
from urllib.parse import urljoin

import pytest
from django.conf import settings

from tests.widget.rendered import render_chat, static

LOADER_BYTES = 6 * 1024
PAGE_BYTES = 60 * 1024


def zipped(content: bytes) -> int:
    return len(gzip.compress(content, 9, mtime=0))


def resources(page: bytes) -> set[str]:
    """Every static file the page names, by its name."""
    return set(re.findall(rf'{re.escape(settings.STATIC_URL)}([^"#?]+)', page.decode()))


def imports(name: str) -> set[str]:
    """The modules a module needs, directly and in turn."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            names = re.findall(r'^import (?:.* from )?"(\.[^"]+)"|new URL\("([^"]+)"', static(module).decode(), re.M)
            waiting += [urljoin(module, first or second) for first, second in names]
    return found


def test_the_loader_is_small() -> None:
    assert zipped(static("widget/loader.js")) <= LOADER_BYTES


@pytest.mark.parametrize("lang", ["en", "zh-hans"])
def test_the_first_chat_page_is_small(lang: str) -> None:
    page = render_chat(f"frame=1&lang={lang}")
    names = resources(page) | imports("widget/main.js")
    assert len(names) > 30, "the page names fewer files than it consists of"
    assert zipped(page) + sum(zipped(static(name)) for name in names) <= PAGE_BYTES


def test_every_module_is_fetched_ahead() -> None:
    page = render_chat().decode()
    named = set(re.findall(rf'modulepreload" href="{re.escape(settings.STATIC_URL)}([^"]+)"', page))
    assert named == imports("widget/main.js") - {"widget/pulse.js"}, "_modules.html and the imports disagree"
