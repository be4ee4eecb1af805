"""What is shown of an article is its own text, the part that answers, marked where it does."""

import pytest

from trustdesk.knowledge.snippets import Piece, excerpt, marked, passage, sought


def shown(pieces: tuple[Piece, ...]) -> str:
    return "".join(f"[{piece.text}]" if piece.marked else piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("text", "terms", "expected"),
    [
        ("Withdraw, withdrawals and withdrew", ["withdraw"], "[Withdraw], [withdrawals] and withdrew"),
        ("prefix fix suffix", ["fix"], "prefix [fix] suffix"),
        ("verify verification", ["verifi"], "[verify] verification"),
        ("充值沒有到賬", ["充值", "到账"], "[充值]沒有[到賬]"),
        ("提现到账", ["提现", "现到", "到账"], "[提现到账]"),
        ("Trade BTC/USDT now", ["btcusdt", "btc", "usdt"], "Trade [BTC/USDT] now"),
        ("Code W-1012, W-10123, W 1012", ["w1012"], "Code [W-1012], W-10123, W 1012"),
        ("ＵＳＤＴ充值", ["usdt"], "[ＵＳＤＴ]充值"),
        ("Straße ﬁne Cafe\u0301s", ["strass", "fine"], "[Straße] [ﬁne] Cafe\u0301s"),
        ("USDT充值2次", ["usdt", "2"], "[USDT]充值[2]次"),
        ("<b>fee</b>", ["fee"], "<b>[fee]</b>"),
        ("", ["fee"], ""),
        ("nothing of it", ["fee"], "nothing of it"),
    ],
)
def test_words_are_marked(text: str, terms: list[str], expected: str) -> None:
    wanted = [sought(term=term, weight=1) for term in terms]
    assert shown(marked(passage(text), wanted)) == expected.replace("] [", " ")


def test_the_excerpt_holds_most_of_what_was_asked_for() -> None:
    text = (
        "The fee is low. "
        + "Nothing to see here. " * 30
        + "The fee of a withdrawal depends on the network. "
        + "More. " * 60
    )
    found = shown(excerpt(passage(text), [sought(term=term, weight=1) for term in ("fee", "withdraw", "network")]))
    assert found.startswith("The [fee] of a [withdrawal] depends on the [network]. More.")
    assert len(found) < 200


def test_an_excerpt_begins_and_ends_between_words() -> None:
    text = "word " * 100 + "fee " + "word " * 100
    words = shown(excerpt(passage(text), [sought(term="fee", weight=1)])).split()
    assert set(words) == {"word", "[fee]"}


def test_a_chinese_excerpt_is_half_as_long_and_begins_with_a_sentence() -> None:
    text = "前面的话。" * 50 + "提现需要审核，请耐心等待。" + "后面的话。" * 50
    found = excerpt(passage(text), [sought(term="提现", weight=1)])
    assert shown(found).startswith("[提现]需要审核")
    assert len("".join(piece.text for piece in found)) == 90


def test_where_nothing_is_to_mark_the_beginning_is_shown() -> None:
    assert shown(excerpt(passage("First words. " * 50), [sought(term="fee", weight=1)])).startswith("First words.")
