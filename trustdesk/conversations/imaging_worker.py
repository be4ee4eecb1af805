"""Decode one picture and write it anew: run as a script, in a process of its own, by `imaging`.

standard input: the picture · arguments: its kind, and for a document PAPER, or MARKED and what is burnt in · standard
output: the new picture · standard error: "width height sharpness detail", the last two as `policy.legibility` wants
them, in parts of UNIT; nothing for a document.
Exit 0 done, 3 not a picture of that kind, 4 more than one picture may ask for.

It imports nothing of this project and limits itself before it looks at a single byte: a decoder that is tricked into
running for ever, eating memory or crashing takes only this process with it.
"""

from __future__ import annotations

import os
import resource
import sys
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image as Decoded

CPU_SECONDS = 5
MEMORY = 256 * 1024 * 1024  # bytes of address space
OUTPUT = 64 * 1024 * 1024  # bytes
PIXELS = 40_000_000  # of all frames together; 160 MB once decoded
FRAMES = 300
BROKEN, TOO_MUCH = 3, 4
UNIT = 1_000_000
MEASURED = 540, 1200  # pixels of the shorter and the longer side that are looked at: about how people see a screen
PAPER, MARKED = "paper", "marked"
PAPER_SIDE, SHOWN_SIDE = 2_400, 1_600  # pixels of the longer side: as kept, and as shown to staff
EDGE = 48  # of 255: less contrast than that within a few pixels is no letter


def limit() -> None:
    """Take from this process what decoding a picture does not need."""
    for what, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, OUTPUT),
        (resource.RLIMIT_NOFILE, 16),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    os.nice(5)  # pictures may wait, chats may not


def main(kind: str, form: str = "", mark: str = "") -> int:
    """Read, check, decode and write; return the exit code."""
    from PIL import Image, ImageFile, ImageOps  # once the limits hold

    warnings.simplefilter("ignore")  # Pillow warns on standard error, which carries our answer
    Image.MAX_IMAGE_PIXELS = None  # checked below, and as an answer rather than an exception
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    image: Decoded = Image.open(sys.stdin.buffer, formats=[kind.upper()])
    width, height = image.size
    if form:
        return _document(image, form, mark)
    count = getattr(image, "n_frames", 1)
    if count * width * height > PIXELS or count > FRAMES:
        return TOO_MUCH
    if kind == "jpeg" and width * height > PIXELS // 2:
        image.draft("RGB", (width // 2, height // 2))  # large photographs at half size: turning one needs two copies
    if count > 1:
        seen = measure(image)
        size = _animation(image, count, kind)
    else:
        ImageOps.exif_transpose(image, in_place=True)
        seen = measure(image)
        size = _still(image, kind)
    sys.stdout.flush()
    os.write(sys.stderr.fileno(), b"%d %d %d %d" % (*size, *(int(one * UNIT) for one in seen)))
    return 0


def measure(image: Decoded) -> tuple[float, float]:
    """Return how sharp the edges of a picture are, and what share of it lies near one.

    Around each edge: the largest step from one pixel to the next, as a share of the contrast within three pixels. A sharp letter
    has all of its contrast in one step; blurring spreads it, whatever the colours.
    """
    from PIL import ImageChops, ImageFilter, ImageStat

    shorter, longer = MEASURED
    grey = image.convert("L")  # first: reduced with its transparency, the largest picture would not fit a second time
    factor = max(1, min(image.size) // shorter)
    if factor > 1:
        grey = grey.reduce(factor)
    left, top = ((side - min(side, longer)) // 2 for side in grey.size)
    grey = grey.crop((left, top, left + min(grey.width, longer), top + min(grey.height, longer)))

    def spread(picture: Decoded, by: type[ImageFilter.MaxFilter] | type[ImageFilter.MinFilter]) -> Decoded:
        for _ in range(3):
            picture = picture.filter(by(3))
        return picture

    contrast = ImageChops.subtract(spread(grey, ImageFilter.MaxFilter), spread(grey, ImageFilter.MinFilter))
    across = ImageChops.difference(grey, ImageChops.offset(grey, 1, 0))
    down = ImageChops.difference(grey, ImageChops.offset(grey, 0, 1))
    step = spread(ImageChops.lighter(across, down), ImageFilter.MaxFilter)
    near = contrast.point([255 if value >= EDGE else 0 for value in range(256)])
    detail = ImageStat.Stat(near).mean[0] / 255
    if not detail:
        return 0.0, 0.0
    return ImageStat.Stat(step, near).mean[0] / ImageStat.Stat(contrast, near).mean[0], detail


def _document(image: Decoded, form: str, mark: str) -> int:
    """Write a document as JPEG: its first frame, upright, on white, no larger than it has to be."""
    from PIL import Image, ImageOps

    if image.width * image.height > PIXELS:
        return TOO_MUCH
    side = SHOWN_SIDE if form == MARKED else PAPER_SIDE
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)  # first: the rest needs copies
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("RGB")
    if form == MARKED:
        image = _burnt(image, mark)
    image.info = {}
    image.save(sys.stdout.buffer, format="JPEG", quality=88 if form == PAPER else 80)
    sys.stdout.flush()
    return 0


def _burnt(image: Decoded, mark: str) -> Decoded:
    """Write `mark` aslant all over a picture, so that no part worth copying is without it, and in a line below."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(max(14, min(image.size) // 28))
    left, top, right, bottom = (int(one) for one in font.getbbox(mark))
    wide, high = right - left + 60, bottom - top + 20
    across = int((image.width**2 + image.height**2) ** 0.5) + wide
    sheet = Image.new("L", (across, across), 0)
    draw = ImageDraw.Draw(sheet)
    for row, y in enumerate(range(0, across, high * 3)):
        for x in range(-(row % 2) * wide // 2, across, wide):
            draw.text((x, y), mark, font=font, fill=110)
    sheet = sheet.rotate(27)
    place = (across - image.width) // 2, (across - image.height) // 2
    sheet = sheet.crop((*place, place[0] + image.width, place[1] + image.height))
    # Once light, once dark and a pixel aside: readable on any ground.
    image.paste((255, 255, 255), (1, 1), sheet)
    image.paste((150, 0, 0), (0, 0), sheet)
    foot = Image.new("RGB", (image.width, image.height + high), "white")
    foot.paste(image, (0, 0))
    ImageDraw.Draw(foot).text((10, image.height + 8), mark, font=font, fill=(150, 0, 0))
    return foot


def _still(image: Decoded, kind: str) -> tuple[int, int]:
    if image.mode not in ("1", "L", "RGB", "RGBA") or "transparency" in image.info:
        alpha = image.has_transparency_data and kind != "jpeg"
        image = image.convert("RGBA" if alpha else "RGB")
    image.info = {}  # profile, comments, XMP, Exif: writers take them from here
    image.save(sys.stdout.buffer, format=kind.upper(), **_SETTINGS[kind])
    return image.size


def _animation(image: Decoded, count: int, kind: str) -> tuple[int, int]:
    frames, durations = [], []
    for number in range(count):
        image.seek(number)
        durations.append(max(20, int(image.info.get("duration") or 100)))
        frame = image.convert("RGBA")
        frame.info = {}
        frames.append(frame)
    settings = _SETTINGS[kind] | {"save_all": True, "append_images": frames[1:], "duration": durations, "loop": 0}
    frames[0].save(sys.stdout.buffer, format=kind.upper(), **settings)
    return image.size


_SETTINGS: dict[str, dict[str, Any]] = {
    "png": {"compress_level": 1},  # the next level takes twice as long for a tenth of the size
    "jpeg": {"quality": 88},
    "webp": {"quality": 88, "method": 2},
    "gif": {},
}


if __name__ == "__main__":
    limit()
    try:
        code = main(*sys.argv[1:])
    except MemoryError:
        code = TOO_MUCH
    except Exception:  # noqa: BLE001  decoders fail in every way there is, and all mean "not a picture we can show"
        code = BROKEN
    os._exit(code)  # nothing of the picture gets to run in finalizers
