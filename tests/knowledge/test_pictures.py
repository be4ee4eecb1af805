"""What calls itself a picture is looked at before it is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.knowledge import pack
from trustdesk.knowledge import pictures

NS = 'xmlns="http://www.w3.org/2000/svg"'

ACTING = [
    f"<svg {NS}><script>alert(1)</script></svg>",
    f"<svg {NS} onload='alert(1)'/>",
    f"<svg {NS}><a href='javascript:alert(1)'><rect/></a></svg>",
    f"<svg {NS}><rect onclick='x()'/></svg>",
    f"<svg {NS}><foreignObject><iframe xmlns='http://www.w3.org/1999/xhtml' src='//e.example'/></foreignObject></svg>",
    f"<svg {NS}><image href='https://e.example/x.png'/></svg>",
    f"<svg {NS} xmlns:xlink='http://www.w3.org/1999/xlink'><use xlink:href='https://e.example/x.svg#a'/></svg>",
    f"<svg {NS}><style>@import 'https://e.example/x.css';</style></svg>",
    f"<svg {NS}><style>rect{{fill:url(https://e.example/x)}}</style></svg>",
    f"<svg {NS}><rect style='fill:url( //e.example/x )'/></svg>",
    f"<svg {NS}><animate attributeName='href' to='javascript:alert(1)'/></svg>",
    f"<svg {NS}><set attributeName='onmouseover' to='alert(1)'/></svg>",
    f"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg {NS}>&a;</svg>",
    f"<!DOCTYPE svg SYSTEM 'file:///etc/passwd'><svg {NS}/>",
    f"<svg {NS}><handler xmlns='http://www.w3.org/2001/xml-events'/></svg>",
    "<html><body/></html>",
    "<svg/>",
    f"<svg {NS}>",
    "",
]


@pytest.mark.parametrize("source", ACTING)
def test_a_drawing_that_could_act_is_refused(source: str) -> None:
    with pytest.raises(pictures.NoPicture):
        pictures.check_svg(source.encode())


def test_a_drawing_that_draws_is_taken() -> None:
    pictures.check_svg(pack.SVG.encode())
    pictures.check_svg(f"<svg {NS}><defs><linearGradient id='g'/></defs><rect fill='url(#g)'/><use href='#g'/></svg>".encode())


def test_rasters_are_opened(tmp_path: Path) -> None:
    pictures.check(pack.png(tmp_path / "fine.png"))
    for name, content in {"cut.png": (tmp_path / "fine.png").read_bytes()[:40], "text.png": b"hello", "script.jpg": b"<script>"}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(pictures.NoPicture):
            pictures.check(tmp_path / name)
    Image.new("RGB", (4, 4)).save(tmp_path / "old.bmp")
    with pytest.raises(pictures.NoPicture, match="PNG"):
        pictures.check(tmp_path / "old.bmp")


def test_a_picture_that_would_fill_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = pack.png(tmp_path / "bomb.png", (400, 400))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(pictures.NoPicture):
        pictures.check(bomb)
