"""An editor's day, with the real forms: draft, review, schedule, publish, rename; and a history nobody can change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test import Client
from django.utils import timezone
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Page, PageLogEntry, TaskState

from tests import world
from tests.knowledge import editors
from tests.staff import people
from trustdesk.channels.models import Delivery
from trustdesk.conversations import editing
from trustdesk.knowledge import following, library, scheduling, search, tasks
from trustdesk.knowledge.models import Article, Follow, Section
from trustdesk.seams import clock
from trustdesk.staff.models import Agent, Writing

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert('CNRY')</script>\"><img src=x onerror=alert(1)>"


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    library.forget()
    yield
    library.forget()


def post(client: Client, path: str, **data: Any) -> Any:
    return client.post(f"/back-office/{path}", data)


def test_an_editors_day(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> None:
    """Draft → review with a comment → again → schedule → published by the job → mailed to who follows → found → renamed."""
    section = editors.section()
    now = clock.now()
    Follow.objects.create(
        address="lin@example.com", page_id=section.pk, locale="en", token_hash=b"t" * 32, created_at=now, confirmed_at=now, told_at=now
    )
    edie, paul = editors.editor(), editors.publisher()
    paul.get("/back-office/?lang=zh-hans")  # he reads Chinese

    answer = post(edie, f"pages/add/knowledge/article/{section.pk}/", **editors.sheet(title="Fees", slug="fees"))
    article = Article.objects.get(slug="fees")
    assert answer.status_code == 302
    assert (article.live, article.owner.email) == (False, "edie@example.com")

    # She cannot publish, whatever she sends.
    post(edie, f"pages/{article.pk}/edit/", **editors.sheet(title="Fees", slug="fees"), **{"action-publish": "1"})
    article.refresh_from_db()
    assert not article.live

    mail.outbox.clear()
    assert "Submit for review" in edie.get(f"/back-office/pages/{article.pk}/edit/").content.decode()
    post(edie, f"pages/{article.pk}/edit/", **editors.sheet(title="Fees", slug="fees"), **{"action-submit": "1"})
    [letter] = [one for one in mail.outbox if one.to == ["paul@example.com"]]
    assert "Paul" in letter.body
    assert "审" in f"{letter.subject}{letter.body}"
    assert f"/back-office/pages/{article.pk}/edit/" in letter.body
    assert "account" not in letter.body

    # The publisher finds it on his first page, and asks for more.
    assert f"/back-office/pages/{article.pk}/edit/" in paul.get("/back-office/").content.decode()
    task = TaskState.objects.get(workflow_state__object_id=str(article.pk), status="in_progress")
    action = f"pages/workflow/action/{article.pk}/{{}}/{task.pk}/"
    assert post(edie, action.format("approve")).status_code in (302, 403)
    article.refresh_from_db()
    assert not article.live
    post(paul, action.format("reject"), comment="Which networks? CNRY")
    assert "CNRY" in edie.get(f"/back-office/pages/{article.pk}/edit/").content.decode()

    # Again, and for next morning.
    due = clock.now() + timedelta(hours=9)
    again = editors.sheet(title="Fees by network", slug="fees", go_live_at=due.strftime("%Y-%m-%d %H:%M"))
    post(edie, f"pages/{article.pk}/edit/", **again, **{"action-submit": "1"})
    task = TaskState.objects.get(workflow_state__object_id=str(article.pk), status="in_progress")
    post(paul, f"pages/workflow/action/{article.pk}/approve/{task.pk}/", comment="")
    article.refresh_from_db()
    assert not article.live
    assert article.approved_schedule
    tasks.run_due(timestamp=0)
    assert library.current().at("en", "deposits/fees") is None

    monkeypatch.setattr(timezone, "now", clock.now)
    with clock.frozen(due + timedelta(minutes=1)):
        tasks.run_due(timestamp=0)
        assert scheduling.run_due(now=clock.now()) == (0, 0)  # once
        search.forget()
        assert following.tell(now=clock.now()) == 1
    news = Delivery.objects.get(recipient="lin@example.com")
    assert "/help/en/deposits/fees/" in news.text
    assert search.find("which network", language="en").results[0].node.id == article.pk
    found = library.current().at("en", "deposits/fees")
    assert found is not None
    assert found.title == "Fees by network"

    # Renamed by the publisher.
    renamed = editors.sheet(title="Fees by network", slug="network-fees")
    with django_capture_on_commit_callbacks(execute=True):
        post(paul, f"pages/{article.pk}/edit/", **renamed, **{"action-publish": "1"})
    library.forget()
    assert library.current().at("en", "deposits/fees") is None
    assert Redirect.objects.get(old_path="/help/en/deposits/fees").redirect_page.pk == article.pk
    answer = Client().get("/help/en/deposits/fees/")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/help/en/deposits/network-fees/")
    actions = list(PageLogEntry.objects.filter(page=article.pk).order_by("id").values_list("action", "user__email"))
    assert ("wagtail.workflow.start", "edie@example.com") in actions
    assert ("wagtail.workflow.approve", "paul@example.com") in actions
    assert ("wagtail.publish.scheduled", None) in actions
    assert ("wagtail.publish", "paul@example.com") in actions

    compared = edie.get(f"/back-office/pages/{article.pk}/revisions/compare/earliest...latest/").content.decode()
    assert "network-fees" in compared


def test_what_is_over_is_taken_back_and_one_that_fails_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    section, now = editors.section(), clock.now()
    first, second = (editors.article(section, slug, title=slug.title()) for slug in ("one", "two"))
    Article.objects.filter(pk__in=[first.pk, second.pk]).update(expire_at=now)
    real = Article.unpublish

    def failing(self: Article, *args: Any, **kwargs: Any) -> None:
        if self.pk == first.pk:
            raise RuntimeError("no")
        real(self, *args, **kwargs)

    monkeypatch.setattr(Article, "unpublish", failing)
    assert scheduling.run_due(now=now + timedelta(seconds=1)) == (1, 0)
    assert str(first.pk) in caplog.text
    monkeypatch.setattr(Article, "unpublish", real)
    assert scheduling.run_due(now=now + timedelta(seconds=1)) == (1, 0)
    second.refresh_from_db()
    assert (second.live, second.expired) == (False, True)


def test_a_moved_and_a_renamed_section_leave_redirects_for_all_that_is_below(
    made_tree: tuple[Section, Section, Article], django_capture_on_commit_callbacks: Any
) -> None:
    upper, lower, article = made_tree
    paul = editors.publisher()
    data = {"title": "Coins", "slug": "coins", "summary": "", "icon": "book", "action-publish": "1", "seo_title": ""}
    comments = {f"comments-{name}": 0 for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")}
    with django_capture_on_commit_callbacks(execute=True):
        answer = post(paul, f"pages/{upper.pk}/edit/", **data, **comments)
    assert answer.status_code == 302, answer.context["form"].errors
    old = dict(Redirect.objects.values_list("old_path", "redirect_page_id"))
    assert old == {
        "/help/en/deposits": upper.pk,
        "/help/en/deposits/chains": lower.pk,
        "/help/en/deposits/chains/late": article.pk,
    }
    other = editors.section("other")
    with django_capture_on_commit_callbacks(execute=True):
        assert post(paul, f"pages/{lower.pk}/move/{other.pk}/confirm/").status_code == 302
    old = dict(Redirect.objects.values_list("old_path", "redirect_page_id"))
    assert old["/help/en/coins/chains/late"] == article.pk
    assert Article.objects.get(pk=article.pk).url == "/help/en/other/chains/late/"


@pytest.fixture
def made_tree() -> tuple[Section, Section, Article]:
    upper = editors.section("deposits")
    lower = Section(title="Chains", slug="chains", locale=upper.locale)
    upper.add_child(instance=lower)
    lower.save_revision().publish()
    return upper, Section.objects.get(pk=lower.pk), editors.article(Section.objects.get(pk=lower.pk))


def test_pages_can_be_copied_and_taken_back() -> None:
    article, paul = editors.article(editors.section(), translated_from=7), editors.publisher()
    data = {"new_title": "Copy", "new_slug": "copy", "new_parent_page": article.get_parent().pk, "publish_copies": "on"}
    assert post(paul, f"pages/{article.pk}/copy/", **data).status_code == 302
    copied = Article.objects.get(slug="copy")
    assert (copied.translated_from, copied.body.raw_data[0]["value"]) == (None, "<p>Wait a little.</p>")
    assert post(paul, f"pages/{copied.pk}/unpublish/").status_code == 302
    assert not Article.objects.get(slug="copy").live
    # An editor may throw away a draft, never what is published.
    edie = editors.editor()
    assert post(edie, f"pages/{article.pk}/delete/").status_code == 302
    assert Article.objects.filter(pk=article.pk).exists()
    post(edie, f"pages/{copied.pk}/delete/")
    assert not Article.objects.filter(pk=copied.pk).exists()
    assert PageLogEntry.objects.filter(page=copied.pk, action="wagtail.delete", user__email="edie@example.com").exists()


@pytest.mark.parametrize("table", ["wagtailcore_pagelogentry", "wagtailcore_modellogentry", "staff_audit"])
def test_the_history_can_be_extended_and_never_changed(table: str) -> None:
    editors.article(editors.section())
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("trustdesk_app",), "tests run as the role that serves"
    for change in (f"UPDATE {table} SET action = 'x'", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


def test_the_history_outlives_its_author_and_its_page() -> None:
    article, paul = editors.article(editors.section()), editors.writer(Writing.PUBLISHER, "paul@example.com")
    client = people.signed_in(paul)
    assert post(client, f"pages/{article.pk}/delete/").status_code == 302
    assert PageLogEntry.objects.filter(page=article.pk, user=paul.pk).exists()
    Agent.objects.get(pk=paul.pk).delete()
    assert PageLogEntry.objects.filter(page=article.pk, user_id=paul.pk).exists()
    title = editors.admin().get("/back-office/reports/site-history/").content.decode().split("</title>")[0]
    assert title.endswith("- Trustdesk")


def test_request_types_are_offered_by_name_in_the_editors_language() -> None:
    world.fresh()
    article, paul = editors.article(editors.section(), request_type="gone_type"), editors.publisher()
    page = paul.get(f"/back-office/pages/{article.pk}/edit/").content.decode()
    assert '<option value="deposit_missing">' in page
    assert "gone_type: there is no such request type any more" in page
    chinese = paul.get(f"/back-office/pages/{article.pk}/edit/?lang=zh-hans").content.decode()
    assert "gone_type" in chinese
    assert dict(editing.type_choices("zh-hans"))["deposit_missing"] in chinese
    edit = f"pages/{article.pk}/edit/"
    assert post(paul, edit, **editors.sheet(request_type="nonsense")).status_code == 200
    assert post(paul, edit, **editors.sheet(request_type="deposit_missing"), **{"action-publish": "1"}).status_code == 302
    assert Article.objects.get(pk=article.pk).request_type == "deposit_missing"


def test_a_draft_is_previewed_as_readers_will_see_it_and_nothing_runs_there() -> None:
    article, edie = editors.article(editors.section()), editors.editor()
    data = editors.sheet(title="Unsaved")
    assert edie.post(f"/back-office/pages/{article.pk}/edit/preview/", data).json() == {"is_valid": True, "is_available": True}
    answer = edie.get(f"/back-office/pages/{article.pk}/edit/preview/?in_preview_panel=true")
    assert answer.status_code == 200
    assert "Unsaved" in answer.content.decode()
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in policy
    assert "unsafe-inline" not in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert edie.get(f"/back-office/pages/{article.pk}/view_draft/").status_code == 200
    assert Client().get(f"/back-office/pages/{article.pk}/view_draft/").status_code == 302
    assert article.full_url.startswith("http://localhost:8000/help/en/")  # ours, not that of a site's row


def test_hostile_words_are_shown_and_never_run() -> None:
    section = editors.section()
    article = editors.article(section, title=HOSTILE, search_words=HOSTILE)
    Section.objects.filter(pk=section.pk).update(title=HOSTILE)
    Page.objects.filter(pk=article.pk).update(draft_title=HOSTILE)
    paul = editors.publisher()
    save = editors.sheet(title=HOSTILE, summary=HOSTILE[:300], search_words=HOSTILE)
    assert post(paul, f"pages/{article.pk}/edit/", **save, **{"action-submit": "1"}).status_code == 302
    for path in (
        "", f"pages/{section.pk}/", f"pages/{article.pk}/edit/", f"pages/{article.pk}/history/", f"pages/{article.pk}/delete/",
        f"pages/{article.pk}/revisions/compare/earliest...latest/", f"pages/search/?q={HOSTILE}", "reports/site-history/",
        "reports/workflow/", "help-reports/translations/", "help-reports/articles/", f"pages/{article.pk}/copy/",
        f"pages/{article.pk}/move/", f"pages/{article.pk}/view_draft/", f"translation/submit/page/{article.pk}/",
    ):  # fmt: skip
        page = paul.get(f"/back-office/{path}").content.decode()
        assert "<script>alert('CNRY')" not in page, path
        assert "<img src=x" not in page, path


def test_an_article_that_lacks_something_is_sent_back_with_the_reason() -> None:
    article, paul = editors.article(editors.section()), editors.publisher()
    for changed, said in (
        ({"summary": ""}, "required"),
        ({"search_words": "\n".join("abcdefghij" for _ in range(61))}, "At most 60 lines"),
        ({"slug": "a b"}, "slug"),
    ):
        answer = post(paul, f"pages/{article.pk}/edit/", **editors.sheet(**changed), **{"action-publish": "1"})
        assert answer.status_code == 200, changed
        assert said in answer.content.decode(), changed


def test_a_page_of_any_length_can_be_saved() -> None:
    """A step or a cell is three or four fields of a form."""
    from wagtail.test.utils.form_data import rich_text, streamfield

    article, paul = editors.article(editors.section()), editors.publisher()
    body = streamfield([("text", rich_text(f"<p>{n}</p>")) for n in range(300)])
    answer = post(paul, f"pages/{article.pk}/edit/", **editors.sheet(body=body), **{"action-publish": "1"})
    assert answer.status_code == 302
    assert len(Article.objects.get(pk=article.pk).body) == 300
