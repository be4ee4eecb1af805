"""Which cases a list shows, as the address of the page says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import BadRequest
from django.http import QueryDict
from django.utils.http import urlencode

from trustdesk.conversations.lists import PAGE, QUERY, Filter, Tab, View
from trustdesk.staff.models import Team

LONGEST_PAGE = 200  # cases of one page, when a page that has grown is fetched anew
_KNOWN = ("view", "status", "team", "q", "after", "size")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The filters of a page. `query` makes the address of a list that differs in some of them."""

    view: View = View.MINE
    tab: Tab = Tab.OPEN
    team: Team | None = None
    text: str = ""

    @property
    def filter(self) -> Filter:
        """The same for the core."""
        return Filter(self.view, self.tab, self.team.pk if self.team else None, self.text)

    def query(
        self, *, view: View | None = None, tab: Tab | None = None, team: str | None = None, text: str = ""
    ) -> str:
        """Return "?view=…" with what is not at its default, or "". `team` "" is all teams; a search is not kept."""
        slug = (self.team.slug if self.team else "") if team is None else team
        chosen = {"view": view or self.view, "status": tab or self.tab, "team": slug, "q": text}
        defaults = {"view": View.MINE, "status": Tab.OPEN, "team": "", "q": ""}
        differing = {name: str(value) for name, value in chosen.items() if value != defaults[name]}
        return f"?{urlencode(differing)}" if differing else ""

    @property
    def here(self) -> str:
        """The query of these filters themselves, search included."""
        return self.query(text=self.text)


def read(parameters: QueryDict, *, teams: Sequence[Team]) -> Chosen:
    """Read the filters of an address; `teams` are the choice. Raises BadRequest for what no page of ours names."""
    if any(len(parameters.getlist(name)) > 1 for name in _KNOWN):
        raise BadRequest("a filter given twice")
    try:
        view, tab = View(parameters.get("view", View.MINE)), Tab(parameters.get("status", Tab.OPEN))
    except ValueError:
        raise BadRequest("an unknown filter") from None
    slug = parameters.get("team", "")
    team = next((one for one in teams if one.slug == slug), None)
    if slug and team is None:
        raise BadRequest("an unknown team")
    text = " ".join(parameters.get("q", "").replace("\0", " ").split())[:QUERY]
    return Chosen(view, tab, team, text)


def size(parameters: QueryDict) -> int:
    """Read how many cases a list had grown to, between one page and the longest."""
    value = parameters.get("size", "")
    return min(max(int(value), PAGE), LONGEST_PAGE) if value.isascii() and value.isdigit() and len(value) < 6 else PAGE
