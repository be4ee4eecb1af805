"""Screenshots that can be read and such that cannot, through the very process that takes in customers' pictures.

Drawn here as phones and desktops draw them (light, dark, dense, one line, a page of ten screens, saved as JPEG by a chat
app), and real ones: pictures of our own pages.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from trustdesk.conversations import imaging
from trustdesk.policy import legibility

Picture = Image.Image

LINES = (
    "Withdrawal 0.51 ETH",
    "TxID 0x5c504ed432cb5113",
    "Status: confirmed 12/12",
    "Network ERC20",
    "2026-03-02 14:05",
)
REAL = Path(settings.BASE_DIR) / "docs/images"


def screen(width: int = 390, height: int = 844, size: int = 14, *, dark: bool = False, lines: int = 12) -> Picture:
    """A screen of an app: a bar, a button, lines of text."""
    paper, ink = ((18, 20, 26), (226, 228, 233)) if dark else ((250, 250, 251), (38, 40, 45))
    image = Image.new("RGB", (width, height), paper)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width, size * 3), fill=(28, 92, 214))
    font = ImageFont.load_default(size)
    for number in range(lines):
        draw.text((size, size * 4 + number * size * 2), LINES[number % len(LINES)], font=font, fill=ink)
    return image


def line(width: int = 600, height: int = 40, size: int = 18) -> Picture:
    """One line, cut out of a screen."""
    image = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(image).text((8, 8), LINES[1], font=ImageFont.load_default(size), fill="black")
    return image


def covered(image: Picture) -> Picture:
    """With parts of it blacked out."""
    draw = ImageDraw.Draw(image)
    for top in range(100, image.height - 60, 130):
        draw.rectangle((10, top, image.width - 60, top + 40), fill="black")
    return image


def jpeg(image: Picture, quality: int) -> Picture:
    """As a chat app passes it on."""
    file = io.BytesIO()
    image.convert("RGB").save(file, "JPEG", quality=quality)
    return Image.open(io.BytesIO(file.getvalue()))


def soft(image: Picture, radius: float) -> Picture:
    """Out of focus."""
    return image.filter(ImageFilter.GaussianBlur(radius))


def moved(image: Picture, by: int) -> Picture:
    """Taken by a hand that moved."""
    kernel = [1.0 if row == 2 else 0.0 for row in range(5) for _ in range(5)]
    for _ in range(by):
        image = image.filter(ImageFilter.Kernel((5, 5), kernel))
    return image


def blown_up(image: Picture, factor: float) -> Picture:
    """Made small somewhere on the way and large again."""
    small = image.resize((int(image.width * factor), int(image.height * factor)), Image.Resampling.BILINEAR)
    return small.resize(image.size, Image.Resampling.BILINEAR)


def scaled(image: Picture, factor: float) -> Picture:
    return image.resize((int(image.width * factor), int(image.height * factor)), Image.Resampling.LANCZOS)


def photographed(image: Picture) -> Picture:
    """A screen photographed at an angle with a good camera."""
    close = image.resize((image.width * 3, image.height * 3), Image.Resampling.BICUBIC)
    return jpeg(close.rotate(2, Image.Resampling.BICUBIC, fillcolor=(250, 250, 251)), 85)


def real(name: str) -> Picture:
    return Image.open(REAL / name).convert("RGB")


GOOD: dict[str, Callable[[], Picture]] = {
    "phone, light": screen,
    "phone, dark": lambda: screen(dark=True),
    "phone, smallest": lambda: screen(320, 568, 12),
    "phone, small letters": lambda: screen(size=11),
    "phone, large letters": lambda: screen(size=24, lines=8),
    "phone, two dots a pixel": lambda: screen(780, 1688, 28),
    "phone, three dots a pixel": lambda: screen(1170, 2532, 42),
    "phone, three dots, dark": lambda: screen(1170, 2532, 42, dark=True),
    "phone on its side": lambda: screen(844, 390, 14, lines=8),
    "phone, one line only": lambda: screen(lines=1),
    "phone, blacked out": lambda: covered(screen()),
    "phone, blacked out, dark": lambda: covered(screen(dark=True)),
    "tablet": lambda: screen(1640, 2360, 30, lines=20),
    "desktop": lambda: screen(1280, 800, 15),
    "desktop, large": lambda: screen(2560, 1440, 20, lines=25),
    "desktop, 4K": lambda: screen(3840, 2160, 32, lines=25),
    "desktop, dark": lambda: screen(1440, 900, 14, dark=True),
    "a window": lambda: screen(500, 400, 13, lines=6),
    "ten screens in one": lambda: screen(390, 8440, 14, lines=280),
    "one line, cut out": line,
    "one line, small": lambda: line(300, 24, 14),
    "JPEG 80": lambda: jpeg(screen(), 80),
    "JPEG 50": lambda: jpeg(screen(), 50),
    "JPEG 30, dark": lambda: jpeg(screen(dark=True), 30),
    "made half as large": lambda: scaled(screen(1170, 2532, 42), 0.5),
    "made a third as large": lambda: scaled(screen(1170, 2532, 42), 1 / 3),
    "a good photograph of a screen": lambda: photographed(screen(size=20)),
    "our chat": lambda: real("chat.png"),
    "our desk": lambda: real("desk.png"),
    "our desk as JPEG 60": lambda: jpeg(real("desk.png"), 60),
}
BAD: dict[str, tuple[str, Callable[[], Picture]]] = {
    "out of focus": ("blurred", lambda: soft(screen(), 2)),
    "a little more": ("blurred", lambda: soft(screen(), 3)),
    "dark, out of focus": ("blurred", lambda: soft(screen(dark=True), 2)),
    "large letters, out of focus": ("blurred", lambda: soft(screen(size=24, lines=8), 3)),
    "small letters, a little": ("blurred", lambda: soft(screen(size=11), 1.6)),
    "three dots a pixel, out of focus": ("blurred", lambda: soft(screen(1170, 2532, 42), 6)),
    "desktop, out of focus": ("blurred", lambda: soft(screen(1280, 800, 15), 2)),
    "4K, out of focus": ("blurred", lambda: soft(screen(3840, 2160, 32, lines=25), 8)),
    "out of focus, as JPEG": ("blurred", lambda: jpeg(soft(screen(), 2.5), 60)),
    "one line, out of focus": ("blurred", lambda: soft(line(), 2)),
    "our desk, out of focus": ("blurred", lambda: soft(real("desk.png"), 2)),
    "our chat, out of focus": ("blurred", lambda: soft(real("chat.png"), 2)),
    "our chat, a hand that moved": ("blurred", lambda: soft(moved(real("chat.png"), 4), 1.5)),
    "made small and large again": ("blurred", lambda: blown_up(screen(), 0.3)),
    "made tiny and large again": ("blurred", lambda: blown_up(screen(), 0.2)),
    "our desk, small and large again": ("blurred", lambda: blown_up(real("desk.png"), 0.3)),
    "a photograph without focus": ("blurred", lambda: photographed(soft(screen(size=20), 2.5))),
    "a thumbnail": ("too_small", lambda: scaled(screen(), 0.3)),
    "a thumbnail of a desktop": ("too_small", lambda: scaled(screen(1280, 800, 15), 0.2)),
    "an icon": ("too_small", lambda: scaled(screen(), 0.1)),
    "our desk as a thumbnail": ("too_small", lambda: scaled(real("desk.png"), 0.15)),
    "half a line": ("too_small", lambda: line(200, 30, 12)),
    "white": ("empty", lambda: Image.new("RGB", (390, 844), "white")),
    "black": ("empty", lambda: Image.new("RGB", (390, 844), "black")),
    "wholly blacked out": ("empty", lambda: Image.new("RGB", (1170, 2532), (0, 0, 0))),
    "a shade": ("empty", lambda: Image.linear_gradient("L").resize((600, 800)).convert("RGB")),
    "a finger on the lens": ("empty", lambda: soft(screen(), 40)),
}
TABLE = {name: ("", make) for name, make in GOOD.items()} | BAD


@pytest.mark.parametrize("name", TABLE)
def test_what_can_be_read_and_what_cannot(name: str) -> None:
    expected, make = TABLE[name]
    image = make()
    kind = "jpeg" if image.format == "JPEG" else "png"
    file = io.BytesIO()
    image.save(file, kind.upper(), **({"quality": 95} if kind == "jpeg" else {"compress_level": 1}))
    look = measured(file.getvalue(), kind)
    assert legibility.judge(look) == expected, look


def test_the_table_is_long_enough() -> None:
    assert len(TABLE) >= 40
    assert min(len(GOOD), len(BAD)) >= 20
    assert {code for code, _ in BAD.values()} == {"blurred", "too_small", "empty"}


def measured(data: bytes, kind: str) -> legibility.Look:
    with tempfile.TemporaryFile() as source:
        source.write(data)
        picture = imaging.rewrite(source, kind=kind)
        with picture.file:
            return picture.look
