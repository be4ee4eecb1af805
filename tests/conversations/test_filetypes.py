"""Names of strangers, for every name there is."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from trustdesk.conversations import filetypes

_NASTY = st.sampled_from(
    [
        *"./\\:\"'<>|?* \t\r\n\x00\x1b;%",
        "..",
        "CON",
        "\u202e",
        "\u200b",
        "\ufeff",
        "\u3164",
        "．",
        "／",
        "ｃｏｎ",
        "e\u0301",
    ]
)


@given(st.lists(st.one_of(_NASTY, st.characters()), max_size=60).map("".join))
def test_any_name_becomes_one_visible_harmless_component_and_stays_it(raw: str) -> None:
    name = filetypes.tidy_name(raw)
    assert 0 < len(name) <= filetypes.NAME_LENGTH
    assert not set(name) & set('/\\:*?"<>|')
    assert not name.startswith((".", " "))
    assert not name.endswith((".", " "))
    assert name.split(".")[0].strip().lower() not in {"con", "prn", "aux", "nul", "com1", "lpt1"}
    assert all(unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in name)
    assert filetypes.tidy_name(name) == name


@given(st.binary(max_size=200))
def test_any_bytes_have_a_kind_or_none(head: bytes) -> None:
    for announced in ("", *filetypes.KINDS):
        assert filetypes.sniff(head, announced=announced) in {"", *filetypes.KINDS}


def test_no_kind_that_is_held_is_ever_taken_for_one_that_is_shown() -> None:
    for head in (b"PK\x03\x04", b"{\\rtf", b"<svg", b"<?xml", b"MIME-Version: 1.0"):
        for announced in ("png", "jpeg", "gif", "webp", "pdf", "mp4"):
            assert filetypes.sniff(head, announced=announced) != announced
