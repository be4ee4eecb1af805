import logging
import sys

from trustdesk.config.logs import OneLine


def line(message: str, *arguments: object, failed: Exception | None = None) -> str:
    information = None
    if failed:
        try:
            raise failed
        except Exception:  # noqa: BLE001  to give it a traceback
            information = sys.exc_info()
    return OneLine().format(logging.LogRecord("name", logging.ERROR, "file", 1, message, arguments, information))


def test_a_record_is_one_line_whatever_is_in_it() -> None:
    forged = line("case %s", "1\n2026-01-01T00:00:00Z INFO name forged\r\x1b[2J\u2028x")
    assert "\n" not in forged
    assert "\r" not in forged
    assert "\x1b" not in forged
    assert "\u2028" not in forged
    assert "\\x1b[2J" in forged


def test_a_traceback_is_folded_and_row_values_stay_out() -> None:
    failure = ValueError(
        'duplicate key\nDETAIL:  Key (value)=(somebody@example.com) already exists.\nCONTEXT:  "secret"'
    )
    folded = line("failed", failed=failure)
    assert "\n" not in folded
    assert "Traceback" in folded
    assert "duplicate key" in folded
    assert "somebody" not in folded
    assert "secret" not in folded


def test_text_in_other_scripts_is_readable() -> None:
    assert line("语言 %s", "中文").endswith("语言 中文")
