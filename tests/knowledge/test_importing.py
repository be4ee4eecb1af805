"""A folder goes in whole or not at all; exported and read again it is the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from wagtail.images import get_image_model

from tests.knowledge import pack
from trustdesk.knowledge import exporting, folder, importing, library, rendering, search
from trustdesk.knowledge.management.commands.help_import import PACK
from trustdesk.knowledge.models import Article, Figure, Section, SynonymGroup

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh(settings: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Begin without a picture of what is published, and with folders of our own for files."""
    files = tmp_path_factory.mktemp("files")
    settings.MEDIA_ROOT = files / "media"  # type: ignore[attr-defined]
    search.forget()
    yield
    search.forget()


def put(root: Path, *, examples: bool = False) -> dict[str, int]:
    return dict(importing.put(folder.read(root, language="en"), root=root, examples=examples).counts)


def test_what_a_folder_says_can_be_read_by_customers(tmp_path: Path) -> None:
    put(pack.small(tmp_path), examples=True)
    shelf = library.current()
    [section] = shelf.sections("zh-hans")
    assert (section.title, section.icon) == ("充值", "arrow-down")
    assert [node.title for node in shelf.articles(section, "en")] == ["My deposit has not arrived", "Networks"]
    # What is not translated stands there in its own language.
    assert [node.title for node in shelf.articles(section, "zh-hans")] == ["充值未到账", "Networks"]

    late = shelf.at("en", "deposits/late")
    assert late is not None
    drawn = rendering.render(Article.objects.get(pk=late.id), shelf, "en")
    assert '<a href="/help/en/deposits/networks/" rel="noopener">networks</a>' in drawn.body
    assert '<a href="/tickets/new/deposit_missing/" rel="noopener">the form</a>' in drawn.body
    assert '<a href="/contact/" rel="noopener">us</a>' in drawn.body
    assert "wait <code>24</code> hours" in drawn.body
    assert '<aside class="callout callout--warning">' in drawn.body
    assert "<td><code>D-2001</code></td><td>Wait | watch</td>" in drawn.body
    assert [heading.text for heading in drawn.headings] == ["Find it", "After that"]
    assert len(drawn.guide) == 1
    assert shelf.related(late, "en")[0].path == "deposits/networks"
    assert late.updated_on.isoformat() == "2026-11-20"


def test_editors_find_what_was_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wagtail's own search, by which the back office finds pages; in several goes."""
    monkeypatch.setattr(importing, "_INDEXED_AT_ONCE", 1)
    put(pack.small(tmp_path))
    for words, title in (("arrived", "My deposit has not arrived"), ("networks", "Networks")):
        assert title in [article.title for article in Article.objects.search(words)]


def test_links_lead_to_the_readers_language(tmp_path: Path) -> None:
    put(pack.small(tmp_path))
    shelf = library.current()
    networks = shelf.at("en", "deposits/networks")
    assert networks is not None
    assert shelf.related(networks, "zh-hans")[0].title == "充值未到账"


def test_again_changes_nothing_and_a_change_changes_one(tmp_path: Path) -> None:
    put(pack.small(tmp_path))
    assert put(tmp_path) == {"figures": 1, "unchanged": 3}
    text = (tmp_path / "deposits/networks.en.md").read_text().replace("They differ.", "They differ a lot.")
    (tmp_path / "deposits/networks.en.md").write_text(text)
    assert put(tmp_path) == {"figures": 1, "unchanged": 2, "written": 1}
    assert Article.objects.get(slug="networks").revisions.count() == 2


def test_exported_and_imported_again_nothing_has_changed(tmp_path: Path) -> None:
    put(pack.small(tmp_path / "in"), examples=True)
    assert exporting.write(tmp_path / "out") == 5
    again = folder.read(tmp_path / "out", language="en")
    assert again.problems == []
    assert dict(importing.put(again, root=tmp_path / "out").counts) == {"figures": 1, "unchanged": 3}
    with pytest.raises(FileExistsError):
        exporting.write(tmp_path / "out")


def test_translations_at_other_addresses_are_still_translations_after_a_round_trip(tmp_path: Path) -> None:
    put(pack.small(tmp_path / "in"), examples=True)
    chinese = Article.objects.get(slug="late", locale__language_code="zh-hans")
    chinese.slug = "weidaozhang"
    chinese.save_revision().publish()
    section = Section.objects.get(slug="deposits", locale__language_code="zh-hans")
    section.slug, section.summary = "chongzhi", ""
    section.save_revision().publish()
    search.forget()
    exporting.write(tmp_path / "out")
    assert "translation_of: deposits/late" in (tmp_path / "out/chongzhi/weidaozhang.zh-hans.md").read_text()
    for page in Section.objects.filter(depth=3):
        Section.objects.get(pk=page.pk).delete()
    search.forget()
    read = folder.read(tmp_path / "out", language="en")
    assert read.problems == []
    importing.put(read, root=tmp_path / "out", overwrite=True)
    shelf = library.current()
    for english, other in (("deposits/late", "chongzhi/weidaozhang"), ("deposits", "chongzhi")):
        here, there = shelf.at("en", english), shelf.at("zh-hans", other)
        assert here is not None
        assert there is not None
        assert here.key == there.key
    assert Section.objects.get(slug="chongzhi").summary == ""  # no title in its place
    assert "<a linktype" in str(Article.objects.get(slug="weidaozhang").body.raw_data[0]["value"])
    assert dict(importing.put(read, root=tmp_path / "out").counts) == {"figures": 1, "unchanged": 3}


def test_the_same_slug_in_two_sections_is_named_with_its_section(tmp_path: Path) -> None:
    pack.write(tmp_path / "in", {
        "a/faq.md": "# A\n\nText", "b/faq.md": "# B\n\nText",
        "c/x.md": "---\ntitle: X\nrelated: [a/faq]\n---\nSee [this](article:b/faq).",
    })  # fmt: skip
    put(tmp_path / "in")
    exporting.write(tmp_path / "out")
    again = folder.read(tmp_path / "out", language="en")
    assert again.problems == []
    assert dict(importing.put(again, root=tmp_path / "out").counts) == {"unchanged": 3}
    text = (tmp_path / "out/c/x.en.md").read_text()
    assert "article:b/faq" in text
    assert "- a/faq" in text


@pytest.mark.parametrize(
    ("first", "then"), [("a/x.md", "a/x/y.md"), ("a/x/y.md", "a/x.md"), ("a/x/_section.md", "a/x.md")]
)
def test_an_address_that_is_taken_is_said_by_file(tmp_path: Path, first: str, then: str) -> None:
    put(pack.write(tmp_path / "one", {first: "# First\n\nText"}))
    pack.write(tmp_path / "two", {then: "# Then\n\nText"})
    with pytest.raises(CommandError, match="Nothing was imported"):
        call_command("help_import", str(tmp_path / "two"))
    assert not Article.objects.filter(title="Then").exists()


def test_one_bad_file_and_nothing_is_imported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack.small(tmp_path)
    pack.write(tmp_path, {"deposits/bad.en.md": "---\ntitle: x\n---\n![p](gone.png)"})
    with pytest.raises(CommandError, match="1 errors in 4 texts: nothing was imported"):
        call_command("help_import", str(tmp_path))
    assert "deposits/bad.en.md" in capsys.readouterr().err
    assert not Section.objects.exists()
    assert not Figure.objects.exists()


def test_a_failure_in_the_middle_takes_everything_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack.small(tmp_path)
    written = importing._write
    calls = []

    def failing(*args: object) -> bool | None:
        calls.append(1)
        if len(calls) == 3:
            raise OSError("the disk is full")
        return written(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "_write", failing)
    with pytest.raises(OSError, match="disk"):
        put(tmp_path)
    assert not Article.objects.exists()
    assert not get_image_model().objects.exists()


def test_drafts_stay_drafts(tmp_path: Path) -> None:
    pack.write(tmp_path, {"a/x.en.md": "---\ntitle: Later\ndraft: true\n---\nbody"})
    put(tmp_path)
    assert not Article.objects.get(slug="x").live
    assert library.current().at("en", "a/x") is None
    assert put(tmp_path) == {"unchanged": 1}


HOSTILE = "<img src=x onerror=alert(1)><script>alert(1)</script>"


def test_hostile_text_runs_nothing(tmp_path: Path) -> None:
    quoted = HOSTILE.replace('"', "'")
    pack.write(tmp_path, {
        "a/x.en.md": f"---\ntitle: \"{quoted}\"\nsummary: \"{quoted}\"\nsearch_words: [\"{quoted}\"]\n---\n{HOSTILE}\n\n"
        f"## {HOSTILE}\n\n1. {HOSTILE}\n\n| {HOSTILE} |\n|---|\n| {HOSTILE} |\n\n> [!NOTE]\n> {HOSTILE}\n\n"
        f"[x](javascript:alert(1)) [y](data:text/html,x) <a href='javascript:alert(1)'>z</a>\n\n```\n{HOSTILE}\n```\n",
    })  # fmt: skip
    put(tmp_path)
    shelf = library.current()
    node = shelf.at("en", "a/x")
    assert node is not None
    drawn = rendering.render(Article.objects.get(pk=node.id), shelf, "en")
    for part in ("<script", "<img", "href=\"javascript", "href=\"data"):
        assert part not in drawn.body
    assert "&lt;script&gt;" in drawn.body  # in the code, as text


def test_what_is_stored_is_cleaned_again_when_it_is_shown(tmp_path: Path) -> None:
    """An older release, or a hand in the database, may have written anything."""
    put(pack.small(tmp_path))
    article = Article.objects.get(slug="networks")
    article.body = [("text", f"<p>{HOSTILE}</p>"), ("callout", {"kind": "x\" onclick=\"y", "text": HOSTILE})]
    drawn = rendering.render(article, library.current(), "en")
    assert "script" not in drawn.body
    assert "onclick" not in drawn.body


def test_synonyms_come_with_the_folder_and_an_editors_group_is_added_to(tmp_path: Path) -> None:
    root = pack.small(tmp_path)
    (root / "synonyms.yaml").write_text("- [提现, 提币, withdrawal]\n- [SL, stop loss]\n", encoding="utf-8")
    mine = SynonymGroup.objects.create(words="Withdrawal\n出金")
    assert put(root)["synonyms"] == 2
    mine.refresh_from_db()
    assert mine.listed() == ["Withdrawal", "出金", "提现", "提币"]
    assert "synonyms" not in put(root)  # again, nothing is new
    exporting.write(tmp_path / "out")
    assert folder.read(tmp_path / "out", language="en").synonyms == [group.listed() for group in SynonymGroup.objects.all()]
    assert ("SL", "stop loss") in library.current().synonyms


@pytest.mark.parametrize(
    "source", ["a: b", "- [one]", "- word", "- [" + ", ".join(f"w{n}" for n in range(31)) + "]", "- [a, &x [*x]]", "\t- [a, b]"]
)
def test_synonyms_that_are_none_are_named_and_nothing_is_taken(tmp_path: Path, source: str) -> None:
    root = pack.small(tmp_path)
    (root / "synonyms.yaml").write_text(source, encoding="utf-8")
    assert [problem.file for problem in folder.read(root, language="en").fatal()] == ["synonyms.yaml"]


def test_the_packs_synonyms_can_be_read() -> None:
    groups = folder.read(PACK, language="en").synonyms
    assert len(groups) >= 30
    words = [word.casefold() for group in groups for word in group]
    assert sorted(words) == sorted(set(words))
