"""A folder is read whole, and what is wrong with it is said file by file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.knowledge import pack
from trustdesk.knowledge import folder


def test_both_languages_of_an_article_lie_side_by_side(tmp_path: Path) -> None:
    read = folder.read(pack.small(tmp_path), language="en")
    assert read.problems == []
    assert set(read.articles[("deposits",), "late"]) == {"en", "zh-hans"}
    late = read.articles[("deposits",), "late"]["en"]
    assert (late.title, late.order, late.facts["request_type"]) == ("My deposit has not arrived", 1, "deposit_missing")
    assert [block["type"] for block in late.blocks] == [
        "text", "picture", "text", "steps", "table", "callout", "code", "text",
    ]  # fmt: skip
    assert read.figures == {"hours": {"en": "hours to wait", "zh": "等待小时数", "example": "24", "example_zh": ""}}


BAD = [
    ("a/x.en.md", "---\ntitle: [unclosed\n---\ntext", "line 3"),
    ("a/x.en.md", "---\ntitle: never ends\ntext", "three dashes"),
    ("a/x.en.md", "---\n- a\n- b\n---\ntext", "no list of names"),
    ("a/x.en.md", "just text, no title", "no title"),
    ("a/x.en.md", b"---\ntitle: x\n---\n\xff\xfe", "not UTF-8"),
    ("a/x.en.md", "---\ntitle: x\n---\n![p](images/gone.png)", "no picture images/gone.png"),
    ("a/x.en.md", "---\ntitle: x\n---\n![p](../../../etc/hostname)", "no picture"),
    ("a/x.en.md", "---\ntitle: x\n---\n![p](%2e%2e/%2e%2e/%2e%2e/etc/hostname)", "no picture"),
    ("a/x.en.md", "---\ntitle: x\n---\n[y](article:gone)", "no article “gone”"),
    ("a/x.en.md", "---\ntitle: x\nvideos:\n - youtube: https://example.com/v\n---\nbody", "its address there"),
    ("a/x.en.md", "---\ntitle: x\npicture_guide:\n - text: no image\n---\nbody", "needs “image”"),
    ("a/x.en.md", "---\ntitle: x\npicture_guide: 7\n---\nbody", "needs “image”"),
    ("a/x.en.md", "---\ntitle: x\n---\n" + "x" * folder.LARGEST, "larger than 2 MB"),
    ("placeholders.yaml", "Bad-Key: {en: x}", "no figure"),
]


@pytest.mark.parametrize(("name", "content", "said"), BAD)
def test_what_is_wrong_is_said_where_it_is(tmp_path: Path, name: str, content: str | bytes, said: str) -> None:
    pack.write(tmp_path, {"a/fine.en.md": "---\ntitle: Fine\n---\nbody", name: content})
    read = folder.read(tmp_path, language="en")
    [problem] = read.fatal()
    assert problem.file == name
    assert said in problem.message
    assert (("a",), "fine") in read.articles, "what is fine is read all the same"


def test_two_files_of_one_address_are_told_apart(tmp_path: Path) -> None:
    pack.write(tmp_path, {"a/x y.en.md": "# One\n\nbody", "a/x-y.en.md": "# Two\n\nbody"})
    [problem] = folder.read(tmp_path, language="en").fatal()
    assert "same address as a/x y.en.md" in problem.message


def test_a_picture_that_is_none(tmp_path: Path) -> None:
    text = "---\ntitle: x\n---\n![p](p.png)\n\n![q](q.svg)"
    pack.write(tmp_path, {"a/x.md": text, "a/p.png": b"<script>", "a/q.svg": "<svg onload='alert(1)' xmlns='http://www.w3.org/2000/svg'/>"})
    said = [problem.message for problem in folder.read(tmp_path, language="en").fatal()]
    assert ["p.png" in said[0], "q.svg" in said[1], len(said)] == [True, True, 2]


def test_a_folder_that_knows_nothing_of_us(tmp_path: Path) -> None:
    """Such as the documentation of somebody's project: no front matter, no language, HTML, pictures elsewhere."""
    pack.write(tmp_path, {
        "README.md": "# The project\n\nWhat it is.",
        "guide/index.md": "# Guide\n\nWhere to begin.",
        "next.md": "# Next to a folder\n\nText",
        "next/inner.md": "# Inner\n\nText",
        "guide/Getting Started.md": "# Getting started\n\nHello <b onclick=x>there</b> [next](./next.md).\n\n<script>alert(1)</script>",
        "guide/next.markdown": "---\nlayout: post\ntags: {a: 1}\ndate: 2024-05-06T10:00:00\n---\n# Next\n\n![badge](https://example.com/b.png)",
        "guide/v1.2.md": "# Version\n\n## No paragraph\n\n- a list",
        "loose.md": "# Loose\n\nText",
        ".github/ignored.md": "no title",
        "notes.zh-CN.md": "# 笔记\n\n正文",
        "notes.md": "# Notes\n\nText",
    })  # fmt: skip
    pack.png(tmp_path / "guide" / "unused.png")
    read = folder.read(tmp_path, language="en")
    assert read.fatal() == []
    assert set(read.articles) == {
        (("guide",), "getting-started"), (("guide",), "next"), (("guide",), "v12"), (("general",), "loose"),
        (("general",), "notes"), (("general",), "overview"), (("guide",), "overview"), (("general",), "next"), (("next",), "inner"),
    }  # fmt: skip
    assert set(read.articles[("general",), "notes"]) == {"en", "zh-hans"}
    started = read.articles[("guide",), "getting-started"]["en"]
    assert "script" not in str(started.blocks)
    assert "onclick" not in str(started.blocks)
    assert read.articles[("guide",), "v12"]["en"].summary == "Version"
    said = [str(problem) for problem in read.problems]
    assert [("example.com" in one, "./next.md leads nowhere" in one) for one in sorted(said)] == [(False, True), (True, False)]


def test_what_an_article_cannot_hold_is_said(tmp_path: Path) -> None:
    text = (
        "# X\n\n- one ![a](p.png)\n- two\n\n> quoted ![b](p.png)\n\n> [!NOTE]\n> told ![c](p.png)\n\n"
        "| ![d](p.png) |\n|---|\n| cell |\n\n## Head ![e](p.png)\n\n1. Do\n\n   | a | b |\n   |---|---|\n   | 1 | 2 |\n\n"
        "2. Then\n\n   ```\n   code\n   ```\n\nSee <img src='q.png'> and\n\n<p><img alt=x src=r.png></p>\n"
    )
    pack.write(tmp_path, {"a/x.md": text})
    pack.png(tmp_path / "a" / "p.png")
    read = folder.read(tmp_path, language="en")
    blocks = read.articles[("a",), "x"]["en"].blocks
    assert [block["value"].alt for block in blocks if block["type"] == "picture"] == list("abcde")  # kept, below their text
    assert sorted(problem.message for problem in read.problems) == [
        "A table within a list or a quote becomes plain text.",
        "Lines of code within a list or a quote become plain text.",
        "The picture q.png is in HTML: it is left out.",
        "The picture r.png is in HTML: it is left out.",
    ]
    assert not read.fatal()


def test_links_between_files_lead_to_articles(tmp_path: Path) -> None:
    pack.write(tmp_path, {
        "a/x.en.md": "# X\n\n[b](./b.en.md#part) [c](../c/d%20e.md) [up](../a/b.zh-CN.md) [gone](./gone.md) [own](#part) [page](/contact/)",
        "a/b.en.md": "# B\n\nText",
        "a/b.zh-CN.md": "# 乙\n\n正文",
        "c/d e.md": "# D\n\nText",
    })  # fmt: skip
    read = folder.read(tmp_path, language="en")
    [block] = read.articles[("a",), "x"]["en"].blocks
    for link in ('"article:a/b#part"', '"article:c/d-e"', '"article:a/b"', '"#part"', '"/contact/"', "<a>gone</a>"):
        assert link in block["value"]
    [problem] = read.problems
    assert (problem.file, problem.fatal) == ("a/x.en.md", False)
    assert "./gone.md leads nowhere" in problem.message


def test_a_name_that_means_two_articles_is_said_unless_one_lies_beside(tmp_path: Path) -> None:
    pack.write(tmp_path, {
        "a/faq.md": "# A\n\nText", "b/faq.md": "# B\n\nText",
        "b/x.md": "# X\n\n[near](article:faq) [far](article:a/faq)", "c/y.md": "# Y\n\n[which](article:faq)",
    })  # fmt: skip
    [problem] = folder.read(tmp_path, language="en").problems
    assert (problem.file, problem.fatal) == ("c/y.md", True)
    assert "name one as a/faq" in problem.message


@pytest.mark.parametrize("named", ["a/gone", "a/x", "b/other"])
def test_a_translation_of_nothing_is_said(tmp_path: Path, named: str) -> None:
    pack.write(tmp_path, {
        "a/x.md": "# X\n\nText", "a/x.zh-hans.md": "# 甲\n\n正文", "b/other.zh-hans.md": "# 乙\n\n正文",
        "b/y.zh-hans.md": f"---\ntitle: 丙\ntranslation_of: {named}\n---\n正文",
    })  # fmt: skip
    [problem] = folder.read(tmp_path, language="en").fatal()
    assert (problem.file, named in problem.message) == ("b/y.zh-hans.md", True)


def test_an_article_beside_a_folder_of_its_name(tmp_path: Path) -> None:
    pack.write(tmp_path, {"a/b.md": "# B\n\nText", "a/b/c.md": "# C\n\nText", "a/b-1.md": "# Taken\n\nText"})
    read = folder.read(tmp_path, language="en")
    assert set(read.articles) == {(("a",), "b-2"), (("a",), "b-1"), (("a", "b"), "c")}
    [note] = read.problems
    assert (note.file, note.fatal) == ("a/b.md", False)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError):
        folder.read(tmp_path / "nowhere", language="en")
