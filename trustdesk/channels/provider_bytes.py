"""What a provider's web hook carried, kept as bytes: its form, and the mail in it.

Django's own reader of forms drops files with odd names, and django-anymail's mail is read by the standard parser and written
anew. Both would change or lose what customers sent, and take their time over what an attacker sent. Here a form is cut at its
boundary and a mail at its first blank line; who reads the mail itself, reads it in a confined process.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, encodebytes
from collections.abc import Iterable
from email._policybase import Compat32
from typing import Any
from urllib.parse import parse_qsl

from anymail.inbound import AnymailInboundMessage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.http import parse_header_parameters

PARTS = 500  # of a form
PART_HEADER = 8 * 1024
MAIL_HEADER = 256 * 1024  # bytes at the top of a mail that a provider's own marks are looked for in


class BadForm(ValueError):
    """A form that is broken, cut off, or has too many parts. Trying again does not help."""


def read_form(content_type: str, body: bytes) -> tuple[QueryDict, MultiValueDict[str, SimpleUploadedFile]]:
    """Read a form of either kind; another type has no fields. Bytes that are no UTF-8 stay what they are (surrogateescape)."""
    media_type, parameters = parse_header_parameters(content_type)
    fields = QueryDict(mutable=True, encoding="utf-8")
    files: MultiValueDict[str, SimpleUploadedFile] = MultiValueDict()
    if media_type == "application/x-www-form-urlencoded":
        try:
            pairs = parse_qsl(
                body.decode("ascii"), keep_blank_values=True, errors="surrogateescape", max_num_fields=PARTS
            )
        except ValueError:
            raise BadForm("fields") from None
        for name, value in pairs:
            fields.appendlist(name, value)
    elif media_type == "multipart/form-data":
        for name, filename, kind, content in _parts(body, parameters.get("boundary", "")):
            if filename is None:
                fields.appendlist(name, content.decode("utf-8", "surrogateescape"))
            else:
                files.appendlist(name, _file(filename, kind, content))
    return fields, files


def _parts(body: bytes, boundary: str) -> Iterable[tuple[str, str | None, str, bytes]]:
    """Yield name, file name, media type and content of each part (RFC 7578)."""
    if not 0 < len(boundary) <= 200 or not boundary.isascii():
        raise BadForm("boundary")
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode(), PARTS + 1)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise BadForm("cut_off" if len(pieces) <= PARTS + 1 else "parts")
    for piece in pieces[1:-1]:
        head, blank, content = piece.partition(b"\r\n\r\n")
        if not blank or len(head) > PART_HEADER:
            raise BadForm("part")
        lines = (line.partition(":") for line in head.decode("utf-8", "replace").split("\r\n"))
        headers = {name.strip().lower(): value.strip() for name, _, value in lines}
        disposition, parameters = parse_header_parameters(headers.get("content-disposition", ""))
        if disposition != "form-data" or "name" not in parameters:
            raise BadForm("part")
        yield parameters["name"], parameters.get("filename"), headers.get("content-type", ""), content


def _file(name: str, kind: str, content: bytes) -> SimpleUploadedFile:
    plain = name.replace("\0", "").rpartition("/")[2]
    return SimpleUploadedFile(
        plain if plain not in ("", ".", "..") else "file", content, kind or "application/octet-stream"
    )


def encoded(text: str) -> bytes:
    """Return the bytes that a text stands for, those that were no UTF-8 among them."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a pair, which JSON can name
        return text.encode("utf-8", "replace")


def _shown(text: str) -> str:
    return encoded(text).decode("utf-8", "replace")


class EscapingBytes(bytes):
    """Bytes that may be taken for text without being UTF-8."""

    def decode(self, encoding: str = "utf-8", errors: str = "surrogateescape") -> str:
        """Return the text, with what is none escaped."""
        return super().decode(encoding, "surrogateescape" if errors == "strict" else errors)


def from_base64(text: str | bytes) -> EscapingBytes:
    """Stand in for base64.b64decode where a provider's mail is then taken for text."""
    return EscapingBytes(b64decode(text))


class _AsWritten(Compat32):
    """Header fields as they are: the parser of the standard library needs quadratic time for some."""

    def header_fetch_parse(self, name: str, value: Any) -> str:
        return str(value)

    def fold(self, name: str, value: Any) -> str:
        return f"{name}: {value}{self.linesep}"

    def fold_binary(self, name: str, value: Any) -> bytes:
        return encoded(self.fold(name, value))


_POLICY = _AsWritten(linesep="\r\n")


class ProviderMessage(AnymailInboundMessage):  # type: ignore[misc]  # untyped
    """A mail as django-anymail's views make it; `raw` are the provider's own bytes, blank where it gave none."""

    raw: bytes = b""

    def __init__(self, policy: object = None) -> None:
        super().__init__(policy=_POLICY)

    def __setitem__(self, name: str, value: Any) -> None:
        """Add a field; a line end that some decoder let out would begin another one."""
        field = "".join(char for char in str(name) if "!" <= char <= "~" and char != ":")
        super().__setitem__(field or "X-Unnamed", " ".join(_shown(str(value)).splitlines()).replace("\0", ""))

    @classmethod
    def parse_raw_mime(cls, text: str) -> ProviderMessage:
        """Take a mail that the provider put into text."""
        return cls.parse_raw_mime_bytes(encoded(text))

    @classmethod
    def parse_raw_mime_chunks(cls, chunks: Iterable[bytes]) -> ProviderMessage:
        """Take a mail that comes in parts."""
        return cls.parse_raw_mime_bytes(b"".join(chunks))

    @classmethod
    def parse_raw_mime_bytes(cls, content: bytes) -> ProviderMessage:
        """Take a mail; of its structure nothing is read but where its header ends."""
        made = cls()
        made.raw = content
        ends = [(found, len(mark)) for mark in (b"\r\n\r\n", b"\n\n") if (found := content.find(mark)) >= 0]
        head, length = min(ends, default=(len(content), 0))
        for name, value in _fields(content[: min(head, MAIL_HEADER)]):
            made.set_raw(name, value)
        made.set_payload(content[head + length :].decode("ascii", "surrogateescape"))
        return made

    @classmethod
    def construct(cls, *args: Any, text: str | None = None, html: str | None = None, **more: Any) -> ProviderMessage:
        """Put a mail together from what the provider took apart."""
        made: ProviderMessage = super().construct(
            *args,
            text=_shown(text) if text is not None else None,
            html=_shown(html) if html is not None else None,
            **more,
        )
        return made

    @classmethod
    def construct_attachment(
        cls,
        content_type: str | None,
        content: str | bytes,
        charset: str | None = None,
        filename: str | None = None,
        content_id: str | None = None,
        base64: bool = False,
    ) -> ProviderMessage:
        """Make the part of one file, so that its bytes come out of it as they went in."""
        held = b64decode(content) if base64 else encoded(content) if isinstance(content, str) else content
        kind, name = content_type or "application/octet-stream", _shown(filename) if filename is not None else None
        nested = kind.lower().startswith("message/")
        part: ProviderMessage = super().construct_attachment(
            kind, held.decode("ascii", "surrogateescape") if nested else "", filename=name, content_id=content_id
        )
        if not nested:
            part["Content-Transfer-Encoding"] = "base64"
            part.set_payload(encodebytes(held).decode().replace("\n", "\r\n"))
            if charset:
                part.set_param("charset", charset)
        return part

    def rfc5322(self) -> bytes:
        """Return the mail's bytes: the provider's where it gave them. Made ones are the same each time it is made."""
        if self.raw:
            return self.raw
        parts = list(self.walk())
        seed = hashlib.sha256()
        for part in parts:
            held = part.get_payload()
            seed.update(
                repr([part.items(), held if isinstance(held, str) else len(held or ())]).encode("utf-8", "replace")
            )
        for number, part in enumerate(parts):
            if part.get_content_maintype() == "multipart":
                part.set_boundary(f"=_{number}_{seed.hexdigest()}")
        return self.as_bytes(policy=_POLICY)  # type: ignore[no-any-return]


def _fields(head: bytes) -> Iterable[tuple[str, str]]:
    """Yield the fields of a header, folded ones in one line."""
    name, value = "", ""
    for line in head.decode("utf-8", "surrogateescape").replace("\r\n", "\n").split("\n"):
        if line[:1] in (" ", "\t"):
            value += line
            continue
        if name:
            yield name, value
        name, _, value = line.partition(":")
        name, value = name.strip(), value.strip()
    if name:
        yield name, value
