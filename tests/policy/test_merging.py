"""Whether two cases may become one: every reason, and that nothing but one verified identity does without a second person."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from trustdesk.policy.merging import Decision, Fate, Side, decide

UID, MAIL = ("uid", "7001"), ("mail", "anna@mail.example")
OLD = Side(case=1, customer=9, verified=frozenset({UID}))
NEW = Side(case=2, customer=9, verified=frozenset({UID}))


def test_one_customer_who_has_shown_in_both_who_he_is() -> None:
    assert decide(source=OLD, target=NEW) == Decision(Fate.AT_ONCE, "same_identity")
    assert decide(source=NEW, target=OLD) == Decision(Fate.AT_ONCE, "same_identity")


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (frozenset(), frozenset()),
        (frozenset({UID}), frozenset()),
        (frozenset(), frozenset({UID})),
        (frozenset({UID}), frozenset({MAIL})),
        (frozenset({UID}), frozenset({("uid", "7002")})),
        (frozenset({MAIL}), frozenset({("uid", "anna@mail.example")})),
    ],
)
def test_one_customer_without_one_identity_in_both_needs_four_eyes(
    source: frozenset[tuple[str, str]], target: frozenset[tuple[str, str]]
) -> None:
    found = decide(source=replace(OLD, verified=source), target=replace(NEW, verified=target))
    assert found == Decision(Fate.FOUR_EYES, "not_verified")


@pytest.mark.parametrize(
    ("source", "target", "because"),
    [
        ({}, {"case": 1}, "itself"),
        ({"merged": True, "closed": True}, {}, "merged"),
        ({}, {"merged": True, "closed": True}, "target_merged"),
        ({"spam": True}, {}, "merge_spam"),
        ({}, {"spam": True}, "merge_spam"),
        ({}, {"customer": 8}, "other_customer"),
        ({}, {"closed": True}, "target_closed"),
    ],
)
def test_what_nobody_can_allow(source: dict[str, Any], target: dict[str, Any], because: str) -> None:
    assert decide(source=replace(OLD, **source), target=replace(NEW, **target)) == Decision(Fate.REFUSED, because)


def test_a_closed_case_may_go_on_in_one_that_is_not() -> None:
    assert decide(source=replace(OLD, closed=True), target=NEW).fate is Fate.AT_ONCE


def test_whatever_else_holds_two_customers_are_never_put_together() -> None:
    flags = (False, True)
    for closed, merged, spam, known in product(flags, flags, flags, (frozenset(), frozenset({UID, MAIL}))):
        side = Side(case=2, customer=8, verified=known, closed=closed, merged=merged, spam=spam)
        assert decide(source=OLD, target=side).fate is Fate.REFUSED
        assert decide(source=side, target=OLD).fate is Fate.REFUSED
