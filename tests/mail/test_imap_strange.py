"""The IMAP client against servers that are strange, broken or hostile (S-44, F-34, F-37)."""

from __future__ import annotations

import base64
import socket
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.mail.mailboxes import Core, opened, plain, until
from tests.mail.scripted import Answers, Scripted, Talk, scripted
from trustdesk.net.addresses import Guard
from trustdesk.net.imap import Fetched, ImapFailed, ImapSettings
from trustdesk.net.imap_watch import Cursor
from trustdesk.net.imap_wire import Wire
from trustdesk.net.oauth import OAuthFailed


def failure(server: Scripted, **options: Any) -> tuple[str, bool]:
    """Read everything that there is; return how that failed."""
    with pytest.raises(ImapFailed) as failed:
        read(server, **options)
    return failed.value.reason, failed.value.permanent


def read(server: Scripted, **options: Any) -> list[Fetched]:
    with opened(plain(server.port, "lin", **options)) as mailbox:
        mailbox.state()
        return [mail for page in mailbox.uids_after(0) for mail in mailbox.fetch(page)]


def encrypted(server: Scripted) -> dict[str, Any]:
    guard = Guard.allowing(f"imap.test:{server.port}", resolve=lambda host, port: ["127.0.0.1"])
    return {"security": "starttls", "host": "imap.test", "guard": guard}


@pytest.mark.parametrize(
    ("answers", "greeting", "reason"),
    [
        ({}, b"* OK ready\r\n", "no_starttls"),
        ({"CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS\r\n", "STARTTLS": b"TAG NO not now\r\n"}, b"* OK ready\r\n", "no_starttls"),
        ({"CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS\r\n", "STARTTLS": b"TAG BAD what\r\n"}, b"* OK ready\r\n", "no_starttls"),
        # Logged in already, so STARTTLS is not possible any more: a way to strip it.
        ({"CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS\r\n"}, b"* PREAUTH welcome\r\n", "protocol"),
        # What is said in the clear behind the OK is not the secured server's.
        (
            {"CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS\r\n", "STARTTLS": b"TAG OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"},
            b"* OK ready\r\n", "tls",
        ),
    ],
)  # fmt: skip
def test_no_password_is_told_where_encryption_was_stripped(answers: Answers, greeting: bytes, reason: str) -> None:
    with scripted(answers, greeting=greeting) as server:
        assert failure(server, **encrypted(server)) == (reason, False)
        assert not any(word in line for line in server.asked for word in ("LOGIN", "AUTHENTICATE", "correct-horse"))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"TAG NO [AUTHENTICATIONFAILED] wrong\r\n", ("auth", True)),
        (b"TAG NO wrong\r\n", ("auth", True)),
        (b"TAG NO [UNAVAILABLE] the directory sleeps\r\n", ("later", False)),
        (b"TAG NO [LIMIT] too many connections\r\n", ("later", False)),
        (b"* BYE come back later\r\n", ("bye", False)),
    ],
)
def test_why_a_login_failed_decides_what_helps(answer: bytes, expected: tuple[str, bool]) -> None:
    with scripted({"LOGIN": answer}) as server:
        assert failure(server) == expected


def test_a_server_that_wants_no_password_gets_none() -> None:
    with scripted({"CAPABILITY": b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n"}) as server:
        assert failure(server) == ("auth", True)
        assert server.count("LOGIN") == 0


class Purse:
    """Tokens, the first of them withdrawn."""

    def __init__(self) -> None:
        self.fresh: list[bool] = []

    def token(self, *, fresh: bool = False) -> str:
        self.fresh.append(fresh)
        return "new" if fresh else "old"


def test_xoauth2_says_what_google_documents_and_renews_a_token_once() -> None:
    said: list[bytes] = []

    def authenticate(talk: Talk, tag: bytes) -> None:
        talk.say(b"+ \r\n")
        said.append(base64.b64decode(talk.line()))
        if b"new" in said[-1]:
            talk.say(tag + b" OK in\r\n")
        else:
            talk.say(b"+ " + base64.b64encode(b'{"status":"400"}') + b"\r\n")
            assert talk.line() == b""
            talk.say(tag + b" NO failed\r\n")

    purse = Purse()
    with scripted({"AUTHENTICATE XOAUTH2": authenticate}) as server:
        assert len(read(server, tokens=purse, user="desk@mail.test")) == 3
        assert server.count("LOGIN") == 0
    assert said == [b"user=desk@mail.test\x01auth=Bearer %s\x01\x01" % token for token in (b"old", b"new")]
    assert purse.fresh == [False, True]


def test_a_server_without_idle_or_uidnext_is_polled() -> None:
    more = b"* 4 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n"
    answers: Answers = {
        "EXAMINE": [more.replace(b"4", b"3", 1), more],
        "UID FETCH * (UID)": [b"* 3 FETCH (UID 3)\r\n", b"* 4 FETCH (UID 4)\r\n"],
        "UID SEARCH UID 4:4": b"* SEARCH 4\r\n",
        "UID FETCH 4 (UID INTERNALDATE": b'* 4 FETCH (FLAGS (\\Seen) UID 4 BODY[]<0> "X: 4 \\"q\\"")\r\n',
    }
    core = Core()
    with scripted(answers) as server, core.following(plain(server.port, "lin", poll=0.1)):
        until(lambda: len(core.contents) == 4)
        assert server.visits == 1
    assert b'X: 4 "q"' in core.contents
    assert core.failures == []


def test_an_idle_that_is_offered_and_refused_is_not_asked_again() -> None:
    answers: Answers = {"CAPABILITY": b"* CAPABILITY IMAP4rev1 IDLE\r\n", "IDLE": b"TAG BAD what\r\n"}
    core = Core()
    with scripted(answers) as server, core.following(plain(server.port, "lin", poll=0.05)):
        until(lambda: server.count("EXAMINE") > 3)
        assert (server.count("IDLE"), server.visits) == (1, 1)


def test_a_gap_of_billions_is_crossed_in_few_steps() -> None:
    answers: Answers = {"EXAMINE": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 4000000000] x\r\n"}
    with scripted(answers | {"UID SEARCH UID 1:500": b"* SEARCH 1 2 3\r\n"}) as server:
        assert len(read(server)) == 3
        assert server.count("UID SEARCH") < 20


def test_mails_out_of_order_are_handed_over_in_order() -> None:
    bodies = [b"* %d FETCH (BODY[]<0> {10}\r\nX: %d\r\n\r\nxx UID %d)\r\n" % (n, n, n) for n in (1, 2, 3)]
    flags = b"* 2 FETCH (FLAGS (\\Seen $Label))\r\n* 9 EXISTS\r\n* 1 FETCH (UID 1 FLAGS ())\r\n"
    with scripted({"UID FETCH 1:3 (UID INTERNALDATE": bodies[2] + flags + bodies[0] + bodies[1]}) as server:
        assert [mail.content[3:4] for mail in read(server)] == [b"1", b"2", b"3"]


@pytest.mark.parametrize("nothing", [b"* 2 FETCH (UID 2 BODY[]<0> NIL)\r\n", b'* 2 FETCH (UID 2 BODY[]<0> "")\r\n', b""])
def test_a_mail_that_comes_as_nothing_is_no_empty_mail(nothing: bytes) -> None:
    bodies = [b"* %d FETCH (UID %d BODY[]<0> {10}\r\nX: %d\r\n\r\nxx)\r\n" % (n, n, n) for n in (1, 3)]
    with scripted({"UID FETCH 1:3 (UID INTERNALDATE": bodies[0] + nothing + bodies[1]}) as server:
        assert [mail.problem for mail in read(server)] == ["", "gone", ""]


def test_a_mail_the_server_cannot_give_is_named_with_its_header() -> None:
    answers: Answers = {
        "UID FETCH 1:3 (UID INTERNALDATE": b"TAG NO some could not be read\r\n",
        "UID SEARCH UID 2:2": b"* SEARCH 2\r\n",
        "UID FETCH 2 (UID INTERNALDATE BODY.PEEK[]": b"TAG NO cannot convert\r\n",
        "UID FETCH 2 (UID INTERNALDATE BODY.PEEK[HEADER]": b"* 2 FETCH (UID 2 BODY[HEADER]<0> {8}\r\nX: 2\r\n\r\n)\r\n",
        **{
            f"UID FETCH {n} (UID INTERNALDATE BODY.PEEK[]": b"* %d FETCH (UID %d BODY[]<0> {10}\r\nX: %d\r\n\r\nxx)\r\n" % (n, n, n)
            for n in (1, 3)
        },
    }
    with scripted(answers) as server:
        mails = read(server)
    assert [(mail.uid, mail.problem) for mail in mails] == [(1, ""), (2, "refused"), (3, "")]
    assert mails[1].content == b"X: 2\r\n\r\n"


LARGE = {
    "UID FETCH 1:3 (UID RFC822.SIZE)": b"".join(
        b"* %d FETCH (UID %d RFC822.SIZE %d)\r\n" % (n, n, 999 if n == 2 else 10) for n in (1, 2, 3)
    ),
    **{
        f"UID FETCH {n} (UID INTERNALDATE BODY.PEEK[]": b"* %d FETCH (UID %d BODY[]<0> {10}\r\nX: %d\r\n\r\nxx)\r\n" % (n, n, n)
        for n in (1, 3)
    },
}
HEADER = "UID FETCH 2 (UID INTERNALDATE BODY.PEEK[HEADER]"


@pytest.mark.parametrize(
    ("answer", "there", "problem"),
    [
        (b"TAG NO cannot convert\r\n", b"* SEARCH 2\r\n", "refused"),
        (b"TAG NO [SERVERBUG] hiccup\r\n", b"* SEARCH 2\r\n", "refused"),
        (b"TAG OK nothing said\r\n", b"* SEARCH 2\r\n", "refused"),
        (b"TAG OK it is no more\r\n", b"* SEARCH\r\n", "gone"),
    ],
)
def test_one_too_large_whose_header_does_not_come_is_one_that_could_not_be_had(
    answer: bytes, there: bytes, problem: str
) -> None:
    answers: Answers = {**LARGE, HEADER: answer, "UID SEARCH UID 2:2": there}
    with scripted(answers) as server:
        mails = read(server, max_bytes=100)
    assert [(mail.uid, mail.problem, bool(mail.content)) for mail in mails] == [(1, "", True), (2, problem, False), (3, "", True)]


def test_the_header_of_one_too_large_is_waited_for_while_the_server_asks_for_patience() -> None:
    header = b"* 2 FETCH (UID 2 BODY[HEADER]<0> {8}\r\nX: 2\r\n\r\n)\r\n"
    answers: Answers = {**LARGE, HEADER: [*[b"TAG NO [UNAVAILABLE] the disk sleeps\r\n"] * 2, header]}
    rest = {
        "UID SEARCH UID 2:3": b"* SEARCH 2 3\r\n",
        "UID FETCH 2:3 (UID RFC822.SIZE)": b"* 2 FETCH (UID 2 RFC822.SIZE 999)\r\n* 3 FETCH (UID 3 RFC822.SIZE 10)\r\n",
    }
    core = Core()
    with scripted({**answers, **rest}) as server:
        assert failure(server, max_bytes=100) == ("later", False)
        with core.following(plain(server.port, "lin", poll=60, max_bytes=100)):
            until(lambda: core.problems)
    assert core.failures == ["later"]
    assert core.problems == {2: "too_large"}


def test_what_cannot_be_given_just_now_is_waited_for() -> None:
    whole = b"".join(b"* %d FETCH (UID %d BODY[]<0> {10}\r\nX: %d\r\n\r\nxx)\r\n" % (n, n, n) for n in (1, 2, 3))
    asleep = [b"TAG NO [UNAVAILABLE] the disk sleeps\r\n"] * 6
    core = Core()
    with scripted({"UID FETCH 1:3 (UID INTERNALDATE": [*asleep, whole]}) as server:
        assert failure(server) == ("later", False)
        with core.following(plain(server.port, "lin", poll=60)):
            until(lambda: len(core.contents) == 3)
    assert core.failures == ["later"] * 5
    assert core.problems == {}


def test_a_report_that_nobody_takes_stops_nothing() -> None:
    def broken(report: Any) -> None:
        raise RuntimeError

    core = Core()
    with scripted({"LOGIN": [b"* BYE later\r\n", b""]}) as server, core.following(plain(server.port, "lin"), report=broken):
        until(lambda: len(core.contents) == 3)


def test_a_mailbox_where_nothing_can_be_marked_is_read_all_the_same() -> None:
    answers: Answers = {
        "SELECT": b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 4] x\r\nTAG OK [READ-ONLY] done\r\n",
        "UID STORE 1:3 +FLAGS.SILENT (\\Seen)": b"TAG NO read-only\r\n",
    }
    core = Core()
    with scripted(answers) as server, core.following(plain(server.port, "lin", mark_seen=True, poll=60)):
        until(lambda: core.failures)
        assert server.visits == 1
    assert core.failures == ["read_only"]
    assert len(core.contents) == 3


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([b"* ", b"1 FETCH (", b"UID 1", b" ", b"(", b")", b'"', b"\\", b"{3}", b"{0}", b"\r\n", b"\n", b"NIL",
                                 b"BODY[", b"]", b"<0>", b"x", b"T1 OK", b"+ ", b"* OK [UIDNEXT 5]", b"\xff"]), max_size=30))  # fmt: skip
def test_whatever_a_server_says_is_an_answer_or_a_failure(said: list[bytes]) -> None:
    near, far = socket.socketpair()
    with near, far:
        far.sendall(b"".join(said))
        far.shutdown(socket.SHUT_WR)
        wire = Wire(near, timeout=1, total=1, tick=lambda: True)
        try:
            while True:
                response = wire.response(largest=100)
                if response.name == b"FETCH":
                    response.items()
        except ImapFailed as failure:
            assert failure.reason in ("cut", "protocol", "too_large")  # noqa: PT017  either is right


def test_a_server_that_sends_more_than_it_said_fills_no_memory() -> None:
    long = b"* 1 FETCH (UID 1 BODY[]<0> {101}\r\nX: 1\r\n\r\n" + b"x" * 93 + b")\r\n"
    with scripted({"UID FETCH 1:3 (UID INTERNALDATE": long, "UID SEARCH UID 2:3": b"* SEARCH\r\n"}) as server:
        first = read(server, max_bytes=100)[0]
        assert (first.problem, first.content) == ("too_large", b"X: 1\r\n\r\n")
    with scripted({"UID FETCH 1:3 (UID INTERNALDATE": b"* 1 FETCH (UID 1 BODY[]<0> {9999999999}\r\n"}) as server:
        assert failure(server) == ("too_large", False)

    def pour(talk: Talk, tag: bytes) -> None:
        for _ in range(100):
            talk.say(b" 1" * 100_000)

    with scripted({"UID SEARCH UID 1:3": pour}) as server:
        assert failure(server) == ("too_large", False)


def test_a_server_that_dribbles_is_left() -> None:
    def dribble(talk: Talk, tag: bytes) -> None:
        for _ in range(200):
            talk.say(b"x")
            time.sleep(0.02)

    started = time.monotonic()
    with scripted({"UID SEARCH UID 1:3": dribble}) as server:
        assert failure(server, total=0.5) == ("timeout", False)
    assert time.monotonic() - started < 2
    with scripted({"UID SEARCH UID 1:3": lambda talk, tag: time.sleep(2)}) as server:
        assert failure(server, timeout=0.3) == ("timeout", False)


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"EXAMINE": b"* 3 EXISTS\r\n"}, ("no_uids", True)),
        ({"EXAMINE": b"TAG NO no such folder\r\n"}, ("folder", True)),
        ({"EXAMINE": b"TAG NO [INUSE] locked\r\n"}, ("folder", False)),
        ({"EXAMINE": b"HTTP/1.1 400 Bad Request\r\n"}, ("protocol", False)),
        ({"UID FETCH 1:3 (UID RFC822.SIZE)": b"* 1 FETCH UID 1\r\n"}, ("protocol", False)),
        ({"UID FETCH 1:3 (UID RFC822.SIZE)": b'* 1 FETCH (UID 1 "\r\n'}, ("protocol", False)),
        ({"UID SEARCH UID 1:3": b"* BYE shutting down\r\n"}, ("bye", False)),
    ],
)
def test_nonsense_is_a_failure_with_a_code(answers: Answers, reason: tuple[str, bool]) -> None:
    with scripted(answers) as server:
        assert failure(server) == reason


def test_one_poisonous_mail_of_many_is_given_up_and_no_other() -> None:
    bodies = {n: b"* %d FETCH (UID %d BODY[]<0> {10}\r\nX: %d\r\n\r\nxx)\r\n" % (n, n, n) for n in (1, 2, 3)}

    def cut(talk: Talk, tag: bytes) -> None:
        talk.peer.close()

    answers: Answers = {"UID FETCH 1:3 (UID INTERNALDATE": cut, "UID FETCH 2 (UID INTERNALDATE": cut}
    for n in (1, 3):
        answers[f"UID FETCH {n} (UID INTERNALDATE"] = bodies[n]
    for first in (2, 3):
        answers[f"UID SEARCH UID {first}:3"] = b"* SEARCH %s\r\n" % b" ".join(b"%d" % n for n in range(first, 4))
    core = Core()
    with scripted(answers) as server, core.following(plain(server.port, "lin", poll=60)):
        until(lambda: core.at.uid == 3)
        assert server.visits == 5  # all together, three times the one alone, and the rest
    assert core.problems == {2: "given_up"}
    assert len(core.contents) == 2


def test_a_mail_that_was_given_up_is_asked_for_again_when_somebody_calls() -> None:
    """One that still breaks the connection holds up nobody; one that can be given by now is handed over."""
    ill = [True]

    def body(talk: Talk, tag: bytes) -> None:
        if ill[0]:
            talk.peer.close()
        else:
            talk.say(b"* 2 FETCH (UID 2 BODY[]<0> {10}\r\nX: 2\r\n\r\nxx)\r\n" + tag + b" OK done\r\n")

    answers: Answers = {
        "UID FETCH 2 (UID RFC822.SIZE)": b"* 2 FETCH (UID 2 RFC822.SIZE 10)\r\n", "UID FETCH 2 (UID INTERNALDATE": body,
    }  # fmt: skip
    core = Core()
    core.at = Cursor(7, 3)
    owed: list[int] = []
    repaid: list[Fetched] = []

    def repay(uidvalidity: int, mail: Fetched) -> None:
        assert uidvalidity == 7
        repaid.append(mail)

    with scripted(answers) as server:
        options: Any = {"owed": lambda uidvalidity: owed.pop() if owed else None, "repay": repay}
        with core.following(plain(server.port, "lin", poll=60), **options) as watcher:
            until(lambda: core.reports)
            for visits in (2, 3):
                owed.append(2)
                watcher.call()
                until(lambda: server.visits == visits)  # noqa: B023
            assert not repaid
            ill[0] = False
            owed.append(2)
            watcher.call()
            until(lambda: repaid)
            assert server.visits == 3
    assert [(mail.uid, mail.content, mail.problem) for mail in repaid] == [(2, b"X: 2\r\n\r\nxx", "")]
    assert core.at == Cursor(7, 3)


def test_an_idle_beyond_its_time_is_no_setting() -> None:
    with pytest.raises(ValueError, match="29 minutes"):
        ImapSettings(host="imap.mail.test", idle=1_800)


def test_without_a_token_nobody_logs_in() -> None:
    class Empty:
        def token(self, *, fresh: bool = False) -> str:
            raise OAuthFailed("oauth_invalid_grant", permanent=True)

    with scripted({}) as server:
        assert failure(server, tokens=Empty()) == ("oauth_invalid_grant", True)
        assert server.count("AUTHENTICATE") == 0
