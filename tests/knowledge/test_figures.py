"""Figures in texts: how they read filled and unfilled, and that every article of the starting pack reads well either way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
import yaml
from markdown_it import MarkdownIt

from trustdesk.knowledge import figures, folder

PACK: Final = Path(folder.__file__).parent / "starting_pack"
PLACEHOLDERS: Final[dict[str, dict[str, str]]] = yaml.safe_load(
    (PACK / "placeholders.yaml").read_text(encoding="utf-8")
)
EXAMPLES: Final = {
    "en": {key: what["example"] for key, what in PLACEHOLDERS.items()} | {"exchange": "Northlight"},
    "zh-hans": {key: what.get("example_zh") or what["example"] for key, what in PLACEHOLDERS.items()}
    | {"exchange": "北光"},
}
UNFILLED: Final = {"exchange": "Northlight"}

_UNITS: Final = r"(?:milli)?seconds?|minutes?|hours?|days?|weeks?|months?|years?|ms|MB|USDT|UTC|x|times"
_UNITS_ZH: Final = r"毫秒|秒|分钟|个?小时|个?工作日|天|个月|年|次|个|笔|家|位|条|倍|级|周岁|MB|USDT|UTC"
_OPEN_ZH: Final = "时间|比例|倍数|大小|年龄|币种|收费标准|金额|等级|地址|数值|数量|次数"
BAD: Final = {
    "en": (
        re.compile(rf"(?:in the app|official channels) (?:(?:more|business|working) )?(?:{_UNITS}|of them|more|old)\b", re.I),
        re.compile(r"in the app (?:and|or) the \w+ shown in the app", re.I),
        re.compile(r"\b(?:a|an|the|every|each|first|last|another|utc|only) the (?:\w+ ){1,4}(?:shown|named|listed|on our list)\b", re.I),
        re.compile(r"see the app (?!yourself)", re.I),
        re.compile(r"\b([a-z]{2,}) \1\b", re.I),
        re.compile(r"(?<![\d.,–])1 (?:days|hours|minutes|seconds|months|years)\b"),
        re.compile(r"\{\{|\}\}|…\s*(?:hours|days|minutes)"),
        re.compile(rf"\b(?:{_UNITS}) (?:{_UNITS})\b"),
    ),
    "zh-hans": (
        re.compile(rf"App 内显示的(?:杠杆)?(?:{_OPEN_ZH})\s*(?:{_UNITS_ZH})"),
        re.compile(r"以应用内显示为准|见应用"),
        re.compile(r"(?:每|每次|(?<!提)前|近|UTC|第)\s?App 内"),
        re.compile(r"(?:毫秒|秒|分钟|小时|工作日|天|个月|MB|USDT|倍)\s?(?:小时|分钟|秒|天|USDT|MB|倍)"),
        re.compile(r"\{\{|\}\}|内内|的的|显示数量的(?:，|。|；|、|$)"),
        re.compile(r"([㐀-鿿]{2,4}) \1"),
    ),
}  # fmt: skip
ARTICLES: Final = sorted(path for path in PACK.glob("*/*.md"))
_markdown: Final = MarkdownIt("commonmark").enable("table")


def lines(path: Path, values: Mapping[str, str], language: str) -> list[str]:
    """Render a file, front matter included, and return what a reader reads, paragraph by paragraph."""
    _, facts, body = path.read_text(encoding="utf-8").split("---\n", 2)
    known = yaml.safe_load(facts)
    told = [known["title"], known["summary"], *(panel["text"] for panel in known.get("picture_guide", []))]
    page = figures.fill(_markdown.render(body), values, language)
    read = [re.sub(r"<[^>]+>", "", line).strip() for line in re.split(r"</(?:p|li|td|th|h\d)>|\n", page)]
    return [line for line in (*(figures.fill(text, values, language) for text in told), *read) if line]


def wrong(text: str, language: str) -> str:
    """Return what reads badly in a text."""
    return next((found[0] for bad in BAD[language] if (found := bad.search(text))), "")


@pytest.mark.parametrize("filled", [False, True], ids=["unfilled", "filled"])
@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_article_reads_well(path: Path, filled: bool) -> None:
    language = path.name.split(".")[1]
    values = EXAMPLES[language] if filled else UNFILLED
    assert [(wrong(line, language), line) for line in lines(path, values, language) if wrong(line, language)] == []


@pytest.mark.parametrize(
    ("text", "unfilled", "filled"),
    [
        ("off for {{hold_hours}} hours.", "off for the time shown in the app.", "off for 24 hours."),
        ("{{hold_hours}} hours later", "The time shown in the app later", "24 hours later"),
        ("within {{review_days}} business days", "within the time shown in the app", "within 1 business day"),
        ("up to {{keys_max}} keys an account", "up to the number of keys shown in the app an account", "up to 20 keys an account"),
        ("{{tries_max}} times a year", "The number of times shown in the app a year", "5 times a year"),
        ("from {{least_usdt}} USDT on", "from the amount shown in the app on", "from 10 USDT on"),
        ("at {{tier_time}} UTC", "at the time shown in the app", "at 02:00 UTC"),
        ("takes {{reset_days}} days", "takes the time shown in the app", "takes 1–3 days"),
        ("up to {{size_mb}} MB each", "up to the size shown in the app each", "up to 25 MB each"),
        ("wait {{wait_hours}} hours", "wait the time shown in the app", "wait a whole day"),
        ("ask {{who}} people", "ask the value shown in the app people", "ask two people"),
    ],
)  # fmt: skip
def test_a_figure_and_its_unit(text: str, unfilled: str, filled: str) -> None:
    values = {
        "hold_hours": "24", "review_days": "1", "keys_max": "20", "tries_max": "5", "least_usdt": "10", "tier_time": "02:00",
        "reset_days": "1–3", "size_mb": "25", "wait_hours": "a whole day", "who": "two",
    }  # fmt: skip
    assert figures.fill(text, {}, "en") == unfilled
    assert figures.fill(text, values, "en") == filled


@pytest.mark.parametrize(
    ("text", "unfilled", "filled"),
    [
        ("暂停 {{hold_hours}} 小时。", "暂停 App 内显示的时间。", "暂停 24 小时。"),
        ("{{hold_days}} 个工作日内", "App 内显示的时间内", "1 个工作日内"),
        ("最多 {{keys_max}} 个密钥", "最多 App 内显示数量的密钥", "最多 20 个密钥"),
        ("同时 {{keys_max}} 个。", "同时 App 内显示的数量。", "同时 20 个。"),
        ("可以生成 {{tries_max}} 次", "可以生成 App 内显示的次数", "可以生成 5 次"),
    ],
)
def test_the_same_in_chinese(text: str, unfilled: str, filled: str) -> None:
    values = {"hold_hours": "24", "hold_days": "1", "keys_max": "20", "tries_max": "5"}
    assert figures.fill(text, {}, "zh-hans") == unfilled
    assert figures.fill(text, values, "zh-hans") == filled


@pytest.mark.parametrize("key", sorted(PLACEHOLDERS))
def test_a_key_of_the_pack_says_what_it_is(key: str) -> None:
    """None falls back to "the value"; Chinese has words of its own for it."""
    assert "value" not in figures.fill(f"x {{{{{key}}}}}", {}, "en")
    assert re.match("App 内|我们|官方", figures.fill(f"{{{{{key}}}}}", {}, "zh-hans"))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "wait the time shown in the app hours"), ("en", "the hours hours"), ("en", "within 1 days"),
        ("en", "in the first the time shown in the app"), ("zh-hans", "等待 App 内显示的时间 小时"), ("zh-hans", "每 App 内显示的时间"),
    ],
)  # fmt: skip
def test_what_reads_badly_would_be_noticed(language: str, text: str) -> None:
    assert wrong(text, language)
