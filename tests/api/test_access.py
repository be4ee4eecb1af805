"""Who gets in, with what, and what is somebody else's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests import world
from tests.api import callers
from tests.api.callers import BASE, case, code, deposit, get, post, session, token
from tests.staff import people
from trustdesk.api import tokens
from trustdesk.api.models import AnsweredRequest, ApiToken, Scope
from trustdesk.api.tokens import Caller, Pace
from trustdesk.conversations.models import Conversation
from trustdesk.seams import clock

READ, WRITE, VOUCH = Scope.READ.value, Scope.WRITE.value, Scope.VOUCH.value
NOWHERE = "777-777-7777"


@pytest.fixture
def house(committed_db: str) -> None:
    callers.fresh()


def opened(answer: HttpResponse) -> str:
    """Return the number of the case that was opened."""
    assert answer.status_code == 201, answer.content
    return str(json.loads(answer.content)["reference"])


def shown(answer: HttpResponse) -> tuple[int, bytes, dict[str, str]]:
    """Return all that a caller can tell answers apart by."""
    return answer.status_code, answer.content, dict(answer.headers)


# Tokens --------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_token_that_is_not_valid_looks_like_none() -> None:
    """Unknown, cut, with another's secret, expired, revoked: one answer."""
    callers.fresh()
    good, other = token(), token("shop")
    assert get("request-types", token=good).status_code == 200
    expired = token(now=clock.now() - timedelta(days=2), lasts=timedelta(days=1))
    revoked = token()
    tokens.revoke(revoked[3:15], now=clock.now())
    nothing = shown(get("request-types"))
    assert nothing[0] == 401
    assert nothing[2]["WWW-Authenticate"] == "Bearer"
    for bad in (
        expired,
        revoked,
        good[:-1],
        good + "x",
        good.swapcase(),
        good[:16] + other[16:],
        f"td_{'a' * 12}_{good[16:]}",
        "x",
        "td_",
        "é" * 30,
        f"{good}, {good}",
    ):
        assert shown(get("request-types", token=bad.encode("utf-8").decode("latin-1"))) == nothing
    basic = Client().get(f"{BASE}request-types", headers={"Authorization": f"Basic {good}"})
    assert shown(basic) == nothing  # type: ignore[arg-type]


def test_a_token_that_was_revoked_elsewhere_stores_nothing(committed_db: str) -> None:
    """A process may take a token for good for a second; whether it is, is asked again where the case is stored."""
    callers.fresh()
    good = token()
    assert post("conversations", deposit(), token=good).status_code == 201
    ApiToken.objects.update(revoked_at=clock.now())
    before = Conversation.objects.count()
    for key in ("", "k"):
        assert code(post("conversations", deposit(text="More."), token=good, key=key)) == "unauthorized"
    assert Conversation.objects.count() == before
    assert not AnsweredRequest.objects.exists()


@pytest.mark.django_db
def test_only_a_hash_is_kept_and_the_last_use_to_the_hour() -> None:
    callers.fresh()
    good = token()
    row = ApiToken.objects.get()
    assert row.secret_hash == hashlib.sha256(good[16:].encode()).hexdigest()
    assert good[16:] not in repr(vars(row))
    noon = clock.now()
    with clock.frozen(noon):
        get("request-types", token=good)
    with clock.frozen(noon + timedelta(minutes=59)):
        get("request-types", token=good)
    row.refresh_from_db()
    assert row.last_used_at == noon
    with clock.frozen(noon + timedelta(minutes=61)):
        get("request-types", token=good)
    row.refresh_from_db()
    assert row.last_used_at == noon + timedelta(minutes=61)


@pytest.mark.django_db
def test_neither_cookies_nor_a_signed_in_agent_count() -> None:
    """No CSRF here, because nothing is done by cookie; and none is ever set."""
    callers.fresh()
    mei = people.agent("mei@example.com")
    client = people.signed_in(mei, client=Client(enforce_csrf_checks=True))
    answer = post("conversations", case(), client=client)
    assert code(answer) == "unauthorized"
    bare = Client(enforce_csrf_checks=True)
    answer = post("conversations", case(type="no_such"), token=token(), client=bare)
    assert code(answer) == "invalid_request", "past the door without a CSRF token"
    for one in (answer, get("openapi.json"), get("request-types", token=token()), get("nowhere")):
        assert not one.cookies
        assert "Cookie" not in one.headers.get("Vary", "")


@pytest.mark.django_db
def test_other_sites_pages_are_let_see_nothing() -> None:
    callers.fresh()
    for method in ("GET", "OPTIONS", "POST"):
        answer = Client().generic(
            method,
            f"{BASE}request-types",
            headers={
                "Origin": "https://elsewhere.example",
                "Access-Control-Request-Method": "POST",
                "Authorization": f"Bearer {token()}",
            },
        )
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_the_pace_of_a_token() -> None:
    pace, caller = Pace(), Caller(1, "exchange", frozenset(), per_minute=60)
    assert [pace.wait(caller, at=0.0) for _ in range(61)] == [0] * 60 + [1]
    assert pace.wait(Caller(2, "shop", frozenset(), per_minute=60), at=0.0) == 0
    assert [pace.wait(caller, at=2.0) for _ in range(3)] == [0, 0, 1]
    slow = Caller(3, "slow", frozenset(), per_minute=2)
    assert [pace.wait(slow, at=0.0) for _ in range(3)] == [0, 0, 30]
    assert pace.wait(slow, at=1e6) == 0
    assert pace.wait(slow, at=0.0) == 0, "a clock that goes back takes nothing away"


@pytest.mark.django_db
def test_who_asks_too_often_is_told_when_to_come_back() -> None:
    """S-20: at machine speed, per token; others are not held up."""
    callers.fresh()
    hasty, other = token(per_minute=3), token()
    answers = [get("request-types", token=hasty) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert code(answers[3]) == "too_many_requests"
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 20
    assert code(post("conversations", b"{", token=hasty)) == "too_many_requests"
    assert get("request-types", token=other).status_code == 200


# Scopes --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scopes", [(READ,), (WRITE,), (VOUCH,), (READ, WRITE), (READ, VOUCH), (WRITE, VOUCH)])
def test_what_each_scope_opens(house: None, scopes: tuple[str, ...]) -> None:
    caller, whole = token("exchange", *scopes), token("exchange")
    reference = opened(post("conversations", deposit(), token=whole))
    tries: tuple[tuple[set[str], Callable[[], HttpResponse]], ...] = (
        ({WRITE}, lambda: post("conversations", case(text="By mail"), token=caller)),
        ({WRITE}, lambda: post("conversations", deposit(customer={"session": session()}), token=caller)),
        ({WRITE, VOUCH}, lambda: post("conversations", deposit(customer={"uid": "9"}), token=caller)),
        ({WRITE}, lambda: post(f"conversations/{reference}/messages", {"text": "a"}, token=caller)),
        (
            {WRITE, VOUCH},
            lambda: post(
                f"conversations/{reference}/messages", {"text": "a", "customer": {"uid": "20417703"}}, token=caller
            ),
        ),
        ({READ}, lambda: get(f"conversations/{reference}", token=caller)),
        ({READ, VOUCH}, lambda: get(f"conversations/{reference}", token=caller, uid="20417703")),
        (set(), lambda: get("request-types", token=caller)),
        (set(), lambda: get("request-types/other", token=caller)),
    )
    for needed, ask in tries:
        answer = ask()
        if needed <= set(scopes):
            assert answer.status_code in (200, 201), answer.content
        else:
            assert code(answer) == "missing_scope"
            assert json.loads(answer.content)["params"]["scope"] in needed - set(scopes)


# Somebody else's -----------------------------------------------------------------------------------------------------


def test_a_strangers_case_looks_like_none(house: None) -> None:
    """A-01, A-02: of another caller, of a chat, of another account, a number that does not exist, one that cannot."""
    mine, theirs = token("exchange", READ, WRITE), token("shop")
    by_mail = opened(post("conversations", case(), token=theirs))
    by_account = opened(post("conversations", deposit(), token=theirs))
    chat = world.chat("hello", now=clock.now()).reference
    own = opened(post("conversations", case(text="Mine."), token=mine))
    before = Conversation.objects.count()
    answers = {
        reference: (
            shown(get(f"conversations/{reference}", token=mine)),
            shown(post(f"conversations/{reference}/messages", {"text": "hi"}, token=mine)),
            shown(post(f"conversations/{reference}/messages", {"text": "hi"}, token=mine, key=f"k{reference[:3]}")),
        )
        for reference in (by_mail, by_account, chat, NOWHERE, "K7M-4Q2-X9H3", "x", "1" * 300)
    }
    assert len({repr(one) for one in answers.values()}) == 1
    assert all(one[0] == 404 for one in answers[NOWHERE])
    assert Conversation.objects.count() == before
    assert get(f"conversations/{own}", token=mine).status_code == 200


def test_who_vouches_sees_all_cases_of_the_account_it_names_and_no_other(house: None) -> None:
    exchange, shop = token("exchange"), token("shop")
    theirs = opened(post("conversations", deposit(), token=shop))
    nothing = shown(get(f"conversations/{NOWHERE}", token=exchange))
    assert shown(get(f"conversations/{theirs}", token=exchange)) == nothing
    assert get(f"conversations/{theirs}", token=exchange, uid="20417703").status_code == 200
    assert shown(get(f"conversations/{theirs}", token=exchange, uid="20417704")) == nothing
    said = {"text": "hi", "customer": {"uid": "20417703"}}
    assert post(f"conversations/{theirs}/messages", said, token=exchange).status_code == 201
    # Opened by the caller, but named for another customer: as if it were not there.
    own = opened(post("conversations", deposit(customer={"uid": "1"}), token=exchange))
    assert shown(get(f"conversations/{own}", token=exchange, uid="2")) == nothing
    other = {"text": "hi", "customer": {"uid": "2"}}
    assert code(post(f"conversations/{own}/messages", other, token=exchange)) == "not_found"
    signed = {"text": "hi", "customer": {"session": session("2")}}
    assert code(post(f"conversations/{own}/messages", signed, token=exchange)) == "not_found"
    signed = {"text": "hi", "customer": {"session": session("1")}}
    assert post(f"conversations/{own}/messages", signed, token=exchange).status_code == 201


def test_tokens_of_one_name_are_one_caller(house: None) -> None:
    """So that a token can be replaced without losing sight of what it opened."""
    old = token("exchange")
    reference = opened(post("conversations", case(), token=old))
    tokens.revoke(old[3:15], now=clock.now())
    assert get(f"conversations/{reference}", token=old).status_code == 401
    assert get(f"conversations/{reference}", token=token("exchange")).status_code == 200
    assert get(f"conversations/{reference}", token=token("exchange 2")).status_code == 404


@pytest.mark.parametrize("written", ["{}", "#{}", "%20{}%20", "case-{}", "{}".lower()])
def test_a_case_number_is_read_as_customers_write_it(house: None, written: str) -> None:
    caller = token()
    reference = opened(post("conversations", case(), token=caller))
    answer = get(f"conversations/{written.format(reference.lower()).replace('#', '%23')}", token=caller)
    assert json.loads(answer.content)["reference"] == reference


# The command ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_command_makes_lists_and_revokes() -> None:
    callers.fresh()
    out, err = StringIO(), StringIO()
    call_command(
        "api_token", "create", "exchange", "--scope", READ, "--scope", WRITE, "--days", "30", stdout=out, stderr=err
    )
    made = out.getvalue().strip()
    assert get("request-types", token=made).status_code == 200
    row = ApiToken.objects.get()
    assert (row.scopes, (row.expires_at - row.created_at).days) == ([READ, WRITE], 30)
    call_command("api_token", "create", "exchange", "--scope", READ, stdout=StringIO(), stderr=err)
    assert "1 other token" in err.getvalue()
    listed = StringIO()
    call_command("api_token", "list", stdout=listed)
    assert row.prefix in listed.getvalue()
    assert made[16:] not in listed.getvalue()
    call_command("api_token", "revoke", row.prefix)
    call_command("api_token", "revoke", made[:15])
    assert get("request-types", token=made).status_code == 401
    listed = StringIO()
    call_command("api_token", "list", stdout=listed)
    assert [line.split()[1] for line in listed.getvalue().splitlines()] == ["revoked", "valid"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "exchange"),
        ("create", "exchange", "--scope", "everything"),
        ("create", " ", "--scope", READ),
        ("create", "exchange", "--scope", READ, "--days", "0"),
        ("create", "exchange", "--scope", READ, "--days", "99999999999"),
        ("create", "exchange", "--scope", READ, "--per-minute", "0"),
        ("revoke", "nobody"),
        (),
    ],
)
def test_the_command_refuses_what_makes_no_sense(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        call_command("api_token", *arguments)
    assert not ApiToken.objects.exists()


def test_the_address_is_the_one_that_is_written_everywhere() -> None:
    assert reverse("api:openapi") == f"{BASE}openapi.json"
