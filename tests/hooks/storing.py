"""What is stored of a hook, and taken for reading."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.db import connection

from tests.hooks.posts import Post
from tests.world import NOON
from trustdesk.channels import post
from trustdesk.channels.models import HookPayload
from trustdesk.channels.post import Claimed


class AtOnce:
    """In place of `post.submit`."""

    def __init__(self, raw: post.Raw) -> None:
        self._raw = raw

    def result(self, timeout: float) -> bool:
        """Store it now."""
        return post.store([self._raw])[0]


def claimed(sent: Post) -> Claimed:
    """Post something that is taken, and take it for reading."""
    answer = sent.send()
    assert answer.status_code == 200, answer.status_code
    (one,) = [one for one in post.claim(now=NOON, most=10) if one.kind.startswith("anymail:")]
    return one


def rows() -> int:
    """Count what is stored."""
    return HookPayload.objects.count()


def at_the_same_time(act: Callable[[int], object], number: int) -> list[object]:
    """Do something in many threads that begin together; return what came of it."""
    barrier, outcomes = threading.Barrier(number), []

    def run(n: int) -> None:
        try:
            barrier.wait(10)
            outcomes.append(act(n))
        except Exception as error:  # noqa: BLE001  it is compared with what was wanted
            outcomes.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes
