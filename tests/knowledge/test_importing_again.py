"""A folder imported again: what did not change there is left to the editors, what changed in both is reported, drafts stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.knowledge import pack
from trustdesk.knowledge import folder, importing, search
from trustdesk.knowledge.importing import Done
from trustdesk.knowledge.models import Article, Imported, Section

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh(settings: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("files") / "media"  # type: ignore[attr-defined]
    search.forget()
    yield
    search.forget()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder that was imported once."""
    put(pack.small(tmp_path))
    return tmp_path


def put(root: Path, *, overwrite: bool = False) -> Done:
    return importing.put(folder.read(root, language="en"), root=root, overwrite=overwrite)


def change(root: Path, before: str = "They differ.", after: str = "They differ a lot.", file: str = "networks.en.md") -> None:
    path = root / "deposits" / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def networks() -> Article:
    found: Article = Article.objects.get(translation_key=Article.objects.order_by("pk").get(title="Networks").translation_key)
    return found


def edit(article: Article, *, publish: bool = True, **facts: str) -> Article:
    for name, value in facts.items():
        setattr(article, name, value)
    revision = article.save_revision()
    if publish:
        revision.publish()
    found: Article = Article.objects.get(pk=article.pk)
    return found


def test_an_unchanged_folder_leaves_what_editors_published(root: Path) -> None:
    edit(networks(), summary="As an editor wants it.")
    section = Section.objects.get(title="Deposits")
    section.summary = "All about coins coming in."
    section.save_revision().publish()
    done = put(root)
    assert (done.counts["written"], done.counts["sections changed"], done.conflicts) == (0, 0, ())
    assert networks().summary == "As an editor wants it."
    assert Section.objects.get(pk=section.pk).summary == "All about coins coming in."


def test_what_changed_in_both_is_a_conflict_and_stays_unless_the_folder_is_to_win(root: Path) -> None:
    edit(networks(), summary="As an editor wants it.")
    change(root)
    for _ in range(2):  # until somebody decides
        done = put(root)
        [conflict] = done.conflicts
        assert (conflict.file, done.counts["conflicts"], done.counts["written"]) == ("deposits/networks.en.md", 1, 0)
        assert networks().summary == "As an editor wants it."
    done = put(root, overwrite=True)
    assert (done.counts["written"], done.conflicts) == (1, ())
    assert networks().summary == "Which network to choose."
    assert "a lot" in str(networks().body)
    assert put(root).counts == {"figures": 1, "unchanged": 3}


def test_an_editor_who_wrote_the_same_is_in_nobodys_way(root: Path) -> None:
    article = networks()
    body = article.body.get_prep_value()
    body[-1]["value"] = body[-1]["value"].replace("They differ.", "They differ a lot.")
    article.body = body
    article.save_revision().publish()
    change(root)
    assert put(root).conflicts == ()
    assert put(root).counts["written"] == 0


@pytest.mark.parametrize("changed", [False, True])
def test_a_draft_with_another_address_never_goes_out(root: Path, changed: bool) -> None:
    draft = edit(networks(), publish=False, slug="chains", seo_title="Not agreed yet", title="Chains").latest_revision_id
    if changed:
        change(root)
    done = put(root)
    assert [str(conflict.file) for conflict in done.conflicts] == (["deposits/networks.en.md"] if changed else [])
    article = networks()
    assert (article.slug, article.seo_title, article.title) == ("networks", "", "Networks")
    assert article.latest_revision_id == draft
    assert Article.objects.count() == 3
    # Even where the folder wins: what it says goes out, and nothing of the draft.
    put(root, overwrite=True)
    article = networks()
    assert (article.slug, article.seo_title, article.title, article.live) == ("networks", "", "Networks", True)
    assert ("a lot" in str(article.body)) is changed


def test_a_page_that_editors_renamed_or_moved_is_still_the_one_of_its_file(root: Path) -> None:
    edit(networks(), slug="chains")
    change(root)
    done = put(root)
    assert (done.counts["written"], done.counts["created"], done.conflicts) == (1, 0, ())
    assert (networks().slug, Article.objects.count()) == ("chains", 3)


def test_what_editors_took_back_or_deleted_is_not_published_again(root: Path) -> None:
    networks().unpublish()
    late = Article.objects.get(slug="late", locale__language_code="zh-hans")
    late.delete()
    assert put(root).counts["written"] == 0
    change(root)
    assert [conflict.file for conflict in put(root).conflicts] == ["deposits/networks.en.md"]
    assert not networks().live
    assert Article.objects.count() == 2
    put(root, overwrite=True)
    assert networks().live
    assert Article.objects.filter(live=True).count() == 3


def test_a_draft_of_the_folder_is_published_once_the_folder_says_so(root: Path) -> None:
    pack.write(root, {"deposits/new.en.md": "---\ntitle: New\ndraft: true\n---\nbody"})
    put(root)
    assert not Article.objects.get(slug="new").live
    change(root, "draft: true", "draft: false", "new.en.md")
    assert put(root).counts["written"] == 1
    assert Article.objects.get(slug="new").live


def test_what_was_written_here_at_the_same_address_is_not_taken_over(tmp_path: Path) -> None:
    pack.small(tmp_path / "a")
    put(tmp_path / "a")
    Imported.objects.all().delete()  # as if editors had written all of it
    assert put(tmp_path / "a").conflicts == ()
    Imported.objects.all().delete()
    change(tmp_path / "a")
    assert len(put(tmp_path / "a").conflicts) == 1


def test_a_translation_is_current_only_while_both_say_what_the_folder_says(root: Path) -> None:
    chinese = Article.objects.get(slug="late", locale__language_code="zh-hans")
    english = edit(Article.objects.get(slug="late", locale__language_code="en"), summary="Another matter altogether.")
    put(root)
    chinese.refresh_from_db()
    assert chinese.translated_from != english.live_revision_id


def test_followers_are_told_of_a_change_that_carries_a_new_date(root: Path) -> None:
    change(root, "They differ.", "They differ a lot.")
    change(root, "**not lost**", "*not* lost", "late.en.md")
    put(root)
    late = Article.objects.get(slug="late", locale__language_code="en")
    assert late.tells_followers is False  # the same date: the wording
    change(root, "2026-11-20", "2026-11-25", "late.en.md")
    put(root)
    late.refresh_from_db()
    assert late.tells_followers is True


def test_the_command_says_conflicts_by_file(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(networks(), summary="As an editor wants it.")
    change(root)
    call_command("help_import", str(root))
    said = capsys.readouterr()
    assert "conflict: deposits/networks.en.md: It changed in the folder, and an editor changed it, too." in said.err
    assert "--overwrite" in said.out
    call_command("help_import", str(root), "--overwrite")
    assert networks().summary == "Which network to choose."


def test_an_icon_alone_is_a_change_of_a_section(root: Path) -> None:
    change(root, "icon: arrow-down", "icon: chart", "_section.en.md")
    assert put(root).counts["sections changed"] >= 1
    assert Section.objects.get(title="Deposits").icon == "chart"
