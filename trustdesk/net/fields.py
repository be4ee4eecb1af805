"""The head of a mail as bytes, read in one way only.

Spoofing lives where two readers of one head differ: one sees this From, the other that one. So nothing is repaired
here. A head that some reader somewhere could take apart otherwise is refused as a whole, and so is a From field that
does not plainly hold one address. Such a mail may be shown; it proves nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

import idna

_LONGEST_HEAD = 256 * 1024
_MOST_FIELDS = 1_000
_LONGEST_FROM = 4_096
_LINE = re.compile(rb"([!-9;-~]{1,128}):")  # RFC 5322, 2.2: no blank before the colon (the obsolete form has one)
_ANY_BREAK = re.compile(rb"\r?\n")

_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-"
_NAME = rf'(?![ \t]*\.)(?:"(?:[^"\\]|\\.)*"|[{_ATEXT}.\x80-\U0010ffff \t])*'
_ADDR = rf"(?P<local>[{_ATEXT}]+(?:\.[{_ATEXT}]+)*)@(?P<domain>[A-Za-z0-9.\x80-\U0010ffff\-]+)"
_REMARK = r"(?:\((?:[^()<>@\\]|\\[^<>@])*\)[ \t]*)?"  # an address inside a comment is there to deceive
_NAME_ADDR = re.compile(rf"{_NAME}<{_ADDR}>[ \t]*{_REMARK}")
_BARE = re.compile(rf"[ \t]*{_ADDR}[ \t]*{_REMARK}")
_DOMAIN_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)


class Unclear(Exception):
    """A head that proves nothing because it can be read in more than one way, or not at all.

    `reason` is a code: ``head_malformed``, ``from_missing``, ``from_repeated``, ``from_unreadable``, or
    ``from_no_address``: a From as bounces have it (`MAILER-DAEMON <>`), which poses as nobody."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = True


@dataclass(frozen=True, slots=True)
class Field:
    """One header field: its name in lower case, and name and value as they stand, the value with its line breaks."""

    name: str
    written: bytes
    value: bytes  # from behind the colon to the last CRLF, which is included

    @property
    def text(self) -> str:
        """The value on one line (RFC 5322, 2.2.3); what is not UTF-8 stays visible as surrogates."""
        return self.value.replace(b"\r\n", b"").decode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail cut in two, every line ending in CRLF; fields in their order, the newest trace first."""

    fields: tuple[Field, ...]
    body: bytes

    def named(self, name: str) -> list[Field]:
        """Return all fields of this name (in lower case)."""
        return [field for field in self.fields if field.name == name]


def cut(content: bytes) -> Mail:
    """Cut a mail into fields and body; raises Unclear (``head_malformed``)."""
    content = _ANY_BREAK.sub(b"\r\n", content)
    head, separator, body = content.partition(b"\r\n\r\n")
    if content.startswith(b"\r\n"):
        head, separator, body = b"", b"\r\n", content[2:]
    if len(head) > _LONGEST_HEAD or b"\0" in head or b"\r" in head.replace(b"\r\n", b""):
        raise Unclear("head_malformed")
    if not separator:
        head = head.removesuffix(b"\r\n")
    found: list[tuple[bytes, list[bytes]]] = []
    for line in head.split(b"\r\n") if head else []:
        if line[:1] in (b" ", b"\t"):
            # A line of nothing but blanks ends the head for some readers; the first line cannot go on with anything.
            if not found or not line.strip():
                raise Unclear("head_malformed")
            found[-1][1].append(line)
            continue
        named = _LINE.match(line)
        if not named or len(found) == _MOST_FIELDS:
            raise Unclear("head_malformed")
        found.append((named[1], [line[named.end() :]]))
    fields = [
        Field(name.decode("ascii").lower(), name, b"".join(line + b"\r\n" for line in lines)) for name, lines in found
    ]
    return Mail(tuple(fields), body)


def author(mail: Mail) -> tuple[str, str]:
    """Return the address and the domain of the one author (RFC 9989, 5.3.1), the domain as A-labels in lower case;
    raises Unclear."""
    fields = mail.named("from")
    if len(fields) != 1:
        raise Unclear("from_repeated" if fields else "from_missing")
    text = fields[0].text
    if len(text) > _LONGEST_FROM or any(char < " " and char != "\t" for char in text) or "\x7f" in text:
        raise Unclear("from_unreadable")
    if text.isascii() and "@" not in text and "=?" not in text:
        raise Unclear("from_no_address")
    found = _NAME_ADDR.fullmatch(text) or _BARE.fullmatch(text)
    # An encoded word is text, never an address (RFC 2047, 5), yet Python's parser and others decode it there.
    if not found or len(found["local"]) > 64 or "=?" in found["local"]:
        raise Unclear("from_unreadable")
    name = domain(found["domain"])
    if not name:
        raise Unclear("from_unreadable")
    return f"{found['local']}@{name}", name


def domain(text: str) -> str:
    """Read a domain of at least two labels, perhaps international; return it as A-labels in lower case, blank when it
    is none. A final dot makes it none, and so does any character that a mapping would replace or drop: two names that
    look alike must not become one."""
    if not text.isascii() and len(text) <= 253:
        try:
            lower = "".join(char.lower() if char.isascii() else char for char in text)
            text = idna.encode(lower, strict=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return ""
    labels = text.lower().split(".")
    if (
        not text.isascii()
        or len(text) > 253
        or len(labels) < 2
        or not all(_DOMAIN_LABEL.fullmatch(label) for label in labels)
    ):
        return ""
    return ".".join(labels)
