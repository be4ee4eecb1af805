"""No text breaks the search or holds it up: not tantivy's query language, not broken Unicode, not length."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trustdesk.knowledge.index import Document, Index

INDEX = Index()
INDEX.replace(
    [
        Document(
            key=1, language="en", title="How to withdraw", headings=(), body="Error W-1012: wrong network", words=()
        ),
        Document(
            key=2,
            language="zh-hans",
            title="如何提现到银行卡",
            headings=(),
            body="点击提现，输入地址。",
            words=("提币",),
        ),
    ],
    synonyms=[("提现", "withdrawal"), ("2FA", "two factor authentication")],
)

HOSTILE = (
    *(
        "title:foo AND (",
        '"unclosed',
        "+must -not",
        "key:1",
        "[* TO *]",
        "a^9999",
        "*",
        "?:",
        "/re(gex/",
        "\\",
        "NOT NOT",
    ),
    *(
        "\x00",
        "\ud800\udfff",
        "a\x00b",
        "   ",
        "。。。",
        "😀🏳️\u200d🌈",
        "<script>alert(1)</script>",
        "' OR 1=1 --",
        "\u202eabc",
    ),
    *(
        "a" * 100_000,
        "提" * 100_000,
        "a " * 50_000,
        "-" * 100_000,
        "a-" * 50_000,
        "tixian" * 10_000,
        "\u0301" * 100_000,
    ),
    *("ß" * 100_000, "｜tx|", "|", "tx|提现", "\u0600", "𠮷野家", "İstanbul"),
)


@pytest.mark.parametrize("as_typed", [False, True])
@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:12]))
def test_hostile_questions_are_answered_at_once(text: str, as_typed: bool) -> None:
    start = time.process_time()
    found = INDEX.search(text, as_typed=as_typed)
    assert time.process_time() - start < 0.2
    assert found.total >= len(found.hits)


def test_hostile_articles_are_held() -> None:
    index = Index()
    index.replace(
        Document(key=key, language="en", title=text, headings=(text,), body=f"{text} findme {text}", words=(text,))
        for key, text in enumerate(HOSTILE)
    )
    assert index.search("findme").total == len(HOSTILE)


@settings(max_examples=300, deadline=None)
@given(text=st.text(st.characters(codec=None), max_size=300), as_typed=st.booleans())
def test_any_question_is_answered(text: str, as_typed: bool) -> None:
    assert INDEX.search(text, as_typed=as_typed).total >= 0
