"""HTML made into text a person reads: links keep their address, lists and tables their shape, quotes their marks."""

from __future__ import annotations

import html
import re

import nh3

LONGEST = 2_000_000  # characters of HTML that are looked at
_MOST_QUOTES = 8  # levels of ">" that are written

# ammonia makes well-formed markup of anything (a real HTML5 parser, in linear time); what is left after that is so
# regular that one pattern reads it.
_TAGS = {
    "a", "blockquote", "br", "caption", "center", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
    "img", "li", "ol", "p", "pre", "section", "article", "header", "footer", "table", "tbody", "td", "th", "thead",
    "tr", "ul",
}  # fmt: skip
_DROPPED = {"script", "style", "title", "head", "noscript", "template", "textarea", "select", "svg", "math", "object"}
_ATTRIBUTES = {"a": {"href"}, "img": {"alt"}, "ol": {"start"}}
_TOKEN = re.compile(r"<(/?)([a-z0-9]+)((?:\s[^<>]*)?)>|([^<]+)")
_VALUE = re.compile(r'\s(?:href|alt|start)="([^"]*)"')
_BLOCKS = frozenset(_TAGS - {"a", "br", "img", "td", "th", "hr"})
_SPACED = frozenset({"p", "blockquote", "ul", "ol", "dl", "table", "h1", "h2", "h3", "h4", "h5", "h6", "pre"})
_HEAD = re.compile(r"<head\b.{0,200000}?(?:</head\s*>|<body\b)", re.IGNORECASE | re.DOTALL)


def to_text(markup: str) -> str:
    """Return the text of an HTML document; scripts, styles and comments leave nothing behind."""
    markup = markup[:LONGEST]
    if len(markup) > 50_000 and _is_too_deep(markup):
        return html.unescape(_ANY_TAG.sub("\n", markup))  # nobody writes this; something to read all the same
    cleaned = nh3.clean(
        _HEAD.sub(_without_head, markup, count=1),
        tags=_TAGS,
        clean_content_tags=_DROPPED - {"head"},
        attributes=_ATTRIBUTES,
        link_rel=None,
        url_schemes={"http", "https", "mailto", "tel"},
    )
    return _Writer().write(cleaned)


_ANY_TAG = re.compile(r"<(?:script|style)\b[^<]*|<[^<>]*>?", re.IGNORECASE)
_NESTING = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_DEEPEST = 2_000  # the parser takes time with the square of the depth
_FLAT = frozenset("p li td th tr br hr img input meta link option dd dt col area base wbr source o".split())


def _is_too_deep(markup: str) -> bool:
    depth = 0
    for found in _NESTING.finditer(markup):
        if found[2].lower() not in _FLAT:
            depth += -1 if found[1] else 1
            if depth > _DEEPEST:
                return True
    return False


def _without_head(found: re.Match[str]) -> str:
    return "<body" if found[0].lower().endswith("<body") else ""


class _Writer:
    """Lines being written from well-formed tokens."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quotes = 0
        self._lists: list[int] = []  # next number of each open list, 0 for bullets
        self._link: tuple[str, int] = ("", 0)
        self._pre = 0
        self._cells = 0

    def write(self, cleaned: str) -> str:
        for found in _TOKEN.finditer(cleaned):
            closing, tag, attributes, text = found.groups()
            if text is not None:
                self._text(html.unescape(text))
            elif closing:
                self._close(tag)
            else:
                self._open(tag, attributes or "")
        self._end_line()
        while self._lines and not self._lines[-1].strip("> "):
            self._lines.pop()
        start = next((place for place, line in enumerate(self._lines) if line.strip("> ")), 0)
        return "\n".join(self._lines[start:])

    def _text(self, text: str) -> None:
        if self._pre:
            first, *more = text.split("\n")
            self._line.append(first)
            for line in more:
                self._end_line(even_blank=True)
                self._line.append(line)
            return
        text = text.replace("\xa0", " ") if not text.strip() else text
        squeezed = re.sub(r"[ \t\r\n\f]+", " ", text)
        if squeezed != " " or self._line:
            self._line.append(squeezed if self._line else squeezed.lstrip(" "))

    def _open(self, tag: str, attributes: str) -> None:
        value = _VALUE.search(attributes)
        worth = html.unescape(value[1]) if value else ""
        if tag == "br":
            self._end_line(even_blank=True)
        elif tag == "a":
            self._link = (worth, len(self._line))
        elif tag == "img":
            self._text(f"[{worth}]" if worth.strip() else "")
        elif tag in ("td", "th"):
            self._line += [" | "] if self._cells and any(map(str.strip, self._line)) else []
            self._cells += 1
        elif tag == "hr":
            self._end_line()
            self._line.append("-" * 20)
            self._end_line()
        else:
            self._open_block(tag, worth)

    def _open_block(self, tag: str, worth: str) -> None:
        if self._cells and tag in ("p", "div", "center") and not any(map(str.strip, self._line)):
            return
        self._end_line()
        self._space(tag)
        if tag == "blockquote":
            self._quotes += 1
        elif tag in ("ul", "ol"):
            self._lists.append(0 if tag == "ul" else int(worth) if worth.isdecimal() and len(worth) < 6 else 1)
        elif tag == "li":
            number = self._lists[-1] if self._lists else 0
            self._line.append("  " * min(len(self._lists) - 1, 8) + (f"{number}. " if number else "- "))
            if number:
                self._lists[-1] += 1
        elif tag == "tr":
            self._cells = 0
        elif tag == "pre":
            self._pre += 1

    def _close(self, tag: str) -> None:
        if tag == "a":
            self._close_link()
        elif tag in _BLOCKS:
            if self._cells and tag in ("p", "div", "center"):
                self._line.append(" ")
                return
            self._end_line()
            if tag == "blockquote":
                self._quotes = max(0, self._quotes - 1)
            elif tag in ("ul", "ol") and self._lists:
                self._lists.pop()
            elif tag == "pre":
                self._pre = max(0, self._pre - 1)
            elif tag in ("tr", "table"):
                self._cells = 0
            self._space(tag)

    def _close_link(self) -> None:
        address, place = self._link
        self._link = ("", 0)
        shown = "".join(self._line[place:]).strip()
        bare = address.removeprefix("mailto:").removeprefix("tel:")
        if address and shown.rstrip("/") not in (bare.rstrip("/"), bare.partition("://")[2].rstrip("/")):
            self._line.append(f" <{bare}>" if shown else f"<{bare}>")

    def _space(self, tag: str) -> None:
        if tag not in _SPACED or not self._lines or (self._lists and tag in ("ul", "ol")):
            return
        blank = ("> " * min(self._quotes, _MOST_QUOTES)).rstrip()
        if self._lines[-1].strip("> "):
            self._lines.append(blank)
        elif len(blank) < len(self._lines[-1]):
            self._lines[-1] = blank  # between a quote and what follows it

    def _end_line(self, *, even_blank: bool = False) -> None:
        line = "".join(self._line).rstrip()
        self._line = []
        if line or even_blank:
            self._lines.append(("> " * min(self._quotes, _MOST_QUOTES) + line).rstrip())
