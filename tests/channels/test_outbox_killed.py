"""A worker killed at the worst moment: the mail server has said yes, the outbox does not know it yet."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.processes import Process
from trustdesk.channels import mailbox, outbox
from trustdesk.channels.models import Delivery
from trustdesk.realtime import jobs
from trustdesk.seams import clock

KILLED = 137


@pytest.mark.faults
def test_one_flagged_copy_with_the_same_message_id_and_nothing_stuck(
    committed_db: str, live_server_process: Callable[..., Process], tmp_path: Path
) -> None:
    env = {"MAIL_URL": f"folder:{quote(str(tmp_path))}"}
    outbox.queue(
        key="one",
        inbox_id=outbox.mail_inbox(),
        conversation_id=None,
        purpose="answer",
        recipient="anna@mail.example",
        subject="Hello",
        text="Hi",
        now=clock.now(),
    )
    dying = live_server_process(
        url=committed_db, env=env | {"TRUSTDESK_FAILPOINTS": "after_smtp=crash"}, command=("worker",)
    )
    assert dying.popen.wait(timeout=60) == KILLED, dying.output()
    assert Delivery.objects.get().state == "sending"
    assert len(mailbox.read(tmp_path)) == 1

    later = {"TRUSTDESK_CLOCK_OFFSET": str(int(timedelta(minutes=11).total_seconds()))}
    live_server_process(url=committed_db, env=env | later, command=("worker",))
    jobs.defer("channels.send_due")  # rather than wait for the one that comes every minute
    deadline = time.monotonic() + 60
    while Delivery.objects.get().state != "sent" and time.monotonic() < deadline:
        time.sleep(0.1)
    row = Delivery.objects.get()
    assert (row.state, row.reason, row.attempts) == ("sent", outbox.REPEAT, 2)
    letters = mailbox.read(tmp_path)
    assert len(letters) == 2
    assert len({letter.message_id for letter in letters}) == 1
