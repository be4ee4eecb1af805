"""What a member of staff may do: one table, one decision, and the one filter that every list goes through.

Nothing else compares roles. A conversation is fetched through `visible`, an act is allowed by `may`; both read
`RULES`, and a test holds them together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, Final

from django.db import connection
from django.db.models import Q

from trustdesk.staff.models import DOCUMENTS, Role, Writing


class Action(StrEnum):
    """What can be done to a conversation, and `MANAGE`: to teams, rules, channels and colleagues.

    `MAIL`: mail as it came, unmasked: of a case, and what has become part of none. It belongs to the team of its mailbox.
    `DOCUMENTS`: open what the customer handed in on the secure page, and decide on it. Whoever may not, sees that something came.
    `ALERTS`: be told of texts to customers that were stopped, and see to it.
    """

    SEE = "see"
    REPLY = "reply"
    NOTE = "note"
    TAKE = "take"
    ASSIGN = "assign"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    MAIL = "mail"
    DOCUMENTS = "documents"
    ALERTS = "alerts"
    MANAGE = "manage"


class Office(IntEnum):
    """How far somebody gets into the back office; each gets what those before get."""

    NOBODY = 0
    EDITOR = 1  # the help center: drafts and reviews
    PUBLISHER = 2  # … and publishing, synonyms and figures
    MANAGER = 3  # … and everything else there is to edit


class Reach(IntEnum):
    """To which conversations an action extends."""

    NONE = 0
    FREE = 1  # of my teams, as long as no colleague has it; and my own
    TEAMS = 2  # of my teams, whoever has it; and my own
    ALL = 3


_AGENT = {
    Action.SEE: Reach.TEAMS,
    Action.REPLY: Reach.TEAMS,
    Action.NOTE: Reach.TEAMS,
    Action.TAKE: Reach.FREE,
    Action.ASSIGN: Reach.FREE,
    Action.RESOLVE: Reach.TEAMS,
    Action.REOPEN: Reach.TEAMS,
    Action.MAIL: Reach.NONE,
    Action.DOCUMENTS: Reach.NONE,
    Action.ALERTS: Reach.NONE,
    Action.MANAGE: Reach.NONE,
}
RULES: Mapping[Role, Mapping[Action, Reach]] = {
    Role.AGENT: _AGENT,
    Role.LEAD: {**_AGENT, **dict.fromkeys((Action.TAKE, Action.ASSIGN, Action.MAIL, Action.DOCUMENTS, Action.ALERTS), Reach.TEAMS)},
    Role.ADMIN: dict.fromkeys(Action, Reach.ALL),
}


# For who sends it together with statements of his own; takes one array of agent ids.
SEATS: Final = """
SELECT a.id,
       ARRAY(SELECT g.name FROM staff_agent_groups m JOIN auth_group g ON g.id = m.group_id WHERE m.agent_id = a.id) AS roles,
       ARRAY(SELECT m.team_id FROM staff_membership m WHERE m.agent_id = a.id) AS teams,
       a.public_name, a.display_name, a.available
FROM staff_agent a WHERE a.id = ANY(%s::bigint[]) AND a.is_active
"""


@dataclass(frozen=True)
class Seat:
    """One active agent with what decides their permissions; names for showing: `public_name` to customers."""

    agent_id: int
    role: Role
    team_ids: frozenset[int]
    public_name: str
    display_name: str
    available: bool
    writing: Writing | None = None
    documents: bool = False  # may open those of cases at hand without leading a team


def may(seat: Seat, action: Action, *, team_id: int | None = None, assignee_id: int | None = None) -> bool:
    """Decide whether the agent may do this to a conversation of that team and assignee (None: has none).

    A conversation without a team belongs to nobody's queue yet: leads and administrators see it.
    """
    reach = RULES[seat.role][action]
    if action is Action.DOCUMENTS and reach is Reach.NONE and seat.documents:
        return assignee_id == seat.agent_id and team_id in seat.team_ids
    if reach in (Reach.NONE, Reach.ALL):
        return reach is Reach.ALL
    if assignee_id == seat.agent_id:
        return True
    in_teams = team_id in seat.team_ids if team_id is not None else seat.role is Role.LEAD
    return in_teams and (reach is Reach.TEAMS or assignee_id is None)


def visible_team_ids(seat: Seat) -> frozenset[int] | None:
    """Return the teams whose conversations the agent sees; None means every team."""
    return None if RULES[seat.role][Action.SEE] is Reach.ALL else seat.team_ids


def visible(seat: Seat, *, team: str = "team_id", assignee: str = "assignee_id") -> Q:
    """Return the filter of conversations the agent may see, on the named columns; agrees with `may(SEE)`."""
    teams = visible_team_ids(seat)
    if teams is None:
        return Q()
    mine = Q(**{assignee: seat.agent_id}) | Q(**{f"{team}__in": sorted(teams)})
    return mine | Q(**{f"{team}__isnull": True}) if seat.role is Role.LEAD else mine


def seat(agent_id: int) -> Seat | None:
    """Load one agent's seat in one query; None when there is no such agent or they are deactivated."""
    return seats([agent_id]).get(agent_id)


def manages(agent_id: int) -> bool:
    """Say whether an active agent may manage teams, rules, channels and colleagues."""
    return office(agent_id) >= Office.MANAGER


def edits(agent_id: int) -> bool:
    """Say whether an active agent may write the help center: whom the back office lets in."""
    return office(agent_id) >= Office.EDITOR


def office(agent_id: int) -> Office:
    """Return how far an agent gets into the back office; one query, asked anew on every request."""
    found = seat(agent_id)
    if found is None:
        return Office.NOBODY
    if may(found, Action.MANAGE):
        return Office.MANAGER
    return {None: Office.NOBODY, Writing.EDITOR: Office.EDITOR, Writing.PUBLISHER: Office.PUBLISHER}[found.writing]


def seats(agent_ids: Collection[int]) -> dict[int, Seat]:
    """Load the seats of many agents in one query, by agent id; deactivated and unknown agents are absent."""
    with connection.cursor() as cursor:
        cursor.execute(SEATS, (list(agent_ids),))
        return seated(cursor.fetchall())


def seated(rows: Iterable[tuple[Any, ...]]) -> dict[int, Seat]:
    """Read what SEATS returned, by agent id."""
    return {
        agent_id: Seat(
            agent_id,
            Role.highest(groups),
            frozenset(teams),
            public_name,
            display_name,
            available,
            _writing(groups),
            DOCUMENTS in groups,
        )
        for agent_id, groups, teams, public_name, display_name, available in rows
    }


def _writing(groups: Collection[str]) -> Writing | None:
    return next((one for one in (Writing.PUBLISHER, Writing.EDITOR) if one.value in groups), None)
