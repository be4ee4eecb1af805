import itertools
from dataclasses import replace
from typing import Any, cast

import pytest
from django.db.models import Q
from pytest_django.fixtures import DjangoAssertNumQueries

from tests.staff import people
from trustdesk.staff.models import Agent, Role
from trustdesk.staff.permissions import Action, Seat, may, seat, seats, visible, visible_team_ids

MINE, THEIRS, NO_TEAM = 1, 2, None
ME, COLLEAGUE, NOBODY = 10, 11, None
CASES = list(itertools.product((MINE, THEIRS, NO_TEAM), (ME, COLLEAGUE, NOBODY)))

# What each role may do, written out a second time by hand: (team, assignee) pairs.
OWN: set[tuple[int | None, int | None]] = {(MINE, ME), (THEIRS, ME), (NO_TEAM, ME)}
FREE = OWN | {(MINE, NOBODY)}
TEAMS = FREE | {(MINE, COLLEAGUE)}
LEADS = TEAMS | {(NO_TEAM, NOBODY), (NO_TEAM, COLLEAGUE)}
ALL: set[tuple[int | None, int | None]] = set(CASES)
EXPECTED: dict[Role, dict[str, set[tuple[int | None, int | None]]]] = {
    Role.AGENT: {
        "see": TEAMS, "reply": TEAMS, "note": TEAMS, "resolve": TEAMS, "reopen": TEAMS,
        "take": FREE, "assign": FREE, "mail": set(), "documents": set(), "alerts": set(), "manage": set(),
    },
    Role.LEAD: {
        "see": LEADS, "reply": LEADS, "note": LEADS, "resolve": LEADS, "reopen": LEADS,
        "take": LEADS, "assign": LEADS, "mail": LEADS, "documents": LEADS, "alerts": LEADS, "manage": set(),
    },
    Role.ADMIN: dict.fromkeys(
        ("see", "reply", "note", "resolve", "reopen", "take", "assign", "mail", "documents", "alerts", "manage"), ALL
    ),
}  # fmt: skip


def sitting(role: Role) -> Seat:
    return Seat(agent_id=ME, role=role, team_ids=frozenset({MINE}), public_name="M", display_name="M Z", available=True)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("action", list(Action))
def test_the_table(role: Role, action: Action) -> None:
    allowed = {(t, a) for t, a in CASES if may(sitting(role), action, team_id=t, assignee_id=a)}
    assert allowed == EXPECTED[role][action.value]


def test_the_right_to_documents_is_for_cases_at_hand_in_ones_own_team() -> None:
    chosen = replace(sitting(Role.AGENT), documents=True)
    assert {(t, a) for t, a in CASES if may(chosen, Action.DOCUMENTS, team_id=t, assignee_id=a)} == {(MINE, ME)}
    for action in set(Action) - {Action.DOCUMENTS}:
        for t, a in CASES:
            assert may(chosen, action, team_id=t, assignee_id=a) is may(sitting(Role.AGENT), action, team_id=t, assignee_id=a)


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(Role))
def test_the_filter_of_lists_agrees_with_the_decision(role: Role) -> None:
    person = sitting(role)
    for team_id, assignee_id in CASES:
        # -1 stands for "none" of the pair: Q.check cannot type a bare NULL.
        row = {"team_id": team_id or -1, "assignee_id": assignee_id or -1}
        condition = visible(person)
        if team_id is None and role is Role.LEAD:
            condition = _null_means_minus_one(condition)
        assert condition.check(row) == may(person, Action.SEE, team_id=team_id, assignee_id=assignee_id), row


def _null_means_minus_one(condition: Q) -> Q:
    parts: list[Any] = []
    for part in condition.children:
        if isinstance(part, Q):
            parts.append(_null_means_minus_one(part))
        else:
            name, value = cast(tuple[str, object], part)
            parts.append(("team_id", -1) if name.endswith("isnull") else (name, value))
    return Q(*parts, _connector=condition.connector, _negated=condition.negated)


def test_only_administrators_see_every_team() -> None:
    assert visible_team_ids(sitting(Role.ADMIN)) is None
    assert visible_team_ids(sitting(Role.LEAD)) == visible_team_ids(sitting(Role.AGENT)) == frozenset({MINE})


@pytest.mark.django_db
def test_many_seats_cost_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    deposits, orders = people.team("deposits"), people.team("orders")
    mei = people.agent("mei@example.com", teams=(deposits, orders))
    omar = people.agent("omar@example.com", role=Role.LEAD, teams=(orders,))
    root = people.agent("root@example.com", role=Role.ADMIN)
    with django_assert_num_queries(1):
        found = seats([mei.pk, omar.pk, root.pk, 999_999])
    assert {pk: (s.role, s.team_ids) for pk, s in found.items()} == {
        mei.pk: (Role.AGENT, {deposits.pk, orders.pk}),
        omar.pk: (Role.LEAD, {orders.pk}),
        root.pk: (Role.ADMIN, frozenset()),
    }


@pytest.mark.django_db
def test_a_deactivated_agent_has_no_seat() -> None:
    mei = people.agent()
    assert seat(mei.pk) is not None
    Agent.objects.filter(pk=mei.pk).update(is_active=False)
    assert seat(mei.pk) is None
