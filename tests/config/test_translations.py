import gettext
import os
from pathlib import Path

from django.core.checks import Tags, run_checks
from django.test import override_settings

from trustdesk.config import translations

CATALOGUE = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

msgid "Send"
msgstr "{}"

#, fuzzy
msgid "Close"
msgstr "guessed"
"""


def test_what_changed_is_compiled_and_guesses_are_left_out(tmp_path: Path) -> None:
    source = tmp_path / "zh_Hans" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text(CATALOGUE.format("发送"))
    assert translations.not_compiled(tmp_path) == [source]
    assert translations.compile_changed(tmp_path) == [source]
    assert translations.compile_changed(tmp_path) == []
    assert translations.not_compiled(tmp_path) == []
    assert _read(source, "Send") == "发送"
    assert _read(source, "Close") == "Close"

    source.write_text(CATALOGUE.format("送出"))
    os.utime(source, ns=(0, source.with_suffix(".mo").stat().st_mtime_ns + 1))
    assert translations.compile_changed(tmp_path) == [source]
    assert _read(source, "Send") == "送出"
    assert sorted(path.name for path in source.parent.iterdir()) == ["django.mo", "django.po"]


def test_a_language_that_would_be_missing_stops_the_start(tmp_path: Path) -> None:
    source = tmp_path / "zh_Hans" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text(CATALOGUE.format("发送"))
    with override_settings(LOCALE_PATHS=[tmp_path]):
        assert [error.id for error in run_checks(tags=[Tags.translation])] == ["trustdesk.E001"]
        translations.compile_changed(tmp_path)
        assert run_checks(tags=[Tags.translation]) == []


def _read(source: Path, message: str) -> str:
    with open(source.with_suffix(".mo"), "rb") as file:
        return gettext.GNUTranslations(file).gettext(message)
