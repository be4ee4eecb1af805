"""The parts of a mail (RFC 2045, 2046, 5322), found in its bytes in linear time, however broken the mailer was.

Only offsets are kept until a part is wanted. The standard library's parser is not used: it makes an object of every
part before one can count them, walks every line once per nesting level, and gives up where a person would still read.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from trustdesk.channels.adapters.email.fields import Parameters, parameters

MOST_PARTS = 1_000
MOST_LEVELS = 30  # of multiparts in multiparts; what lies deeper stays one file
MOST_FIELDS = 1_000  # header fields of one part
LONGEST_BOUNDARY = 250  # bytes; RFC 2046 allows 70


class TooManyParts(Exception):
    """More parts than MOST_PARTS."""


@dataclass(slots=True)
class Part:
    """One part: its fields as (name as written, raw unfolded value), where its body lies, and what is inside it.

    `cut_off` is the number of multiparts around it that the mail ended without closing, where it is the last part."""

    content: bytes
    fields: list[tuple[str, bytes]]
    start: int
    end: int
    default: str = "text/plain"
    children: list[Part] = field(default_factory=list)
    cut_off: int = 0
    lost: bool = False  # says multipart and is none
    damaged: bool = False  # known once the body was asked for
    _type: tuple[str, Parameters] | None = None

    def get(self, name: str) -> bytes:
        """Return the last field of a (lower-case) name, as raw bytes; b"" where there is none."""
        for found, value in reversed(self.fields):
            if found.rstrip(" \t\0").lower() == name:
                return value
        return b""

    @property
    def media_type(self) -> str:
        """The type, in lower case."""
        return self._content_type()[0]

    def retype(self, media_type: str) -> str:
        """Read the part as another type than it says; return that type."""
        self._type = (media_type, self._content_type()[1])
        return media_type

    @property
    def type_parameters(self) -> Parameters:
        """The parameters of the type, decoded (RFC 2231)."""
        return self._content_type()[1]

    def _content_type(self) -> tuple[str, Parameters]:
        if self._type is None:
            value, found = parameters(self.get("content-type"))
            kind = value.lower().replace(" ", "")
            self._type = (kind if _TYPE.fullmatch(kind) else _SHORT_TYPES.get(kind, self.default), found)
        return self._type

    def disposition(self) -> tuple[str, Parameters]:
        """Content-Disposition (RFC 2183): its word in lower case and its parameters."""
        value, found = parameters(self.get("content-disposition"))
        return value.lower(), found

    @property
    def raw(self) -> bytes:
        """The body as it stands in the mail."""
        return self.content[self.start : self.end]

    def body(self) -> bytes:
        """The body with its transfer encoding taken off; what is no such encoding is returned as it stands, and what
        is damaged marks the part as such."""
        # "8 bit" and "7bits" and "Base-64" have all been seen.
        words = re.sub(rb"[^a-z0-9]", b"", self.get("content-transfer-encoding")[:60].lower())
        raw = self.raw
        if words.startswith(b"base64"):
            decoded, self.damaged = _base64(raw)
            return decoded
        if words.startswith(b"quotedprintable"):
            return binascii.a2b_qp(raw)
        if words in (b"xuuencode", b"uuencode", b"xuue", b"uue"):
            return _uudecoded(raw)
        return raw


_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}")
_SHORT_TYPES = {"text": "text/plain", "html": "text/html", "multipart": "multipart/mixed"}  # RFC 1049 and worse
_LINE = re.compile(rb"([^\n]*)\n?")
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t\0]*:")
_KNOWN = re.compile(
    rb"(from|to|cc|subject|date|content-[a-z]+(-[a-z]+)?|mime-version|message-id|received|return-path|reply-to|x-[a-z-]+)"
    rb"[ \t]*:",
    re.IGNORECASE,
)


def parse(content: bytes) -> Part:
    """Find all parts of a mail. Raises TooManyParts."""
    if b"\n" not in content:
        content = content.replace(b"\r", b"\n")  # a mail of bare CRs
    count = [0]
    start = 0
    while start < len(content) and content[start : start + 1] in b"\r\n\0":
        start += 1  # blank lines above the header
    root = _part(content, start, len(content), "text/plain", 0, count)
    for level, node in _last_path(root):
        node.cut_off = level
    return root


def _last_path(root: Part) -> Iterator[tuple[int, Part]]:
    """The chain of last parts, each with the number of unclosed multiparts above it."""
    node, level = root, 0
    while node.children and node.cut_off:
        level += 1
        node = node.children[-1]
        if not node.children:
            yield level, node
    if node is not root and node.lost:
        yield level + 1, node


def _part(content: bytes, start: int, end: int, default: str, level: int, count: list[int]) -> Part:
    count[0] += 1
    if count[0] > MOST_PARTS:
        raise TooManyParts
    fields, body = header(content, start, end)
    part = Part(content, fields, body, end, default)
    if not part.media_type.startswith("multipart/") or level >= MOST_LEVELS:
        return part
    boundary = part.type_parameters.get("boundary", "").rstrip().encode("latin-1", "replace")[:LONGEST_BOUNDARY]
    spans, closed = _spans(content, body, end, boundary) if boundary else ([], False)
    if not spans:
        spans, closed = _spans(content, body, end, _guessed_boundary(content, body, end))
    inside = "message/rfc822" if part.media_type == "multipart/digest" else "text/plain"
    part.children = [_part(content, first, last, inside, level + 1, count) for first, last in spans]
    part.cut_off = 0 if closed else 1
    if not closed:
        _rejoin(part)
    part.lost = not spans and content[body:end].strip() == b"" and level > 0
    return part


def _rejoin(part: Part) -> None:
    """Where an inner multipart is not closed and neither is the one around it, nothing says where the inner one ends:
    from its last delimiter on, the rest is one piece."""
    for number, child in enumerate(part.children[:-1]):
        if len(child.children) > 1 and child.cut_off:  # a single part is whole where the outer multipart goes on
            last = child
            while last.children:
                last = last.children[-1]
            last.end = part.end
            del part.children[number + 1 :]
            return


def header(content: bytes, start: int, end: int) -> tuple[list[tuple[str, bytes]], int]:
    """Read the fields that begin at `start`; return them unfolded, and where the body begins.

    A line that is no field ends the header (the blank line was forgotten), unless a well-known field follows it."""
    fields: list[tuple[str, bytes]] = []
    pieces: list[bytes] = []
    name, place = "", start
    while place < end:
        stop = content.find(b"\n", place, end)
        next_place = end if stop < 0 else stop + 1
        line = content[place : end if stop < 0 else stop]
        if line.endswith(b"\r"):
            line = line[:-1]
        if not line:
            place = next_place
            break
        if line[0] in b" \t" and not name and (found := _FIELD.match(line.strip())):
            # Some readers take a field that is set in for a field, others for nothing: it keeps its blank in the name.
            name, pieces = f" {found[0][:-1].decode('ascii', 'replace')}", [line.strip()[found.end() :]]
        elif line[0] in b" \t" and name and (line.strip() or _FIELD.match(content, next_place, end)):
            pieces.append(line)
        elif found := _FIELD.match(line):
            if name and len(fields) < MOST_FIELDS:
                fields.append((name, b"\n".join(pieces)))
            name, pieces = found[0][:-1].decode("ascii", "replace"), [line[found.end() :]]
        elif not line.strip():
            place = next_place  # a line of blanks is folding (RFC 5322) only where the header goes on behind it
            break
        elif not (line.startswith((b"From ", b">From ")) and not fields and not name) and (
            line.startswith(b"--") or not _KNOWN.match(content, next_place, end)
        ):
            break
        place = next_place
    if name and len(fields) < MOST_FIELDS:
        fields.append((name, b"\n".join(pieces)))
    return fields, place


def _spans(content: bytes, start: int, end: int, boundary: bytes) -> tuple[list[tuple[int, int]], bool]:
    """Return where the parts between delimiter lines lie, and whether the last one was closed."""
    spans: list[tuple[int, int]] = []
    opened = -1
    mark = b"--" + boundary
    place = content.find(mark, start, end) if boundary else -1
    while place >= 0:
        after = place + len(mark)
        stop = content.find(b"\n", after, min(end, after + 200))
        rest = content[after : min(end, after + 200) if stop < 0 else stop].rstrip(b" \t\r")
        if rest in (b"", b"--") and (place == start or content[place - 1 : place] == b"\n"):
            if opened >= 0:
                spans.append((opened, max(opened, _before_line_end(content, place))))
                if len(spans) > MOST_PARTS:
                    raise TooManyParts
            opened = min(end, stop + 1 if stop >= 0 else end)
            if rest:
                return spans, True
            # A last delimiter with nothing behind it was meant to close.
            if not content[opened : opened + 100].strip() and opened + 100 > end:
                return spans, True
        place = content.find(mark, after, end)
    if opened < 0:
        return [], False
    if content[opened:end].rstrip().endswith(mark + b"--"):  # closed, but not on a line of its own
        return [*spans, (opened, content.rindex(mark, opened, end))], True
    return [*spans, (opened, end)], False


def _before_line_end(content: bytes, place: int) -> int:
    """The line end in front of a delimiter belongs to it."""
    if content[place - 1 : place] == b"\n":
        return place - 2 if content[place - 2 : place - 1] == b"\r" else place - 1
    return place


def _guessed_boundary(content: bytes, start: int, end: int) -> bytes:
    """Return the boundary of a multipart that named another or none: the first line that opens and is closed later."""
    for found in _OPENING.finditer(content, start, min(end, start + 20_000)):
        if content.find(b"\n--" + found[1] + b"--", found.end(), end) >= 0:
            return found[1]
    return b""


_OPENING = re.compile(rb"(?:(?<=\n)|^)--([^\s-][^\s]{0,200}|-[^\s]{5,200})[ \t\r]*\n(?=[Cc]ontent-)", re.MULTILINE)


def _base64(raw: bytes) -> tuple[bytes, bool]:
    """Decode with whatever stands between the letters left out (RFC 2045, 6.8); say whether some are missing."""
    if raw.count(b" ") * 8 > len(raw):
        return raw, False  # prose: the decoder would make something of its letters
    try:
        return binascii.a2b_base64(raw), False
    except binascii.Error:
        letters = raw.partition(b"=")[0].translate(None, _NOT_BASE64)
    if len(letters) * 10 < len(raw.strip()) * 7:
        return raw, False  # not that encoding at all
    letters = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4)), True


_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))


def _uudecoded(raw: bytes) -> bytes:
    pieces = []
    for line in raw.splitlines():
        if line.startswith(b"end"):
            break
        if not line.startswith(b"begin "):
            try:
                pieces.append(binascii.a2b_uu(line))
            except binascii.Error:
                continue  # the line is not of the encoding; the rest may be
    return b"".join(pieces)
