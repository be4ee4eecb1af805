"""B-14: what asks a customer for a secret, remote control or "safe" transfer is found; what warns of it is not."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.policy import asking_cases as cases
from tests.policy.asking_look_alikes import SAFE
from tests.policy.asking_near_excuses import NEAR_EXCUSES
from trustdesk.policy import asking

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT / "trustdesk" / "knowledge" / "starting_pack"
DEMO = ROOT / "trustdesk" / "demo" / "cases"


def lines(table: dict[str, str]) -> list[tuple[str, str]]:
    return [(kind, line) for kind, text in table.items() for line in text.strip().splitlines()]


def sentences(text: str) -> Iterator[str]:
    """Give every line of a text and every sentence of it."""
    for line in filter(None, map(str.strip, text.splitlines())):
        yield line
        yield from re.findall(r"[^.!?。！？]+[.!?。！？]+[”\"’」)）]?", line)


@pytest.mark.parametrize("table", [cases.ENGLISH, cases.SIMPLIFIED, cases.TRADITIONAL])
def test_there_are_fifty_phrases(table: dict[str, str]) -> None:
    assert len(set(lines(table))) >= 50


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        pair
        for table in (cases.ENGLISH, cases.SIMPLIFIED, cases.TRADITIONAL, cases.OTHERS, cases.DISGUISED, NEAR_EXCUSES)
        for pair in lines(table)
    ],
)
def test_what_asks_is_found(kind: str, text: str) -> None:
    found = asking.find(text)
    assert found is not None
    assert found.kind == kind
    around = asking.find(f"Hello Anna, thank you for waiting.\n{text}\nBest regards, Sofia")
    assert around is not None
    assert around.kind == kind


@pytest.mark.parametrize("text", SAFE.strip().splitlines())
def test_what_warns_is_left_alone(text: str) -> None:
    assert asking.find(text) is None
    assert asking.find(f"Hello Anna, thank you for waiting. {text} Best regards, Sofia") is None


def test_a_warning_does_not_cover_what_comes_after_it() -> None:
    for text in (
        "We never ask for your password. Please send me your 2FA code.",
        "We never ask for your password, but this time please send me your 2FA code.",
        "我们绝不会索要密码。请把验证码发给我。",
        "我们不会索要密码，但请把验证码发给我",
    ):
        found = asking.find(text)
        assert found is not None
        assert found.kind == "code"


@pytest.mark.parametrize("path", sorted(PACK.rglob("*.md")), ids=lambda path: path.name)
def test_no_article_of_the_starting_pack_asks(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [one for one in (text, *sentences(text)) if asking.find(one)] == []


def test_no_agent_of_the_demo_asks() -> None:
    said = [
        line[3:]
        for path in sorted(DEMO.glob("*.json"))
        for case in json.loads(path.read_text(encoding="utf-8"))
        for line in case.get("lines", ())
        if isinstance(line, str) and line.startswith(("A: ", "N: "))
    ]
    assert len(said) > 100
    assert [line for line in said if any(asking.find(one) for one in sentences(line))] == []


def test_no_letter_of_ours_asks() -> None:
    """The words of everything the product says by itself, in both languages."""
    catalogue = (ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po").read_text(encoding="utf-8")
    said = re.findall(r'^msg(?:id|str)(?:\[\d\])? "((?:[^"\\]|\\.)+)"$', catalogue, re.MULTILINE)
    assert len(said) > 3000
    # A box to tick says what somebody was asked for, and so does the desk where it stops an answer.
    labels = ("把币转到“安全地址”", "把资金转到“安全”地址", "未发送：")
    found = [one for one in said if asking.find(one.replace("\\n", "\n").replace('\\"', '"'))]
    assert [one for one in found if not one.startswith(labels)] == []


@pytest.mark.parametrize(
    "piece",
    [
        "send me your ",
        "请把您的",
        "password ",
        "never ask ",
        "a ",
        "the code you ",
        "\u200b",
        "p a s s ",
        '"“',
        ", ",
        "。",
        "аеос ",
        "请告诉我验证码是否",
        "告诉我设置密码后",
        "let me know once the code ",
        "number to resend the ",
    ],
)
def test_no_text_makes_it_slow(piece: str) -> None:
    text = piece * (10_000 // len(piece))
    start = time.process_time()
    asking.find(text)
    assert time.process_time() - start < 2
