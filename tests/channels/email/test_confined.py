"""Mail read in child processes: hostile mail ends one of them at most, and the next mail is read (N-17)."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from trustdesk.channels.adapters.email import confined, wire
from trustdesk.channels.adapters.email.confined import Pool, Unreadable
from trustdesk.channels.adapters.email.kinds import classify
from trustdesk.channels.adapters.email.parsing import read
from trustdesk.channels.adapters.email.quoting import split

HEAD = (
    b"From: Lin <lin@home.example>\r\nSubject: hello\r\nDate: Tue, 2 Jan 2024 15:04:05 +0800\r\nMIME-Version: 1.0\r\n"
)
GOOD = HEAD + (
    b"Content-Type: multipart/mixed; boundary=zz\r\n\r\n--zz\r\n\r\nanswer\r\n\r\nSent from my iPhone\r\n--zz\r\n"
    b"Content-Type: application/pdf; name=a.pdf\r\n\r\n%PDF\0\xff\r\n--zz--\r\n"
)


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    one = Pool(size=1)
    yield one
    one.close()


def is_read(pool: Pool) -> bool:
    found = pool.read(GOOD)
    return found.said.said == "answer" and found.letter.files[0].content == b"%PDF\0\xff"


def test_what_comes_back_is_what_was_read(pool: Pool) -> None:
    letter = read(GOOD)
    assert pool.read(GOOD) == wire.Read(letter, classify(letter, GOOD), split(letter.text))
    assert pool.read(GOOD, own_domain="home.example").kind.name == "person"
    assert pool.read(GOOD, envelope_sender="").kind.name == "auto"


HOSTILE = {
    "a header line of 1 MB": HEAD + b"X-Long: " + b"a" * 1_000_000 + b"\r\n\r\nhi",
    "a folded subject of 1 MB": b"Subject: " + b"a\r\n " * 250_000 + b"\r\n\r\nhi",
    "a million encoded words": b"Subject: " + b"=?utf-8?q?a?= " * 70_000 + b"\r\n\r\nhi",
    "10k nested comments": b"From: " + b"(" * 10_000 + b"a" + b")" * 10_000 + b" <a@b.example>\r\n\r\nhi",
    "quotes without end": b"From: " + b'"a" ' * 250_000 + b"<a@b.example>\r\n\r\nhi",
    "200k addresses": b"From: " + b"a@b.example," * 80_000 + b"\r\n\r\nhi",
    "900 parts": HEAD + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\na\r\n" * 900 + b"--x--",
    "100 messages deep": b"Content-Type: message/rfc822\r\n\r\n" * 100 + b"Subject: x\r\n\r\nhi",
    "2000 multiparts deep": b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(2_000)),
    "a NUL in the boundary": HEAD + b'Content-Type: multipart/mixed; boundary="a\0b"\r\n\r\n--a\0b\r\n\r\nhi\r\n--a\0b--\r\n',
    "50k references": HEAD + b"References: " + b"".join(b"<%d@x.example>\r\n " % n for n in range(50_000)) + b"\r\n\r\nhi",
    "bad base64": HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=?!a" * 100_000,
    "a charset that takes square time": HEAD + b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"a-\xff" * 100_000,
    "halves of characters": HEAD + b"Content-Type: text/plain; charset=utf-7\r\n\r\n" + b"+2AA-" * 1_000,
    "100k parameters": HEAD + b"Content-Type: text/plain; " + b"a*1*=b; " * 100_000 + b"\r\n\r\nhi",
    "100k delimiters that are none": HEAD + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--xa\r\n" * 100_000,
    "deep HTML": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<div>" * 200_000,
    "armour without end": HEAD + b"\r\n" + b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: a\n\n" * 20_000,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_is_read(pool: Pool, name: str) -> None:
    assert pool.read(HOSTILE[name]).letter is not None
    assert is_read(pool)


def test_too_many_parts_and_nothing_at_all(pool: Pool) -> None:
    for raw, code in (
        (HEAD + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\na\r\n" * 10_000, "too_many_parts"),
        (b"", "empty"),
    ):
        with pytest.raises(Unreadable) as failure:
            pool.read(raw)
        assert failure.value.code == code
        assert is_read(pool)


def crippled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, worker: str) -> None:
    """Let children run a worker that differs from ours by what is inserted before it reads a mail."""
    source = Path(confined._WORKER).read_text("utf-8")
    here = f"Path({str(Path(confined._WORKER).parent)!r})"
    source = source.replace("Path(__file__).resolve().parent", here)
    changed = source.replace(
        "            letter = parsing.read(raw)\n", f"{worker}            letter = parsing.read(raw)\n"
    )
    assert changed != source
    (tmp_path / "worker.py").write_text(changed.replace("CPU_SECONDS = 5 ", "CPU_SECONDS = 0.1 "), "utf-8")
    monkeypatch.setattr(confined, "_WORKER", tmp_path / "worker.py")


@pytest.mark.parametrize(
    ("trap", "code"),
    [
        ("while True: pass", "too_complex"),
        ("raw += bytes(300_000_000)", "too_complex"),
        ("os.abort()", "too_complex"),
        ("raise KeyError('unforeseen')", "broken"),
        ("os._exit(0)", "broken"),
        ("connection.sendall(bytes([0, 0, 0, 2]) + b'[]')", "broken"),
        ("connection.sendall(bytes([0, 0, 0, 2]) + b'{]')", "broken"),
        ("connection.sendall(bytes([255] * 4))", "too_complex"),
        ("connection.sendall(bytes([0, 0, 0, 12]) + b'{\"files\":[]}')", "broken"),
    ],
)
def test_a_mail_that_ends_its_child_is_unreadable_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trap: str, code: str
) -> None:
    crippled(tmp_path, monkeypatch, worker=f"            if b'TRAP' in raw:\n                {trap}\n")
    one = Pool(size=1)
    try:
        with pytest.raises(Unreadable) as failure:
            one.read(HEAD + b"\r\nTRAP")
        assert failure.value.code == code
        assert is_read(one)
    finally:
        one.close()


def test_a_child_that_does_not_answer_in_time_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crippled(tmp_path, monkeypatch, worker="            if b'TRAP' in raw:\n                signal.pause()\n")
    monkeypatch.setattr(confined, "SECONDS", 0.3)
    one = Pool(size=1)
    try:
        with pytest.raises(Unreadable) as failure:
            one.read(HEAD + b"\r\nTRAP")
        assert failure.value.code == "too_complex"
        monkeypatch.undo()
        assert is_read(one)
    finally:
        one.close()


def test_a_child_knows_no_keys_and_writes_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "not for children")
    target = tmp_path / "written"
    report = (
        "            try:\n"
        f"                open({str(target)!r}, 'wb', 0).write(b'x')\n"
        "                wrote = True\n"
        "            except OSError:\n"
        "                wrote = False\n"
        "            seen = [wrote, sorted(os.environ), [name for name in sys.modules if name.startswith(('django', "
        "'httpx', 'trustdesk.net'))]]\n"
        "            raw = b'Subject: ' + orjson.dumps(seen) + b'\\r\\n\\r\\nx'\n"
    )  # fmt: skip
    crippled(tmp_path, monkeypatch, worker=report)
    one = Pool(size=1)
    try:
        wrote, environment, modules = json.loads(one.read(GOOD).letter.subject)
    finally:
        one.close()
    assert wrote is False
    assert set(environment) <= {"MALLOC_ARENA_MAX", "LC_CTYPE"}
    assert modules == []


def test_children_are_replaced_after_a_number_of_mails(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    genuine = confined._Child

    def counted() -> confined._Child:
        started.append(True)
        return genuine()

    monkeypatch.setattr(confined, "_Child", counted)
    monkeypatch.setattr(confined, "MAILS", 3)
    one = Pool(size=1)
    try:
        assert all(is_read(one) for _ in range(7))
    finally:
        one.close()
    assert len(started) == 3


def test_many_threads_share_few_children() -> None:
    two = Pool(size=2)
    subjects: list[str] = []

    def work(number: int) -> None:
        subjects.extend(two.read(b"Subject: %d\r\n\r\nx" % n).letter.subject for n in range(number, number + 20))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(0, 100, 20)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        two.close()
    assert sorted(map(int, subjects)) == list(range(100))


def test_a_child_killed_while_idle_is_not_the_mails_fault(pool: Pool) -> None:
    assert is_read(pool)
    child = pool._places.queue[0]
    assert child is not None
    os.kill(child._process.pid, 9)
    child._process.wait()
    assert is_read(pool)


def test_a_closed_pool_reads_nothing() -> None:
    one = Pool(size=1)
    one.close()
    with pytest.raises(RuntimeError):
        one.read(GOOD)
