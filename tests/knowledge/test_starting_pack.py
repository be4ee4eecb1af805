"""The starting pack: what every article promises its reader, file by file, in both languages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from trustdesk.conversations import defaults
from trustdesk.knowledge import folder, pictures

PACK: Final = Path(folder.__file__).parent / "starting_pack"
LEAST: Final = 70  # articles
WORDS, NEWS_WORDS = 300, 120  # of an article in English, of an announcement
FIGURE: Final = re.compile(r"\{\{\s*([a-z][a-z0-9_]*)\s*\}\}")
CODE: Final = re.compile(r"\b[A-Z]-\d{4}\b")  # an error code of the exchange
ELSEWHERE: Final = {"contact:", "check:"}

# Somebody is told to hand us what nobody may have: "send us your password", “把验证码发给我们”.
SECRET: Final = (
    r"(?:password|passphrase|(?:seed|recovery) phrase|private key|API secret"
    r"|(?:2FA|SMS|text message|mailed|six-digit) code)"
)
HAND: Final = r"\b(?:send|tell|give|forward|show|type|read out)\b"
ASKS: Final = (
    re.compile(rf"{HAND}[^.!?|]{{0,30}}\b(?:us|me|support|staff|agents?|employees?)\b[^.!?|]{{0,60}}\b{SECRET}", re.I),
    re.compile(rf"{HAND}[^.!?|]{{0,40}}\b{SECRET}[^.!?|]{{0,30}}\bto (?:us|me|support|our|the agent)\b", re.I),
    re.compile(r"(?:发给|告诉|告知|提供给|念给|交给)(?:我们|客服|员工)[^。！？|]{0,20}(?:密码|验证码|助记词|私钥)"),
    re.compile(r"(?:密码|验证码|助记词|私钥)[^。！？|]{0,12}(?:发给|告诉|告知|提供给|念给|交给)(?:我们|客服|员工)"),
)
DENIED: Final = re.compile(r"\b(?:never|not|no|nobody|without|don't|neither|nor)\b|不|勿|绝|别|没有|无需", re.I)

_markdown: Final = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True, slots=True)
class Shape:
    """What two languages of an article have in common."""

    headings: list[str] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)  # items of each ordered list
    tables: list[tuple[int, int]] = field(default_factory=list)  # columns, rows
    callouts: list[str] = field(default_factory=list)
    links: Counter[str] = field(default_factory=Counter)
    figures: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    drawings: list[str] = field(default_factory=list)


@cache
def parts(path: Path) -> tuple[dict[str, Any], str]:
    """Read a file's front matter and its body."""
    found = re.match(r"---\n(.*?)\n---\n(.*)\Z", path.read_text(encoding="utf-8"), re.DOTALL)
    assert found, f"{path}: no front matter"
    return yaml.safe_load(found[1]), found[2]


@cache
def tokens(path: Path) -> list[Token]:
    """Parse a body once."""
    return _markdown.parse(parts(path)[1])


def inline(path: Path) -> Iterator[Token]:
    """Go through the texts, links, pictures and code of a body."""
    for token in tokens(path):
        yield from token.children or ()


@cache
def shape(path: Path) -> Shape:
    """Measure one language of an article."""
    body = parts(path)[1]
    made = Shape(figures=Counter(FIGURE.findall(body)), codes=Counter(CODE.findall(body)))
    columns = 0
    for token in tokens(path):
        if token.type == "heading_open":
            made.headings.append(token.tag)
        elif token.type == "ordered_list_open":
            made.steps.append(0)
        elif token.type == "list_item_open" and token.info:  # only numbered ones carry their number
            made.steps[-1] += 1
        elif token.type == "table_open":
            made.tables.append((0, 0))
        elif token.type == "tr_open":
            columns = 0
        elif token.type in ("th_open", "td_open"):
            columns += 1
        elif token.type == "tr_close":
            made.tables[-1] = columns, made.tables[-1][1] + 1
        elif token.type == "inline" and (found := re.match(r"\[!(\w+)\]", token.content)):
            made.callouts.append(found[1])
    for child in inline(path):
        if child.type == "link_open":
            made.links[str(child.attrGet("href"))] += 1
        elif child.type == "image":
            made.drawings.append(str(child.attrGet("src")).partition(".")[0])
    return made


@cache
def prose(path: Path) -> str:
    """Return what a reader reads of a body, without marks and addresses."""
    return "\n".join(
        "".join(child.content for child in token.children or () if child.type != "image") for token in tokens(path)
    )


ENGLISH: Final = sorted(path for path in PACK.glob("*/*.en.md") if not path.name.startswith("_"))
SECTIONS: Final = sorted(PACK.glob("*/_section.en.md"))
DRAWINGS: Final = sorted(PACK.glob("*/images/*.svg"))
SLUGS: Final = {path.name.partition(".")[0]: path for path in ENGLISH}
FIGURES: Final[dict[str, dict[str, str]]] = yaml.safe_load((PACK / "placeholders.yaml").read_text(encoding="utf-8"))
FORMS: Final = {form.code for form in defaults.TYPES}


def name(path: Path) -> str:
    """Name a file for the summary."""
    return path.relative_to(PACK).as_posix()


def chinese(path: Path) -> Path:
    """Return where the other language lies."""
    return path.with_name(path.name.replace(".en.", ".zh-hans."))


def is_news(path: Path) -> bool:
    """Say whether it is an announcement."""
    return parts(path.with_name("_section.en.md"))[0].get("news") is True


every_article = pytest.mark.parametrize("path", ENGLISH, ids=name)


def test_there_is_a_pack_to_start_with() -> None:
    assert sum(not is_news(path) for path in ENGLISH) >= LEAST
    assert len(SLUGS) == len(ENGLISH), "a link names an article by its slug alone"
    assert any(parts(path)[0].get("news") for path in SECTIONS), "the list of announcements shows something"


def test_the_importer_has_nothing_to_say_against_it() -> None:
    read = folder.read(PACK, language="en")
    assert read.problems == []
    assert len(read.articles) == len(ENGLISH)


@pytest.mark.parametrize("path", SECTIONS, ids=name)
def test_a_section_is_named_in_both_languages(path: Path) -> None:
    facts, other = parts(path)[0], parts(chinese(path))[0]
    assert {"title", "summary", "order", "icon"} <= set(facts)
    assert {"title", "summary"} <= set(other)


@every_article
def test_it_says_enough(path: Path) -> None:
    made = shape(path)
    words = re.findall(r"[^\W_][\w'’.,-]*", FIGURE.sub("x", prose(path)))
    assert len(words) >= (NEWS_WORDS if is_news(path) else WORDS)
    assert max(made.steps, default=0) >= 3 or made.tables
    assert made.callouts, "one thing is worth a box"
    assert len(made.headings) >= (1 if is_news(path) else 3)
    assert set(made.headings) <= {"h2", "h3"}
    assert "<" not in re.sub(r"`[^`\n]*`", "", parts(path)[1]), "no HTML"


@every_article
def test_its_chinese_is_a_whole_counterpart(path: Path) -> None:
    assert shape(chinese(path)) == shape(path)
    facts, other = parts(path)[0], parts(chinese(path))[0]
    assert 4 <= len(facts["search_words"]) <= 10
    assert 4 <= len(other["search_words"]) <= 10
    guide, guided = (
        [panel["image"].partition(".")[0] for panel in one.get("picture_guide", [])] for one in (facts, other)
    )
    assert guide == guided
    assert len(re.findall(r"[㐀-鿿]", prose(chinese(path)))) >= (120 if is_news(path) else 300)


@every_article
def test_marks_are_drawn_and_not_read(path: Path) -> None:
    """A star beside Chinese punctuation stays a star unless it stands right."""
    for text in (path, chinese(path)):
        assert "*" not in prose(text)
        for panel in parts(text)[0].get("picture_guide", []):
            drawn = _markdown.parseInline(panel["text"])[0].children or []
            assert "*" not in "".join(child.content for child in drawn)


@every_article
def test_where_it_leads_there_is_something(path: Path) -> None:
    facts, made = parts(path)[0], shape(path)  # the Chinese leads to the same places: that is tested above
    for address in made.links:
        kind, _, rest = address.partition(":")
        known = {"article": SLUGS, "form": FORMS}.get(kind, ())
        assert rest in known or address in ELSEWHERE, address
    assert f"article:{path.name.partition('.')[0]}" not in made.links, "it links to itself"
    assert facts["request_type"] in FORMS
    assert 2 <= len(facts["related"]) <= 4
    assert set(facts["related"]) <= set(SLUGS)
    assert set(made.figures) <= {*FIGURES, "exchange"}


@every_article
def test_it_asks_for_no_secret(path: Path) -> None:
    for sentence in re.split(r"(?<=[.!?。！？])\s*|\n", f"{prose(path)}\n{prose(chinese(path))}"):
        if not DENIED.search(sentence):
            assert not any(asks.search(sentence) for asks in ASKS), sentence


@pytest.mark.parametrize(
    "sentence",
    [
        "Send us your password.",
        "Tell the agent the SMS code.",
        "Send the private key to us.",
        "请把验证码告诉客服。",
        "请提供给我们您的密码。",
    ],
)
def test_a_question_for_a_secret_would_be_noticed(sentence: str) -> None:
    assert any(asks.search(sentence) for asks in ASKS)
    assert not DENIED.search(sentence)


def test_every_figure_is_used_and_explained_once() -> None:
    used = {key for path in ENGLISH for key in shape(path).figures}
    assert set(FIGURES) == used - {"exchange"}
    assert list(FIGURES) == sorted(FIGURES)
    lines = (PACK / "placeholders.yaml").read_text(encoding="utf-8").splitlines()
    assert sum(1 for line in lines if not line.startswith("#")) == len(FIGURES), "a key stands there twice"
    for key, what in FIGURES.items():
        assert all(what[part] for part in ("en", "zh", "example")), key
        assert what.get("example_zh") != what["example"], f"{key}: the same in Chinese need not be said again"
        assert set(what) <= {"en", "zh", "example", "example_zh"}, key


@pytest.mark.parametrize("shelf", sorted({path.parent for path in DRAWINGS}), ids=name)
def test_drawings_only_draw(shelf: Path) -> None:
    for path in sorted(shelf.iterdir()):
        source = path.read_bytes()
        pictures.check_svg(source)
        assert b"<title>" in source, path.name
        assert b"prefers-color-scheme:dark" in source, path.name


def test_no_drawing_lies_about_unused() -> None:
    used: set[Path] = set()
    for english in ENGLISH:
        for path in (english, chinese(english)):
            named = [str(child.attrGet("src")) for child in inline(path) if child.type == "image"]
            named += [panel["image"] for panel in parts(path)[0].get("picture_guide", [])]
            used |= {path.parent / address for address in named}
    assert used == set(DRAWINGS)
