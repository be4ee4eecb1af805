from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustdesk.policy.routing import Assignment, Candidate, Case, assign

NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)
TRADING, ACCOUNTS = 1, 2
MINUTE = timedelta(minutes=1)

ANN = Candidate(
    agent=1,
    team_ids=frozenset({TRADING}),
    languages=frozenset({"en"}),
    on_shift=True,
    online=True,
    capacity=4,
    load=0,
    last_assigned_at=NOON - 10 * MINUTE,
)
BO = replace(ANN, agent=2, last_assigned_at=NOON - 5 * MINUTE)
CHEN = replace(ANN, agent=3, languages=frozenset({"zh-hans", "en"}), last_assigned_at=NOON - MINUTE)
CASE = Case(conversation=100, team=TRADING, language="en", priority=2, waiting_since=NOON)


def agents(given: list[Assignment]) -> dict[int, int]:
    return {one.conversation: one.agent for one in given}


def one_of(*candidates: Candidate, case: Case = CASE) -> int | None:
    return agents(assign(cases=[case], candidates=candidates)).get(case.conversation)


@pytest.mark.parametrize(
    ("who", "change"),
    [
        ("off shift", {"on_shift": False}),
        ("offline", {"online": False}),
        ("full", {"load": 4}),
        ("over full", {"load": 9}),
        ("taking none", {"capacity": 0}),
        ("of another team", {"team_ids": frozenset({ACCOUNTS})}),
        ("of no team", {"team_ids": frozenset()}),
    ],
)
def test_gets_nothing(who: str, change: dict[str, object]) -> None:
    assert one_of(ANN) == ANN.agent
    unable = replace(ANN, **change)  # type: ignore[arg-type]
    assert one_of(unable) is None, who
    assert one_of(unable, BO) == BO.agent, who


@pytest.mark.parametrize(
    ("ann", "bo", "gets"),
    [
        # load, capacity, minutes idle (None: never had a case)
        ((1, 4, 10), (0, 4, 5), "bo"),
        ((1, 4, 10), (1, 2, 99), "ann"),  # a quarter full before half full
        ((2, 6, 10), (1, 3, 20), "bo"),  # a third and a third: the longer idle
        ((1, 3, 10), (2, 6, 20), "bo"),
        ((0, 4, 10), (0, 4, 5), "ann"),
        ((0, 4, 10), (0, 4, None), "bo"),
        ((0, 4, 5), (0, 4, 5), "ann"),  # all alike: the lower number
        ((3, 4, 10), (4, 4, 99), "ann"),
    ],
)
def test_least_relative_load_then_longest_idle(
    ann: tuple[int, int, int], bo: tuple[int, int, int | None], gets: str
) -> None:
    one, other = (
        replace(who, load=load, capacity=capacity, last_assigned_at=None if idle is None else NOON - idle * MINUTE)
        for who, (load, capacity, idle) in ((ANN, ann), (BO, bo))
    )
    assert one_of(one, other) == {"ann": ANN.agent, "bo": BO.agent}[gets]
    assert one_of(other, one) == {"ann": ANN.agent, "bo": BO.agent}[gets]


@pytest.mark.parametrize(
    ("language", "spoken", "gets"),
    [
        ("zh-hans", {"zh-hans"}, "bo"),
        ("zh-hans", {"zh-hant", "en"}, "bo"),  # nearly
        ("zh-hant", {"zh"}, "bo"),
        ("en-gb", {"fr"}, "ann"),  # ann's en is near
        ("fr", {"de"}, "ann"),  # nobody's: load decides
        ("zh-hans", set(), "ann"),
    ],
)
def test_language_goes_before_load(language: str, spoken: set[str], gets: str) -> None:
    bo = replace(BO, languages=frozenset(spoken), load=3)
    assert one_of(ANN, bo, case=replace(CASE, language=language)) == {"ann": ANN.agent, "bo": BO.agent}[gets]


def test_exactly_the_language_goes_before_nearly() -> None:
    near, exact = (replace(who, languages=frozenset({tag})) for who, tag in ((ANN, "zh-hant"), (BO, "zh-hans")))
    assert one_of(near, replace(exact, load=3), case=replace(CASE, language="zh-hans")) == BO.agent


def test_says_why() -> None:
    chinese = replace(CASE, language="zh-hans")
    (by_load,) = assign(cases=[chinese], candidates=[ANN, replace(CHEN, load=2)])
    assert by_load.because == {"code": "least_loaded", "load": 2, "capacity": 4, "language": "zh-hans"}
    (fallback,) = assign(cases=[chinese], candidates=[ANN, replace(CHEN, load=4)])
    assert fallback.because == {
        "code": "least_loaded_other_language",
        "load": 0,
        "capacity": 4,
        "language": "zh-hans",
    }


def test_urgent_first_then_longest_waiting() -> None:
    urgent = replace(CASE, conversation=101, priority=0, waiting_since=NOON + MINUTE)
    older = replace(CASE, conversation=102, waiting_since=NOON - MINUTE)
    given = assign(cases=[CASE, older, urgent], candidates=[replace(ANN, load=2)])
    assert [one.conversation for one in given] == [101, 102]


def test_a_case_nobody_can_take_does_not_hold_up_the_others() -> None:
    stuck = replace(CASE, conversation=101, team=ACCOUNTS, priority=0)
    assert agents(assign(cases=[stuck, CASE], candidates=[ANN])) == {100: ANN.agent}


def test_cases_of_one_round_are_spread() -> None:
    cases = [replace(CASE, conversation=100 + number) for number in range(6)]
    given = assign(cases=cases, candidates=[ANN, BO, CHEN])
    # CHEN had a case a minute ago, so comes third; the second time round in the same order.
    assert [one.agent for one in given] == [1, 2, 3, 1, 2, 3]


def test_nothing_from_nothing() -> None:
    assert assign(cases=[], candidates=[ANN]) == []
    assert assign(cases=[CASE], candidates=[]) == []


times = st.integers(0, 600).map(lambda minutes: NOON - minutes * MINUTE)
tags = st.sampled_from(["en", "zh-hans", "zh-hant", "fr"])
all_candidates = st.lists(
    st.builds(
        Candidate,
        agent=st.integers(1, 8),
        team_ids=st.frozensets(st.integers(1, 3)),
        languages=st.frozensets(tags),
        on_shift=st.booleans(),
        online=st.booleans(),
        capacity=st.integers(0, 4),
        load=st.integers(0, 5),
        last_assigned_at=st.none() | times,
    ),
    unique_by=lambda candidate: candidate.agent,
)
all_cases = st.lists(
    st.builds(
        Case,
        conversation=st.integers(1, 30),
        team=st.integers(1, 3),
        language=tags,
        priority=st.integers(0, 4),
        waiting_since=times,
    ),
    unique_by=lambda case: case.conversation,
)


@given(all_cases, all_candidates)
def test_never_over_capacity_off_shift_offline_or_outside_the_team(
    cases: list[Case], candidates: list[Candidate]
) -> None:
    given = assign(cases=cases, candidates=candidates)
    by_case, by_agent = {case.conversation: case for case in cases}, {who.agent: who for who in candidates}
    assert len(agents(given)) == len(given), "a case is given once"
    for agent, count in Counter(one.agent for one in given).items():
        who = by_agent[agent]
        assert who.on_shift
        assert who.online
        assert who.load + count <= who.capacity
    assert all(by_case[one.conversation].team in by_agent[one.agent].team_ids for one in given)


@given(all_cases, all_candidates)
def test_nobody_waits_whom_a_free_agent_could_take(cases: list[Case], candidates: list[Candidate]) -> None:
    given = assign(cases=cases, candidates=candidates)
    taken = Counter(one.agent for one in given)
    room = {
        team
        for who in candidates
        if who.on_shift and who.online and who.load + taken[who.agent] < who.capacity
        for team in who.team_ids
    }
    waiting = [case for case in cases if case.conversation not in agents(given)]
    assert not room & {case.team for case in waiting}


@given(all_cases, all_candidates)
def test_the_first_case_somebody_can_take_is_dealt_first(cases: list[Case], candidates: list[Candidate]) -> None:
    free = [who for who in candidates if who.on_shift and who.online and who.load < who.capacity]
    possible = [case for case in cases if any(case.team in who.team_ids for who in free)]
    given = assign(cases=cases, candidates=candidates)
    if possible:
        first = min(possible, key=lambda case: (case.priority, case.waiting_since, case.conversation))
        assert given[0].conversation == first.conversation
    else:
        assert given == []


@given(all_cases, all_candidates, st.randoms(use_true_random=False))
def test_order_of_the_arguments_makes_no_difference(cases, candidates, order) -> None:  # type: ignore[no-untyped-def]
    given = assign(cases=cases, candidates=candidates)
    assert given == assign(cases=order.sample(cases, len(cases)), candidates=order.sample(candidates, len(candidates)))
