"""What a file is and what it is called: decided from its bytes, never from what its sender says.

======== ========================================= ===================================================================
verdict  kinds                                     why
======== ========================================= ===================================================================
PICTURE  png, jpeg, webp, gif                      decoded and written anew (see imaging): shown inside the page
DOWNLOAD pdf, mp4, webm, mov, txt, log, csv        kept as they are, only ever handed out as a download
HELD     svg, html, xml, mht, har, json, eml, msg, active or hiding other files: kept for whoever may examine them
         office documents, archives, pdf that      (`attachments.open_held`), served to nobody else. Archives are not
         openly holds scripts or files, pictures   opened, so a bomb stays a file
         that ask for too much, a virus signature
refused  programs, scripts, heic, anything else,   not kept: a program is no evidence, a heic cannot be cleaned of its
         a name or declared type that says         place and time here, and a name that lies is a trick or a mistake
         another kind than the bytes               its sender can mend
======== ========================================= ===================================================================

Signatures are written out here rather than taken from a general library: ten are needed, and the libraries that know
three hundred open archives to tell them apart.
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum
from typing import NamedTuple

NAME_LENGTH = 120  # characters
HEAD = 4_096  # bytes that `sniff` looks at


class Verdict(Enum):
    """What becomes of a file of a kind we take."""

    PICTURE = "picture"
    DOWNLOAD = "download"
    HELD = "held"


class Kind(NamedTuple):
    """One kind of file: the type it is served as, and the endings it may have; the first is the usual one."""

    verdict: Verdict
    media_type: str
    endings: tuple[str, ...]


_ANY = "application/octet-stream"
KINDS = {
    "png": Kind(Verdict.PICTURE, "image/png", ("png",)),
    "jpeg": Kind(Verdict.PICTURE, "image/jpeg", ("jpg", "jpeg", "jpe", "jfif")),
    "webp": Kind(Verdict.PICTURE, "image/webp", ("webp",)),
    "gif": Kind(Verdict.PICTURE, "image/gif", ("gif",)),
    "pdf": Kind(Verdict.DOWNLOAD, "application/pdf", ("pdf",)),
    "mp4": Kind(Verdict.DOWNLOAD, "video/mp4", ("mp4", "m4v")),
    "webm": Kind(Verdict.DOWNLOAD, "video/webm", ("webm",)),
    "mov": Kind(Verdict.DOWNLOAD, "video/quicktime", ("mov", "qt")),
    "text": Kind(Verdict.DOWNLOAD, "text/plain", ("txt", "log", "csv")),
    "markup": Kind(
        Verdict.HELD, _ANY, ("svg", "html", "htm", "xhtml", "xht", "xml", "mht", "mhtml", "har", "json", "eml")
    ),
    "archive": Kind(Verdict.HELD, _ANY, ("zip", "rar", "7z", "gz", "tgz", "tar", "bz2", "xz", "zst")),
    "office": Kind(
        Verdict.HELD,
        _ANY,
        ("docx", "xlsx", "pptx", "docm", "xlsm", "pptm", "doc", "xls", "ppt", "rtf", "odt", "ods", "odp", "msg"),
    ),
}
_BY_ENDING = {ending: name for name, kind in KINDS.items() for ending in kind.endings}
_BY_MEDIA_TYPE = {kind.media_type: name for name, kind in KINDS.items() if kind.media_type != _ANY} | {
    "image/svg+xml": "markup",
    "text/html": "markup",
    "application/xhtml+xml": "markup",
    "text/xml": "markup",
    "application/xml": "markup",
    "application/zip": "archive",
}

# Containers that begin alike: the name says which of them, since none of them is ever opened.
_CONTAINERS = (
    (b"PK\x03\x04", ("archive", "office")),
    (b"PK\x05\x06", ("archive", "office")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ("office",)),
    (b"{\\rtf", ("office",)),
    (b"Rar!\x1a\x07", ("archive",)),
    (b"7z\xbc\xaf\x27\x1c", ("archive",)),
    (b"\x1f\x8b", ("archive",)),
    (b"BZh", ("archive",)),
    (b"\xfd7zXZ\x00", ("archive",)),
    (b"\x28\xb5\x2f\xfd", ("archive",)),
)
_SIGNATURES = tuple(
    (re.compile(pattern, re.DOTALL), kind)
    for pattern, kind in (
        (rb"\x89PNG\r\n\x1a\n", "png"),
        (rb"\xff\xd8\xff", "jpeg"),
        (rb"GIF8[79]a", "gif"),
        (rb"RIFF.{4}WEBP", "webp"),
        (rb"%PDF-", "pdf"),
        # ISO base media: size, "ftyp", major brand. heic, avif and audio begin the same way and are not among these.
        (rb".{4}ftyp(isom|iso[2-9]|mp4[12]|avc1|M4V[ HP]|MSNV|dash|f4v |3gp\w|3g2\w|mmp4)", "mp4"),
        (rb".{4}(ftypqt  |moov|mdat|wide|free|skip)", "mov"),
        (rb"\x1a\x45\xdf\xa3.{0,60}\x42\x82[\x80-\x9f]webm", "webm"),
    )
)
_SCRIPTED_PDF = re.compile(rb"/(JavaScript|Launch|EmbeddedFile|RichMedia)\b")
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"

# What text never holds: every control character but tab, line breaks, bell and escape (colours in logs).
_TEXT_BYTES = bytes({7, 8, 9, 10, 12, 13, 27}) + bytes(range(32, 127)) + bytes(range(128, 256))
_NO_TEXT = re.compile("[\x00-\x06\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
_ENDING = re.compile(r"\.([A-Za-z0-9]{1,10})$")


def tidy_name(raw: str) -> str:
    """Make a name of a stranger's: one component, nothing invisible, nothing special to any system, at most 120
    characters. Never blank. To be done before anything is decided from the name."""
    # Invisible characters go before anything is looked for: they are what a check is slipped past with.
    name = _visible(unicodedata.normalize("NFKC", _visible(raw[-4_000:])))
    name = re.split(r"[/\\]", name)[-1]
    name = re.sub(r'[<>:"|?*]', "_", name)
    name = " ".join(name.split()).strip(". ")
    found = _ENDING.search(name)
    ending = found[0] if found and found.start() else ""
    stem = name.removesuffix(ending)[: NAME_LENGTH - len(ending)].rstrip(". ") or "file"
    if _RESERVED.fullmatch(stem.split(".")[0].strip()):
        stem = f"_{stem}"[: NAME_LENGTH - len(ending)]
    return stem + ending


def _visible(text: str) -> str:
    return "".join(" " if char in "\t\r\n" else char for char in text if char in "\t\r\n" or not _invisible(char))


def _invisible(char: str) -> bool:
    return unicodedata.category(char) in _INVISIBLE or char in _BLANK_LETTERS


_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANK_LETTERS = "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
_RESERVED = re.compile(r"con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$", re.IGNORECASE)


def announced(name: str, media_type: str) -> str:
    """Say which kind of KINDS a tidy name and a declared type announce; "" where we take none such or the two differ.

    Without an ending the type decides; whatever is announced is checked against the bytes later.
    """
    found, meant = _ENDING.search(name), declared(media_type)
    kind = _BY_ENDING.get(found[1].lower(), "") if found else meant
    return kind if meant in ("", kind) else ""


def declared(media_type: str) -> str:
    """Return the kind a media type names; "" for types that say nothing certain (browsers guess many)."""
    return _BY_MEDIA_TYPE.get(media_type.partition(";")[0].strip().lower(), "")


def with_ending(name: str, kind: str) -> str:
    """Give a tidy name that has no ending the usual one of its kind."""
    return name if _ENDING.search(name) else f"{name[: NAME_LENGTH - 5]}.{KINDS[kind].endings[0]}"


def sniff(head: bytes, *, announced: str) -> str:
    """Say what kind a file is, from its first bytes; "" for what we do not take.

    `announced` only chooses between kinds whose bytes are the same, never between one that is served and one that is
    not – but for text, where what a browser would run (svg, html) is text as well: there the name decides, and what
    is not held goes out as plain text.
    """
    for pattern, kind in _SIGNATURES:
        if pattern.match(head):
            return kind
    for magic, kinds in _CONTAINERS:
        if head.startswith(magic):
            return announced if announced in kinds else kinds[0]
    if head[257:262] == b"ustar":
        return "archive"
    if head.startswith(_BYTE_ORDER_MARKS) or not head.translate(None, _TEXT_BYTES):
        return "markup" if announced == "markup" else "text"
    return ""


def is_scripted(piece: bytes) -> bool:
    """Say whether this piece of a PDF openly asks for scripts, programs or files inside it."""
    return _SCRIPTED_PDF.search(piece) is not None


def read_text(data: bytes) -> str | None:
    """Decode a text file (UTF-8, UTF-16 with its mark, GB 18030, Latin-1); None when it holds what no text holds."""
    encodings = ("utf-16",) if data.startswith(_BYTE_ORDER_MARKS) else ("utf-8-sig", "gb18030", "latin-1")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if _NO_TEXT.search(text) else text
    return None
