"""A real mail transfer agent delivers to our receiver, and keeps what we did not say 250 to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from tests.faults.proxy import Proxy
from tests.mail.mailboxes import until
from tests.mail.receiving import LETTER, OURS, Core, body, receiving
from tests.mail.servers import Postfix
from tests.net.servers import certificate
from trustdesk.net.smtp_server import TryLater, server_tls

Start = Callable[..., AbstractContextManager[Postfix]]


def test_it_delivers_over_tls_in_any_alphabet_to_many(postfix: Start, tmp_path: Path) -> None:
    certificate(tmp_path, "mx.test")
    pem = tmp_path / "mx.test.pem"
    core = Core()
    with receiving(core, tls=server_tls(certificate=pem, key=pem)) as running, postfix(relay_to=running.port, tls=pem) as mta:
        many = [f"r{n}@desk.test" for n in range(150)]
        mta.send(LETTER, sender="lin@mail.test", recipients=many)
        mta.send(b"Subject: dots\r\n\r\n.\r\n..\r\nx\r\n", sender="", recipients=[OURS])
        chinese = "From: 林伟 <lin@mail.test>\r\nSubject: 账户申诉\r\n\r\n你好\r\n".encode()
        mta.send(chinese, sender="lin@mail.test", recipients=[OURS], options=("BODY=8BITMIME", "SMTPUTF8"))
        mails = core.wait(3)
        until(lambda: mta.queued() == 0)
    assert all(mail.tls and mail.helo == "mta.test" for mail in mails)
    assert {name for mail in core.calls for name in mail.recipients} == {*many, OURS}
    assert all(len(mail.recipients) <= 100 for mail in core.calls)  # the other fifty came in a message of their own
    assert any(body(mail).endswith(b"\r\n\r\n.\r\n..\r\nx\r\n") and mail.mail_from == "" for mail in mails)
    assert any("你好".encode() in body(mail) and "账户申诉".encode() in body(mail) for mail in mails)


def test_what_we_put_off_or_never_answered_comes_again_and_is_kept_once(postfix: Start) -> None:
    core = Core()
    core.errors = [TryLater(), RuntimeError()]
    with receiving(core) as running, Proxy(running.port) as proxy, postfix(relay_to=proxy.port) as mta:
        mta.send(LETTER, sender="lin@mail.test", recipients=[OURS])
        core.wait(1)
        assert len(core.calls) == 3

        # Cut between the commit and our 250: the sender has to try again, and its second copy is the same mail.
        core.stored_once = proxy.cut
        mta.send(LETTER.replace(b"<1@", b"<2@"), sender="lin@mail.test", recipients=[OURS])
        until(lambda: len(core.calls) == 5 and mta.queued() == 0)
    assert len(core.stored) == 2
