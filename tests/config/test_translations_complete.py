"""Everything marked is translated, and everything read is marked. `bin/translations extract` shows what is to do."""

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from django.conf import settings
from django.utils import translation

from trustdesk.config import catalogue, translations

TEMPLATES = sorted(catalogue.SOURCES.glob("*/templates/**/*.html"))
# Read by people in every language: names, keys of a keyboard, standards.
NAMES = {"Trustdesk", "UID", "UTC", "USDT", "VIP", "English", "Ctrl", "Esc"}
_MARKED = re.compile(
    r"{%\s*(comment|blocktranslate|block (?:body|main)_class)\b.*?{%\s*end(?:comment|blocktranslate|block)\s*%}"
    r"|{%.*?%}|{{.*?}}|{#.*?#}",
    re.DOTALL,
)
_WORD = re.compile(r"[A-Za-z]{2,}")
_READ = ("alt", "aria-label", "content", "data-copied", "label", "placeholder", "title")
# What a template, translated, must keep apart: one form, the placeholders, and nothing guessed.
_SOURCE = """
{% load i18n %}{% translate "Send" %} {% blocktranslate %}Hello {{ name }}, 100% <b>sure</b>{% endblocktranslate %}
  {% translate "Open" context "order" as word %}{{ _("Plain") }}
{% blocktranslate count n=files %}One file{% plural %}{{ n }} files{% endblocktranslate %}
"""


@pytest.fixture(scope="module")
def messages() -> Catalog:
    return catalogue.wanted()


@pytest.mark.parametrize("code", [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE])
def test_every_text_is_translated(code: str, messages: Catalog) -> None:
    source = catalogue.LOCALES / translation.to_locale(code) / "LC_MESSAGES" / "django.po"
    assert len(messages) > 400
    assert "\n".join(catalogue.problems(catalogue=catalogue.read(source), messages=messages)) == ""


def test_django_speaks_what_the_catalogue_says() -> None:
    with translation.override("zh-hans"):
        assert translation.gettext("Case number") == "工单号"
        assert translation.ngettext("One", "Many", 2) == "Many"


def test_texts_of_every_kind_are_found(tmp_path: Path) -> None:
    found = _extracted(tmp_path)
    assert {(message.context, message.id) for message in found if message.id} == {
        (None, "Send"),
        (None, "Hello %(name)s, 100%% <b>sure</b>"),
        ("order", "Open"),
        (None, "Plain"),
        (None, ("One file", "%(n)s files")),
        (None, "Late"),
    }


def test_what_differs_is_a_problem(tmp_path: Path) -> None:
    messages = _extracted(tmp_path)
    po = tmp_path / "zh_Hans" / "LC_MESSAGES" / "django.po"
    po.parent.mkdir(parents=True)
    po.write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Dead"\nmsgstr "旧"\n')
    assert len(_problems(po, messages)) == len(messages)

    catalogue.update(source=po, messages=messages)
    assert "Dead" not in po.read_text()
    whole = catalogue.read(po)
    for message in whole:
        if message.id:
            singular = message.id if isinstance(message.id, str) else message.id[1]
            message.string = singular if isinstance(message.id, str) else (singular,)
    assert catalogue.problems(catalogue=whole, messages=messages) == []

    hello, files = whole.get("Hello %(name)s, 100%% <b>sure</b>"), whole.get("One file")
    send, late = whole.get("Send"), whole.get("Late")
    assert hello is not None
    assert files is not None
    assert send is not None
    assert late is not None
    hello.string = "您好 %(nam)s，100%% <b>确定</b>"
    files.string = ("一个文件",)
    send.string = ""
    late.flags.add("fuzzy")
    wrong = catalogue.problems(catalogue=whole, messages=messages)
    assert {re.sub(r"^.*?: ['\"](\w+).*?['\"] ", r"\1 ", line) for line in wrong} == {
        "Send is not translated",
        "Late is marked fuzzy",
        "One needs exactly %(n)s",
        "Hello needs exactly %(name)s %% <b> </b>",
    }


def test_extracting_twice_changes_nothing(tmp_path: Path) -> None:
    messages = _extracted(tmp_path)
    po = tmp_path / "zh_Hans" / "LC_MESSAGES" / "django.po"
    po.parent.mkdir(parents=True)
    po.write_text('# Glossary\nmsgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n')
    catalogue.update(source=po, messages=messages)
    once = po.read_text()
    catalogue.update(source=po, messages=messages)
    assert po.read_text() == once
    assert once.startswith("# Glossary\n")
    assert translations.compile_changed(tmp_path) == [po]


def test_no_call_of_gettext_escapes(messages: Catalog) -> None:
    """Inside an f-string, for one, Babel sees a call on some versions of Python and not on others."""
    marked = {str(message.id if isinstance(message.id, str) else message.id[0]) for message in messages if message.id}
    called: dict[str, str] = {}
    for path in sorted(catalogue.SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                if node.func.id not in {"_", "gettext", "gettext_lazy", "ngettext", "pgettext", "pgettext_lazy"}:
                    continue
                text = node.args[1 if node.func.id.startswith("pgettext") else 0]
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    called[text.value] = path.name
    assert len(called) > 100
    assert {text: name for text, name in called.items() if text not in marked} == {}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_everything_a_template_says_is_marked(path: Path) -> None:
    page = _Page()
    page.feed(_MARKED.sub("", path.read_text()))
    assert [text for text in page.said if set(_WORD.findall(text)) - NAMES] == []


class _Page(HTMLParser):
    """Collects what a reader is told, as text or in an attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in ("script", "style", "kbd")
        read = () if tag == "meta" or tag == "link" else _READ
        self.said += [value for name, value in attrs if name in read and value]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("script", "style", "kbd")

    def handle_data(self, data: str) -> None:
        if not self.silent and data.strip():
            self.said.append(data.strip())


def _extracted(folder: Path) -> Catalog:
    templates = folder / "shop" / "templates"
    templates.mkdir(parents=True)
    (templates / "page.html").write_text(_SOURCE)
    (folder / "shop" / "words.py").write_text('from django import x as _\n\nWORD = _("Late")\n')
    return catalogue.extract(folder / "shop")


def _problems(po: Path, messages: Catalog) -> list[str]:
    return catalogue.problems(catalogue=catalogue.read(po), messages=messages)
