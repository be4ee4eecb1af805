"""The receiver under people who want harm: one message is one message (E-13), and nobody takes more than his share."""

from __future__ import annotations

import socket
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.mail.mailboxes import until
from tests.mail.receiving import LETTER, OURS, Client, Core, body, receiving
from trustdesk.net.smtp_limits import Gate, Limits

SECOND = f"MAIL FROM:<boss@mail.test>\r\nRCPT TO:<{OURS}>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n".encode()
NOT_THE_END = {
    "LF.LF": b"\n.\n",
    "LF.CRLF": b"\n.\r\n",
    "CRLF.LF": b"\r\n.\n",
    "CR.CR": b"\r.\r",
    "CR.CRLF": b"\r.\r\n",
    "CRLF.CR": b"\r\n.\r",
    "CRLF NUL . CRLF": b"\r\n\0.\r\n",
    "CRLF . NUL CRLF": b"\r\n.\0\r\n",
    "CRLF . CR CR LF": b"\r\n.\r\r\n",
    "LF CR . CRLF": b"\n\r.\r\n",
    "CRLF . space CRLF": b"\r\n. \r\n",
    "CRLF .. CRLF": b"\r\n..\r\n",
}


@pytest.mark.parametrize("end", NOT_THE_END.values(), ids=NOT_THE_END.keys())
def test_a_second_message_cannot_be_smuggled(end: bytes) -> None:
    core = Core()
    with receiving(core) as running, Client(running.port) as client:
        client.begin()
        assert client.code(LETTER + b"first" + end + SECOND + b".") == "250"
        assert client.code("NOOP") == "250"  # and nothing else was answered
    [mail] = core.calls
    assert b"smuggled" in mail.content
    assert mail.mail_from == "lin@mail.test"


def test_a_real_second_message_after_a_real_end_is_a_second_message() -> None:
    core = Core()
    with receiving(core) as running, Client(running.port) as client:
        client.begin()
        client.send(LETTER + b".\r\n" + f"MAIL FROM:<boss@mail.test>\r\nRCPT TO:<{OURS}>\r\nDATA\r\n".encode())
        assert [client.reply()[:3] for _ in range(4)] == ["250", "250", "250", "354"]
        assert client.code(b"Subject: two\r\n\r\nx\r\n.") == "250"
    assert [body(mail) for mail in core.calls] == [LETTER, b"Subject: two\r\n\r\nx\r\n"]


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_the_end_is_found_however_the_bytes_arrive(size: int) -> None:
    core = Core()
    sent = b"x\r\n..\r\n.y\r\n" + b"z" * 3_000 + b"\r"
    with receiving(core) as running, Client(running.port) as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.begin()
        wire = sent + b"\r\n.\r\n"
        for start in range(0, len(wire), size):
            client.send(wire[start : start + size])
            if start < 40:
                time.sleep(0.002)
        assert client.reply().startswith("250")
    assert [body(mail) for mail in core.calls] == [sent.replace(b"\r\n.", b"\r\n") + b"\r\n"]


def expected(wire: bytes) -> bytes:
    """Read a message off the wire the slow way: line by line, lines end at CRLF."""
    lines = wire.split(b"\r\n")
    return b"".join(line.removeprefix(b".") + b"\r\n" for line in lines[: lines.index(b".")])


def test_any_bytes_are_the_message_that_the_standard_says() -> None:
    core = Core()
    pieces = st.sampled_from([b"\r\n", b"\r", b"\n", b".", b"\0", b"x", b"y" * 17_000])

    with receiving(core, limits={"errors": 1_000, "connections_per_minute": 1_000}) as running:

        @settings(max_examples=150, deadline=None)
        @given(st.lists(pieces, max_size=12).map(b"".join))
        def check(content: bytes) -> None:
            core.calls.clear()
            with Client(running.port) as client:
                client.begin()
                client.send(content + b"\r\n.\r\nQUIT\r\n")
                client.rest()  # what stands behind an early end is taken for commands
            assert [body(mail) for mail in core.calls] == [expected(content + b"\r\n.\r\n")]

        check()


def test_who_does_not_wait_for_354_is_sent_away() -> None:
    core = Core()
    with receiving(core) as running, Client(running.port) as client:
        client.ask("EHLO x")
        client.send(f"MAIL FROM:<a@mail.test>\r\nRCPT TO:<{OURS}>\r\nDATA\r\nSubject: x\r\n\r\nx\r\n.\r\n".encode() + SECOND)
        assert [reply[:3] for reply in client.rest()] == ["250", "250", "421"]
    assert core.calls == []


def test_who_speaks_before_the_greeting_is_sent_away() -> None:
    with receiving(Core(), limits={"greeting_delay": 0.2}) as running:
        with Client(running.port, greeted=False) as client:
            client.send(b"EHLO x\r\n")
            assert [reply[:3] for reply in client.rest()] == ["554"]
        with Client(running.port):
            pass  # one that waits is greeted


def test_a_message_too_big_is_refused_before_and_while_it_comes() -> None:
    core = Core()
    with receiving(core, max_bytes=100_000) as running, Client(running.port) as client:
        client.ask("EHLO client.test")
        assert client.code("MAIL FROM:<lin@mail.test> SIZE=100001") == "552"
        client.begin()
        assert client.code(b"x" * 100_001 + b"\r\n.") == "552"
        client.begin()
        assert client.code(b"x\r\n" * 100_000 + b".") == "552"
        client.begin()
        assert client.code(b"x" * 99_998 + b"\r\n.") == "250"
        client.begin()
        with pytest.raises(OSError):  # noqa: PT011  reset or broken pipe, as the kernel pleases
            client.flood(b"x\r\n" * 1_000)
    assert [len(body(mail)) for mail in core.calls] == [100_000]


def test_memory_stays_bounded_while_many_send_much() -> None:
    core = Core()
    with receiving(core, max_bytes=4_000_000, limits={"receiving_bytes": 6_000_000}) as running:
        clients = [Client(running.port) for _ in range(5)]
        for client in clients:
            client.begin()
        tracemalloc.start()
        for client in clients:
            client.send(b"x" * 3_000_000)
        time.sleep(0.3)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        codes = [client.code(b"\r\n.") for client in clients]
        assert set(codes) == {"250", "452"}
        assert codes.count("250") <= 2
        assert peak < 20_000_000
        clients[0].begin()
        assert clients[0].code(LETTER + b".") == "250"  # what was held is given back
        for client in clients:
            client.socket.close()


def test_the_number_of_recipients_is_limited_and_many_are_one_message() -> None:
    core = Core()
    with receiving(core, limits={"recipients": 30}) as running, Client(running.port) as client:
        client.begin(*(f"r{n}@desk.test" for n in range(30)))
        assert client.code(LETTER + b".") == "250"
        client.ask("MAIL FROM:<lin@mail.test>")
        codes = [client.code(f"RCPT TO:<r{n}@desk.test>") for n in range(31)]
        assert codes == ["250"] * 30 + ["452"]
    [mail] = core.calls
    assert len(mail.recipients) == 30


def test_a_client_that_collects_errors_is_sent_away() -> None:
    with receiving(Core(), limits={"errors": 5}) as running, Client(running.port) as client:
        client.ask("EHLO x")
        client.ask("MAIL FROM:<lin@mail.test>")
        client.send(b"".join(b"RCPT TO:<guess%d@mail.test>\r\n" % n for n in range(50)))
        assert [reply[:3] for reply in client.rest()] == ["550"] * 5 + ["421"]


def test_a_client_that_only_chats_is_sent_away() -> None:
    with receiving(Core(), limits={"commands": 20}) as running, Client(running.port) as client:
        client.begin()
        assert client.code(LETTER + b".") == "250"  # after which it may begin to count again
        client.begin()
        assert client.code(LETTER + b".") == "250"
        client.send(b"NOOP\r\n" * 40)
        assert [reply[:3] for reply in client.rest()] == ["250"] * 19 + ["421"]


def test_memory_is_held_until_a_message_is_stored() -> None:
    core = Core()
    core.slowly = 1.0
    with receiving(core, limits={"receiving_bytes": 1_000}) as running:
        with Client(running.port) as gone:
            gone.begin()
            gone.send(b"x" * 800 + b"\r\n.\r\n")
            until(lambda: core.calls)
        with Client(running.port) as client:
            client.begin()
            assert client.code(b"y" * 800 + b"\r\n.") == "452"
            core.wait(1)
            time.sleep(0.1)
            client.begin()
            assert client.code(b"y" * 800 + b"\r\n.") == "250"


def test_a_client_that_chats_while_we_store_is_not_cut_off() -> None:
    core = Core()
    core.slowly = 0.6
    with receiving(core, limits={"idle": 0.2}) as running, Client(running.port) as client:
        client.begin()
        client.send(LETTER + b".\r\n")
        until(lambda: core.calls)
        client.send(b"NOOP\r\n")
        assert [client.reply()[:3], client.reply()[:3]] == ["250", "250"]


def test_messages_per_connection_and_per_minute_are_limited() -> None:
    core = Core()
    with receiving(core, limits={"messages": 3, "messages_per_minute": 4}) as running:
        codes = []
        for _ in range(2):
            with Client(running.port) as client:
                client.ask("EHLO x")
                while (code := client.code("MAIL FROM:<lin@mail.test>")) == "250":
                    codes.append(code)
                    client.ask("RSET")
                codes.append(code)
    assert codes == ["250", "250", "250", "421", "250", "450"]


def test_connections_of_one_network_are_limited() -> None:
    with receiving(Core(), limits={"connections_per_network": 2}) as running:
        with Client(running.port), Client(running.port), Client(running.port, greeted=False) as third:
            assert third.reply().startswith("421")
        until(lambda: not running.receiver.sessions)
        with Client(running.port):
            pass  # those who left are counted out


def test_an_ipv6_network_counts_as_one() -> None:
    clock = [0.0]
    gate = Gate(Limits(connections=4, connections_per_network=2, connections_per_minute=3), clock=lambda: clock[0])
    assert [gate.enter(f"2001:db8:1:2::{n}") for n in (1, 2, 3)] == [True, True, False]
    assert gate.enter("2001:db8:1:3::1")
    gate.leave("2001:db8:1:2::1")
    assert gate.enter("2001:db8:1:2::4")
    gate.leave("2001:db8:1:2::4")
    assert not gate.enter("2001:db8:1:2::5")  # the fourth within a minute
    clock[0] = 61.0
    assert gate.enter("2001:db8:1:2::5")
    assert gate.idle == 20.0  # three of four places are taken: nobody may be silent for long


@pytest.mark.parametrize("limits", [{"idle": 0.4}, {"session": 0.4}])
def test_the_silent_are_cut_off(limits: dict[str, float]) -> None:
    with receiving(Core(), limits=limits) as running, Client(running.port) as client:
        started = time.monotonic()
        assert [reply[:3] for reply in client.rest()] == ["421"]
        assert time.monotonic() - started < 2


@pytest.mark.parametrize("begun", [False, True])
def test_a_byte_at_a_time_gains_nothing(begun: bool) -> None:
    core = Core()
    with receiving(core, limits={"idle": 0.4, "message": 0.8}) as running, Client(running.port) as client:
        if begun:
            client.begin()
        started = time.monotonic()
        with pytest.raises(OSError):  # noqa: PT011  reset or broken pipe, as the kernel pleases
            client.flood(b"x", pause=0.05)
        assert time.monotonic() - started < 3
    assert core.calls == []


def test_who_does_not_read_our_answers_is_cut_off() -> None:
    with receiving(Core(), limits={"idle": 0.3}) as running, Client(running.port) as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.socket.settimeout(0.5)
        with pytest.raises(OSError):  # noqa: PT011  reset, broken pipe or no room
            client.flood(b"NOOP\r\n" * 10_000)
        until(lambda: not running.receiver.sessions)


def test_stopping_finishes_the_message_in_progress_and_tells_the_others() -> None:
    core = Core()
    core.slowly = 0.3
    with receiving(core) as running, Client(running.port) as idle, Client(running.port) as busy, Client(running.port) as half:
        idle.ask("EHLO x")
        busy.begin()
        busy.send(LETTER + b".\r\n")
        half.begin()
        half.send(b"Subject: half\r\n")
        time.sleep(0.1)
        half.send(b"\r\nx\r\n.\r\n")
        running.stop()
        assert [reply[:3] for reply in idle.rest()] == ["421"]
        assert [reply[:3] for reply in busy.rest()] == ["250", "421"]
        assert [reply[:3] for reply in half.rest()] == ["250", "421"]
        with pytest.raises(ConnectionError):
            Client(running.port)
    assert len(core.stored) == 2


def test_a_message_is_stored_even_when_its_sender_has_gone() -> None:
    core = Core()
    core.slowly = 0.2
    with receiving(core) as running:
        with Client(running.port) as client:
            client.begin()
            client.send(LETTER + b".\r\n")
            until(lambda: core.calls)
        core.wait(1)


def test_a_cut_in_the_middle_stores_nothing() -> None:
    core = Core()
    with receiving(core) as running:
        with Client(running.port) as client:
            client.begin()
            client.send(LETTER + b"\r\n.")
        until(lambda: not running.receiver.sessions)
        assert running.receiver.gate.hold(200_000_000)  # all of the memory is free again
    assert core.calls == []
