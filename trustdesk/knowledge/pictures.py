"""Files that call themselves pictures: opened before they are kept, drawings (SVG) searched for what could act."""

from __future__ import annotations

import re
import warnings
from io import BytesIO
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django.utils.translation import gettext as _
from PIL import Image

LARGEST: Final = 10 * 1024 * 1024  # bytes
FORMATS: Final = {"AVIF", "GIF", "JPEG", "PNG", "WEBP"}
_SVG: Final = "{http://www.w3.org/2000/svg}"
_DRAWN: Final = frozenset({
    "svg", "g", "defs", "symbol", "use", "title", "desc", "style", "path", "rect", "circle", "ellipse", "line", "polyline",
    "polygon", "text", "tspan", "textPath", "linearGradient", "radialGradient", "stop", "clipPath", "mask", "pattern",
    "marker", "filter", "feGaussianBlur", "feOffset", "feMerge", "feMergeNode", "feFlood", "feComposite", "feBlend",
    "feColorMatrix", "metadata",
})  # fmt: skip


class NoPicture(Exception):
    """The file is none; the message says why, in the reader's language. Trying again does not help."""


def check(path: Path) -> None:
    """Raise NoPicture unless this is a picture that can be shown to everybody."""
    if path.stat().st_size > LARGEST:
        raise NoPicture(_("The picture is larger than 10 MB."))
    check_content(path.name, path.read_bytes())


def check_content(name: str, content: bytes) -> None:
    """Raise NoPicture unless a file of this name holds a picture that can be shown to everybody."""
    if name.lower().endswith(".svg"):
        return check_svg(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(content)) as image:
                if image.format not in FORMATS:
                    raise NoPicture(_("Pictures are PNG, JPEG, WebP, AVIF, GIF or SVG."))
                image.load()
    except NoPicture:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise NoPicture(_("The picture cannot be opened.")) from error
    return None


def check_svg(source: bytes) -> None:
    """Raise NoPicture unless the drawing draws only: no script, nothing from elsewhere, nothing that waits for a click."""
    try:
        root = fromstring(source, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, RecursionError) as error:
        raise NoPicture(_("The drawing is not well-formed.")) from error
    if root.tag != f"{_SVG}svg":
        raise NoPicture(_("The drawing is no SVG."))
    for element in root.iter():
        name = element.tag if isinstance(element.tag, str) else ""
        if name and (not name.startswith(_SVG) or name.removeprefix(_SVG) not in _DRAWN):
            raise NoPicture(_("The drawing holds “%(name)s”, which could act.") % {"name": name.rpartition("}")[2][:40]})
        for attribute, value in element.attrib.items():
            short = attribute.rpartition("}")[2].lower()
            if short.startswith("on") or (short == "href" and not value.startswith("#")) or _outside(value):
                raise NoPicture(_("The drawing holds “%(name)s”, which could act.") % {"name": short[:40]})
        if name == f"{_SVG}style" and (_outside(element.text or "") or "@import" in (element.text or "").lower()):
            raise NoPicture(_("The drawing fetches something from elsewhere."))


def _outside(text: str) -> bool:
    """Say whether a value names anything outside the file."""
    named = re.findall(r"url\s*\(([^)]*)", text, re.IGNORECASE)
    return "javascript:" in text.lower() or any(not name.strip(" '\"").startswith("#") for name in named)
