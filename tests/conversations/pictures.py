"""Pictures and other files for the tests, made on the spot."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image, PngImagePlugin

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
WHERE_IT_WAS_TAKEN = "51 deg 28' N secret place"
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
SCRIPTED_PDF = PDF.replace(b"/Catalog", b"/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>")
MP4 = struct.pack(">I", 24) + b"ftypisom\x00\x00\x02\x00isommp41" + struct.pack(">I", 8) + b"mdat"
MOV = struct.pack(">I", 20) + b"ftypqt  \x00\x00\x02\x00qt  " + struct.pack(">I", 8) + b"mdat"
HEIC = struct.pack(">I", 24) + b"ftypheic\x00\x00\x00\x00mif1heic" + bytes(100)
WEBM = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm" + bytes(
    40
)
ZIP = b"PK\x03\x04\x14\x00\x00\x00" + bytes(60)
EXE = b"MZ\x90\x00\x03\x00\x00\x00" + bytes(200)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def png(width: int = 40, height: int = 30) -> bytes:
    """A small screenshot with a comment in it."""
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", WHERE_IT_WAS_TAKEN)
    return _saved(Image.linear_gradient("L").resize((width, height)).convert("RGB"), "PNG", pnginfo=notes)


def jpeg(width: int = 40, height: int = 30, *, sideways: bool = True) -> bytes:
    """A photograph that says where it was taken, in every way a photograph can, and lies on its side."""
    exif = Image.Exif()
    exif[0x010E] = WHERE_IT_WAS_TAKEN
    exif[0x0112] = 6 if sideways else 1
    exif.get_ifd(0x8825)[2] = (51.0, 28.0, 38.0)
    xmp = f"<x:xmpmeta>{WHERE_IT_WAS_TAKEN}</x:xmpmeta>".encode()
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    made = _saved(image, "JPEG", exif=exif, xmp=xmp, icc_profile=b"profile" * 30, comment=WHERE_IT_WAS_TAKEN.encode())
    return made + b"PK\x03\x04 and a trailer: " + WHERE_IT_WAS_TAKEN.encode()


def webp() -> bytes:
    """A picture in WebP with Exif."""
    exif = Image.Exif()
    exif[0x010E] = WHERE_IT_WAS_TAKEN
    return _saved(Image.new("RGBA", (20, 10), (10, 200, 30, 120)), "WEBP", exif=exif, icc_profile=b"profile" * 30)


def gif(frames: int = 3, size: tuple[int, int] = (16, 12)) -> bytes:
    """A moving picture with a comment."""
    pictures = []
    for number in range(frames):  # each differs from the last, or it would be left out
        picture = Image.new("P", size, 0)
        picture.putpalette([0, 0, 0, 255, 255, 255, 255, 0, 0])
        picture.putpixel((number % size[0], number // size[0] % size[1]), 1 + number // (size[0] * size[1]) % 2)
        pictures.append(picture)
    return _saved(
        pictures[0], "GIF", save_all=True, append_images=pictures[1:], duration=50, comment=WHERE_IT_WAS_TAKEN.encode()
    )


def png_bomb(side: int = 50_000, *, colour: bool = False) -> bytes:
    """A few hundred kilobytes that say they are side × side pixels, and are."""
    pack = zlib.compressobj(9)
    row = bytes(1 + (side * 4 if colour else (side + 7) // 8))
    pixels = b"".join(pack.compress(row) for _ in range(side)) + pack.flush()
    header = struct.pack(">IIBBBBB", side, side, *((8, 6) if colour else (1, 0)), 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _saved(image: Image.Image, kind: str, **settings: object) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **settings)
    return target.getvalue()
