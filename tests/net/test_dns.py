"""The door to DNS, against a real server on loopback."""

from __future__ import annotations

import threading
import time

import pytest

from tests.net.zone import SERVFAIL, SILENT, Zone, closed_port, serve
from trustdesk.net.dns import DnsFailed, Resolver, nameserver

ZONE: Zone = {
    "example.test": {
        "TXT": ["v=spf1 -all", "x" * 700],
        "A": ["192.0.2.1", "192.0.2.2"],
        "AAAA": ["2001:db8::1"],
        "MX": ["20 Backup.example.test.", "10 mx.example.test."],
    },
    "alias.example.test": {"CNAME": ["example.test."]},
    "loop.example.test": {"CNAME": ["loop.example.test."]},
    "a.b.example.test": {"A": ["192.0.2.3"]},
    "broken.test": SERVFAIL,
    "silent.test": SILENT,
    "huge.test": {"TXT": [str(n) * 6_000 for n in range(8)]},
    "many.test": {"A": [f"192.0.2.{n}" for n in range(1, 120)]},
    "odd+name=x.test": {"A": ["192.0.2.9"]},
    "1.2.0.192.in-addr.arpa": {"PTR": ["Mail.Example.test."]},
}


def test_records_of_every_kind() -> None:
    with serve(ZONE) as address:
        dns = Resolver(nameservers=[address])
        assert set(dns.txt("Example.test.").records) == {b"v=spf1 -all", b"x" * 700}
        assert set(dns.a("example.test").records) == {"192.0.2.1", "192.0.2.2"}
        assert dns.aaaa("example.test").records == ("2001:db8::1",)
        assert dns.mx("example.test").records == ((10, "mx.example.test"), (20, "backup.example.test"))
        assert dns.ptr("192.0.2.1").records == ("mail.example.test",)
        assert set(dns.a("alias.example.test").records) == {"192.0.2.1", "192.0.2.2"}
        assert dns.a("odd+name=x.test").records == ("192.0.2.9",)
        with pytest.raises(ValueError, match="not appear"):
            dns.ptr("bad")


def test_nothing_is_said_in_three_ways() -> None:
    with serve(ZONE) as address:
        dns = Resolver(nameservers=[address], timeout=0.3)
        assert (dns.a("nobody.test").records, dns.a("nobody.test").exists) == ((), False)
        assert (dns.mx("a.b.example.test").records, dns.mx("a.b.example.test").exists) == ((), True)
        assert dns.a("b.example.test").exists  # between two names there is one
        for name, reason in (
            ("broken.test", "servfail"),
            ("silent.test", "timeout"),
            ("loop.example.test", "servfail"),
        ):
            with pytest.raises(DnsFailed) as failed:
                dns.a(name)
            assert (failed.value.reason, failed.value.permanent) == (reason, False)


def test_a_name_no_dns_could_hold_does_not_exist_and_is_not_asked_for() -> None:
    asked: list[tuple[str, str]] = []
    with serve(ZONE, asked=asked) as address:
        dns = Resolver(nameservers=[address])
        for name in (
            "",
            ".",
            "a..test",
            "a" * 64 + ".test",
            "a." * 130 + "test",
            "a\x00.test",
            "a b.test",
            "交易.test",
        ):
            assert not dns.txt(name).exists, name
        assert not dns.a("example\\.test").exists
    assert asked == []


def test_answers_are_bounded() -> None:
    with serve(ZONE) as address:
        dns = Resolver(nameservers=[address])
        for _ in range(2):  # nor is the second one from the cache
            with pytest.raises(DnsFailed, match="too_large"):
                dns.txt("huge.test")
        with pytest.raises(DnsFailed, match="too_large"):
            dns.a("many.test")


def test_waiting_is_bounded() -> None:
    with serve(ZONE) as address:
        started = time.monotonic()
        with pytest.raises(DnsFailed, match="timeout"):
            Resolver(nameservers=[address], timeout=0.3).txt("silent.test")
        assert time.monotonic() - started < 2
    with pytest.raises(DnsFailed):
        Resolver(nameservers=[closed_port()], timeout=0.3).txt("example.test")


def test_one_task_has_a_budget_of_questions_and_of_seconds() -> None:
    with serve(ZONE) as address:
        dns = Resolver(nameservers=[address], timeout=5)
        few = dns.budget(seconds=5, questions=2)
        few.a("example.test")
        few.a("example.test")
        with pytest.raises(DnsFailed, match="budget"):
            few.a("example.test")
        started = time.monotonic()
        short = dns.budget(seconds=0.2, questions=9)
        with pytest.raises(DnsFailed, match="timeout"):
            short.a("silent.test")
        with pytest.raises(DnsFailed, match="budget"):
            short.a("example.test")
        assert time.monotonic() - started < 2


def test_answers_are_kept_as_long_as_their_ttl() -> None:
    asked: list[tuple[str, str]] = []
    zone: dict[str, dict[str, list[str] | str]] = {"example.test": {"A": ["192.0.2.1"]}}
    with serve(zone, ttl=1, asked=asked) as address:
        dns = Resolver(nameservers=[address])
        for _ in range(3):
            assert dns.a("example.test").records == ("192.0.2.1",)
        assert len(asked) == 1
        zone["example.test"]["A"] = ["192.0.2.2"]
        time.sleep(1.1)
        assert dns.a("example.test").records == ("192.0.2.2",)
    assert len(asked) == 2


def test_many_threads_share_one_resolver() -> None:
    zone: Zone = {f"n{n}.test": {"A": [f"192.0.2.{n}"]} for n in range(20)}
    found: list[tuple[str, ...]] = [()] * 20
    with serve(zone) as address:
        dns = Resolver(nameservers=[address])

        def ask(n: int) -> None:
            found[n] = dns.a(f"n{n}.test").records

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [(f"192.0.2.{n}",) for n in range(20)]


@pytest.mark.parametrize("text", ["dns.example.com", "", ":53", "127.0.0.1:0", "127.0.0.1:70000", "1.2.3", "[::1"])
def test_a_name_server_is_given_by_address(text: str) -> None:
    with pytest.raises(ValueError, match="name server"):
        nameserver(text)


def test_addresses_of_name_servers() -> None:
    for text, expected in (
        ("127.0.0.1", "Do53:127.0.0.1@53"),
        ("127.0.0.1:5353", "Do53:127.0.0.1@5353"),
        ("::1", "Do53:::1@53"),
        ("[::1]:5353", "Do53:::1@5353"),
    ):
        assert str(nameserver(text)) == expected
