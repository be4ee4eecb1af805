"""The desk's side of merging and splitting: what is offered to whom, what is written down, what an agent reads together."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests import world
from tests.conversations import merges
from tests.conversations.merges import ticket
from tests.desk.desks import HTMX, person
from tests.world import NOON
from trustdesk.conversations import replies
from trustdesk.conversations.merge_models import MergeRequest
from trustdesk.conversations.models import Conversation
from trustdesk.policy import reference as references
from trustdesk.seams import clock
from trustdesk.staff.models import Audit, Role

pytestmark = pytest.mark.django_db
UNKNOWN = references.new(b"no such case at all")


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    world.fresh()


def get(client: Client, name: str, case: Conversation, **query: str) -> str:
    answer = client.get(reverse(name, args=[case.reference]), query, headers=HTMX)
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())


def post(client: Client, name: str, case: Conversation, **fields: str) -> Any:
    with clock.frozen(NOON):
        return client.post(reverse(name, args=[case.reference]), fields, headers=HTMX)


def written(action: str) -> list[tuple[str, dict[str, Any]]]:
    return list(Audit.objects.filter(action=action).order_by("pk").values_list("target", "data"))


def test_the_other_open_cases_of_the_customer_are_offered_with_what_each_needs() -> None:
    _, client = person("Mei", "funds")
    case, known = ticket("this one"), ticket("KNOWN")
    page = get(client, "desk_merge_part", case)
    assert "at once" in page
    assert "a colleague has to agree" not in page.replace("(only where a colleague has to agree)", "")
    assert f'value="{known.reference}"' in page
    hidden = [
        ticket(topic="hacked"),  # of another team
        ticket(uid="7002"),  # of somebody else
        case,
    ]
    closed = ticket()
    Conversation.objects.filter(pk=closed.pk).update(status="closed")
    page = get(client, "desk_merge_part", case)
    for other in (*hidden, closed):
        assert f'value="{other.reference}"' not in page
    browser, same = ticket(visitor="anna"), ticket(visitor="anna")
    page = get(client, "desk_merge_part", browser)
    assert f'value="{same.reference}"' in page
    assert "Not proved in both" in page


@pytest.mark.parametrize("field", ["target", "typed"])
def test_what_is_merged_at_once_leads_to_where_it_goes_on(field: str) -> None:
    _, client = person("Mei", "funds")
    source, target = ticket("one"), ticket("two")
    answer = post(client, "desk_merge", source, **{field: target.reference.lower()})
    assert (answer.status_code, answer.headers["HX-Location"]) == (204, f"/desk/{target.reference}/")
    source.refresh_from_db()
    assert source.merged_into_id == target.pk
    assert written("case_merged") == [(f"case:{source.reference}", {"into": target.reference})]


def test_a_number_that_is_not_his_to_see_is_as_good_as_none() -> None:
    """E-18, A-01: another team's, nobody's, and what is no number get one answer, and nothing is written down."""
    _, client = person("Mei", "funds")
    source, theirs = ticket(), ticket(topic="hacked")
    answers = [post(client, "desk_merge", source, typed=one) for one in (theirs.reference, UNKNOWN, "x" * 500, "")]
    assert {(answer.status_code, answer.content) for answer in answers} == {(409, answers[0].content)}
    assert "There is no such case, or you may not see it." in answers[0].content.decode()
    assert written("case_merged") == []
    source.refresh_from_db()
    assert source.status == "waiting"


def test_two_customers_are_told_apart_with_the_reason() -> None:
    _, client = person("Mei", "funds")
    answer = post(client, "desk_merge", ticket(), typed=ticket(uid="7002").reference, reason="please")
    assert answer.status_code == 409
    assert "two customers" in answer.content.decode()


def test_a_colleague_is_asked_and_decides_on_either_page() -> None:
    (mei, client), (noor, other) = person("Mei", "funds"), person("Noor", "funds")
    _, outside = person("Tom", "trading")
    source, target = ticket("one", visitor="anna"), ticket("two", visitor="anna")
    refused = post(client, "desk_merge", source, target=target.reference)
    assert refused.status_code == 409
    assert "a colleague has to agree" in refused.content.decode()
    assert post(client, "desk_merge", source, target=target.reference, reason="one <b>deposit").status_code == 200
    request = MergeRequest.objects.get()
    for case in (source, target):
        mine, theirs = get(client, "desk_timeline", case), get(other, "desk_timeline", case)
        assert "one &lt;b&gt;deposit" in theirs
        assert "Agree and merge" in theirs
        assert "Agree and merge" not in mine
        assert "A colleague has to agree." in mine
    assert post(client, "desk_merge_decision", source, request=str(request.pk), on="1").status_code == 409
    assert post(outside, "desk_merge_decision", source, request=str(request.pk), on="1").status_code == 404
    wrong = ticket(visitor="anna")
    assert post(other, "desk_merge_decision", wrong, request=str(request.pk), on="1").status_code == 409
    assert post(other, "desk_merge_decision", target, request=str(request.pk), on="x").status_code == 400
    assert post(other, "desk_merge_decision", target, request=str(request.pk), on="1").status_code == 200
    assert written("merge_asked") == [(f"case:{source.reference}", {"into": target.reference})]
    noted = {"into": target.reference, "asked": request.pk}
    assert written("merge_approved") == [(f"case:{source.reference}", noted)]
    request.refresh_from_db()
    assert (request.asked_by_id, request.decided_by_id) == (mei.agent_id, noor.agent_id)
    assert post(other, "desk_merge_decision", target, request=str(request.pk), on="0").status_code == 409
    assert "Agree and merge" not in get(other, "desk_timeline", target)


def test_both_are_read_together_and_the_source_says_where_it_went() -> None:
    mei, client = person("Mei", "funds")
    source, target = ticket("source words"), ticket("target words")
    replies.send(replies=[replies.Reply(source.pk, mei.agent_id, "a-note-1", "CNRY-note", True)], now=NOON)
    merges.merge(source, target, by=mei)
    page = get(client, "desk_case", target)
    assert "merged another case into this one (the same proved identity)" in page
    assert f'data-from="/desk/{source.reference}/_merged.html"' in page
    assert "source words" not in page.partition('class="panel"')[0]  # folded, fetched when it is looked at
    inside = get(client, "desk_merged", source)
    assert "source words" in inside
    assert re.search(r'bubble--note"[^>]*>CNRY-note', inside)
    assert "data-seq" not in inside  # its numbers are not those of the page it stands in
    assert "data-join" not in inside
    gone = get(client, "desk_case", source)
    assert "This case goes on in" in gone
    assert f'href="/desk/{target.reference}/"' in gone
    assert "Merge with another case" not in gone.partition("data-panel")[0].replace("keys", "")
    assert 'value="reply"' not in gone


def test_who_may_not_see_the_source_reads_none_of_it_in_the_target() -> None:
    """E-18: the fragment asks for the right to the case whose lines it holds."""
    source, target = ticket("CNRY-source", topic="hacked"), ticket("target words")
    merges.merge(source, target, by=world.agent("Ada", role=Role.ADMIN))
    _, client = person("Mei", "funds")
    assert "CNRY" not in get(client, "desk_case", target)
    foreign = client.get(f"/desk/{source.reference}/_merged.html", headers=HTMX)
    unknown = client.get(f"/desk/{UNKNOWN}/_merged.html", headers=HTMX)
    assert (foreign.status_code, foreign.content) == (unknown.status_code, unknown.content)
    assert foreign.status_code == 404


def test_looking_into_a_merged_case_is_a_look_at_it() -> None:
    mei, client = person("Mei", "funds")
    source, target = ticket(), ticket()
    merges.merge(source, target, by=mei)
    get(client, "desk_merged", source)
    assert (f"case:{source.reference}", {}) in [(target, data or {}) for target, data in written("customer_viewed")]


def test_a_message_is_offered_to_be_split_and_becomes_a_case() -> None:
    _, client = person("Mei", "funds")
    case = ticket("two <i>matters")
    assert f"/desk/{case.reference}/_split.html?seq=1" in get(client, "desk_case", case)
    form = get(client, "desk_split_part", case, seq="1")
    assert "two &lt;i&gt;matters" in form
    assert '<option value="kyc">' in form
    answer = post(client, "desk_split", case, seq="1", code="kyc", subject="Papers", after="2")
    assert answer.status_code == 200
    new = Conversation.objects.get(split_from=case)
    assert f'href="/desk/{new.reference}/"' in answer.content.decode()
    assert written("case_split") == [(f"case:{case.reference}", {"into": new.reference, "seq": 1})]
    for seq in ("2", "99"):
        assert client.get(f"/desk/{case.reference}/_split.html", {"seq": seq}, headers=HTMX).status_code == 404
    for seq in ("", "x", "1e3", "-1"):
        assert client.get(f"/desk/{case.reference}/_split.html", {"seq": seq}, headers=HTMX).status_code == 400
    assert post(client, "desk_split", case, seq="1", code="", subject="x").status_code == 409
