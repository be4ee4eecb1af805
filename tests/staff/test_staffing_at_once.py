"""Two administrators at the same moment, and an agent who acts while one of them saves; with real commits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from django.db import connection

from tests.staff import people
from trustdesk.staff import accounts, audit, permissions
from trustdesk.staff.models import Agent, Role


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Do all at the same moment; return what became of each."""
    outcomes = [""] * len(acts)
    ready = threading.Barrier(len(acts))

    def run(number: int) -> None:
        ready.wait()
        try:
            acts[number]()
            outcomes[number] = "done"
        except accounts.UnableToChangeAccess as error:
            outcomes[number] = error.reason
        except accounts.UnableToSetPassword:
            outcomes[number] = "refused"
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return outcomes


def test_two_administrators_who_take_it_from_each_other_leave_one(committed_db: str) -> None:
    for number in range(5):
        one, other = (people.agent(f"{name}{number}@example.com", role=Role.ADMIN, password="x") for name in "ab")
        outcomes = at_once(
            partial(accounts.set_role, agent_id=one.pk, role=Role.AGENT, actor=audit.actor_of(other)),
            partial(accounts.set_active, agent_id=other.pk, active=False, actor=audit.actor_of(one), reason="x"),
        )
        assert sorted(outcomes) == ["done", "last"]
        assert permissions.manages(one.pk) is not permissions.manages(other.pk)
        Agent.objects.filter(pk__in=[one.pk, other.pk]).update(is_active=False)


def test_a_link_used_twice_at_once_while_its_agent_is_let_go(committed_db: str) -> None:
    """Nothing waits for another for ever, and whatever comes first, the agent is out and no link is left."""
    people.agent("ada@example.com", role=Role.ADMIN)
    system = audit.Actor(name="test")
    for number in range(5):
        nina = people.agent(f"nina{number}@example.com", password=None)
        token = accounts.issue_password_link(agent_id=nina.pk, actor=system)

        def choose(token: str = token) -> None:
            accounts.set_password(token=token, password="granite-fiddle-2207", ip=None)

        def let_go(agent_id: int = nina.pk) -> None:
            accounts.set_active(agent_id=agent_id, active=False, actor=system, reason="left")

        *chosen, gone = at_once(choose, choose, let_go)
        assert gone == "done"
        assert chosen.count("done") <= 1
        assert chosen.count("done") + chosen.count("refused") == 2
        assert not Agent.objects.filter(pk=nina.pk, is_active=True).exists()
    assert audit.verify().first_bad_id is None
