"""Which addresses are read, and which may be connected to."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.net.servers import listener
from trustdesk.net.addresses import AddressRefused, Allowed, Guard, is_loopback, is_public, parse, parse_host

# Our own list of tricks; what a public corpus holds besides is measured in test_measure.py.
REFUSED = [
    ("file:///etc/passwd", "address_scheme"),
    ("gopher://203.0.113.9:25/_MAIL", "address_scheme"),
    ("ftp://example.com/", "address_scheme"),
    ("ws://example.com/", "address_scheme"),
    ("javascript:alert(1)", "address_malformed"),
    ("//example.com/", "address_malformed"),
    ("example.com", "address_malformed"),
    ("http:example.com/", "address_malformed"),
    ("http:/example.com/", "address_malformed"),
    ("", "address_malformed"),
    (" http://example.com/", "address_malformed"),
    ("http://example.com/ x", "address_malformed"),
    ("http://example.com/\r\nHost: inside", "address_malformed"),
    ("http://example.com/\x00", "address_malformed"),
    ("http://exa\u200bmple.com/", "address_malformed"),
    ("http://example.com\u2028/", "address_malformed"),
    ("http://example.com\\@10.0.0.1/", "address_malformed"),
    ("http://10.0.0.1\\.example.com/", "address_malformed"),
    ("http://user@example.com/", "address_user_name"),
    ("http://example.com:80@10.0.0.1/", "address_user_name"),
    ("http://a:b@example.com/", "address_user_name"),
    ("http:///path", "address_host"),
    ("http://%31%32%37.0.0.1/", "address_host"),
    ("http://example%2ecom/", "address_host"),
    ("http://exa mple.com/", "address_malformed"),
    ("http://a..b.com/", "address_host"),
    ("http://.example.com/", "address_host"),
    ("http://example.com,10.0.0.1/", "address_host"),
    ("http://example.com;10.0.0.1/", "address_host"),
    ("http://-example.com/", "address_host"),
    ("http://" + "a" * 64 + ".com/", "address_host"),
    ("http://" + "a." * 130 + "com/", "address_host"),
    ("http://[::1/", "address_host"),
    ("http://[127.0.0.1]/", "address_host"),
    ("http://[fe80::1%25eth0]/", "address_host"),
    ("http://[::1]x/", "address_host"),
    ("http://::1/", "address_host"),
    ("http://2130706433/", "address_odd_number"),
    ("http://0x7f000001/", "address_odd_number"),
    ("http://017700000001/", "address_odd_number"),
    ("http://0177.0.0.1/", "address_odd_number"),
    ("http://0x7f.0.0.1/", "address_odd_number"),
    ("http://127.1/", "address_odd_number"),
    ("http://127.0.1/", "address_odd_number"),
    ("http://0/", "address_odd_number"),
    ("http://1.2.3.4.5/", "address_odd_number"),
    ("http://256.0.0.1/", "address_odd_number"),
    ("http://00127.0.0.1/", "address_odd_number"),
    ("http://127.0.0.0x1/", "address_odd_number"),
    ("http://example.0x7f/", "address_odd_number"),
    ("http://example.com:0/", "address_port"),
    ("http://example.com:65536/", "address_port"),
    ("http://example.com:80:80/", "address_port"),
    ("http://example.com:+80/", "address_port"),
    ("http://example.com:८०/", "address_port"),
    ("https://example.com/" + "a" * 2048, "address_too_long"),
]

PRIVATE = [
    *("127.0.0.1", "127.255.255.255", "0.0.0.0", "0.1.2.3", "10.1.2.3", "172.16.0.1"),  # noqa: S104
    *("172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
    *("192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1", "100::1", "fc00::1", "fd00:ec2::254", "fe80::1"),
    *("fec0::1", "ff02::1", "ff0e::1", "2001::1", "2001:0:7f00:1::", "2001:db8::1", "2002:7f00:1::", "3fff::1"),
    "5f00::1",
]

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "192.0.1.1",
    "223.255.255.1",
]
PUBLIC += ["2606:4700:4700::1111", "2001:4860:4860::8888", "2a00:1450:4001::1", "2400:3200::1"]


@pytest.mark.parametrize(("url", "reason"), REFUSED)
def test_anything_but_one_plain_spelling_is_refused(url: str, reason: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        parse(url)
    assert refused.value.reason == reason
    assert refused.value.permanent


@pytest.mark.parametrize(
    ("url", "again"),
    [
        ("https://example.com", "https://example.com/"),
        ("HTTPS://Example.COM:443/A?b=c#d", "https://example.com/A?b=c"),
        ("http://example.com:8080?x", "http://example.com:8080/?x"),
        ("http://example.com.:80/", "http://example.com/"),
        ("http://example.com:/", "http://example.com/"),
        ("https://my_bucket.s3.example.com/k", "https://my_bucket.s3.example.com/k"),
        ("https://xn--fiqs8s.example/", "https://xn--fiqs8s.example/"),
        ("https://交易所.中国/帮助", "https://xn--tlqx19b5xc.xn--fiqs8s/帮助"),
        ("https://example。com/", "https://example.com/"),
        ("https://example.com/a@b:c", "https://example.com/a@b:c"),
        ("https://example.com/?u=http://10.0.0.1/", "https://example.com/?u=http://10.0.0.1/"),
        ("https://[2606:4700:4700:0:0::1111]:8443/", "https://[2606:4700:4700::1111]:8443/"),
        ("https://1.1.1.1/", "https://1.1.1.1/"),
        ("https://0x7f.example.com/", "https://0x7f.example.com/"),
    ],
)
def test_plain_addresses_are_read(url: str, again: str) -> None:
    assert parse(url).url == again
    assert parse(parse(url).url) == parse(url)


@pytest.mark.parametrize("url", ["http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://１２７．０．０．１/"])
def test_numbers_in_other_scripts_are_the_numbers_they_look_like(url: str) -> None:
    assert parse(url).host == "127.0.0.1"


@pytest.mark.parametrize("host", ["2606:4700:4700::1111%eth0", "fe80::1%1", "::1%"])
def test_a_host_may_not_choose_our_network_card(host: str) -> None:
    with pytest.raises(AddressRefused, match="address_host"):
        parse_host(host)


@given(st.text(max_size=40))
def test_a_host_is_refused_or_read_as_plain_ascii(text: str) -> None:
    try:
        host = parse_host(text)
    except AddressRefused:
        return
    assert host.isascii()
    assert not set(host) & set("/?#@\\% ")
    assert parse_host(host) == host


@pytest.mark.parametrize("ip", PRIVATE)
def test_private_and_special_addresses_are_not_public(ip: str) -> None:
    assert not is_public(ipaddress.ip_address(ip))
    with pytest.raises(AddressRefused, match="address_private"):
        Guard().check(ip, 80, timeout=1)
    with pytest.raises(AddressRefused, match="address_private"):
        _resolving(ip).check("example.com", 80, timeout=1)


@pytest.mark.parametrize("ip", PUBLIC)
def test_public_addresses_are(ip: str) -> None:
    assert is_public(ipaddress.ip_address(ip))
    assert Guard().check(ip, 80, timeout=1) == [ip]
    assert _resolving(ip).check("example.com", 80, timeout=1) == [ip]


@given(st.ip_addresses())
def test_nothing_python_calls_private_is_public_for_us(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if ip.is_private or ip.is_multicast or ip.is_reserved or ip.is_link_local or ip.is_loopback or ip.is_unspecified:
        assert not is_public(ip)


def test_one_private_answer_among_public_ones_refuses_the_name() -> None:
    with pytest.raises(AddressRefused, match="address_private"):
        _resolving("1.1.1.1", "10.0.0.1").check("example.com", 443, timeout=1)


def test_an_answer_is_checked_even_for_a_name_that_looks_harmless() -> None:
    guard = Guard(resolve=lambda host, port: ["127.0.0.1"])
    for host in ("localhost", "metadata.google.internal", "127.0.0.1.nip.io", "www.example.com"):
        with pytest.raises(AddressRefused, match="address_private"):
            guard.check(host, 80, timeout=1)


@pytest.mark.parametrize(
    ("entry", "host", "port", "allowed"),
    [
        ("127.0.0.1", "127.0.0.1", 8000, True),
        ("127.0.0.1", "127.0.0.2", 8000, False),
        ("127.0.0.1:8000", "127.0.0.1", 8000, True),
        ("127.0.0.1:8000", "127.0.0.1", 5432, False),
        ("10.0.0.0/8", "10.9.8.7", 443, True),
        ("10.0.0.0/8", "11.9.8.7", 443, True),  # public anyway
        ("10.0.0.0/8", "192.168.0.1", 443, False),
        ("[::1]:8000", "::1", 8000, True),
        ("[::1]:8000", "::1", 8001, False),
        ("fd00::/8", "fd12::1", 443, True),
        ("127.0.0.0/8", "::ffff:127.0.0.1", 80, False),
    ],
)
def test_the_allow_list_opens_what_it_names(entry: str, host: str, port: int, allowed: bool) -> None:
    guard = Guard.allowing(entry)
    if allowed:
        assert guard.check(host, port, timeout=1) == [host]
    else:
        with pytest.raises(AddressRefused, match="address_private"):
            guard.check(host, port, timeout=1)


def test_an_allowed_name_may_resolve_to_anything_but_no_other_name_may() -> None:
    guard = Guard.allowing("Exchange.internal:8443", resolve=lambda host, port: ["10.0.0.5"])
    assert guard.check("exchange.internal", 8443, timeout=1) == ["10.0.0.5"]
    for host, port in (("exchange.internal", 22), ("other.internal", 8443), ("10.0.0.5", 8443)):
        with pytest.raises(AddressRefused, match="address_private"):
            guard.check(host, port, timeout=1)


@pytest.mark.parametrize("entry", ["", "http://127.0.0.1", "10.0.0.0/33", "127.0.0.1:", "2130706433", "a b", "*"])
def test_an_allow_list_entry_that_means_nothing_is_an_error(entry: str) -> None:
    if entry == "127.0.0.1:":
        assert Allowed.parse(entry).port is None
        return
    with pytest.raises(ValueError, match="not an address we can allow"):
        Allowed.parse(entry)


def test_connecting_goes_to_the_address_that_was_checked() -> None:
    answers = [["127.0.0.1"], ["127.0.0.2"]]
    with listener() as canary:
        guard = Guard.allowing(f"127.0.0.1:{canary.port}", resolve=lambda host, port: answers.pop(0))
        guard.connect("rebinding.example", canary.port, timeout=2).close()
        assert len(answers) == 1  # asked once: no second question that a second answer could follow
        with pytest.raises(AddressRefused, match="address_private"):
            guard.connect("rebinding.example", canary.port, timeout=2)


def test_a_name_server_that_does_not_answer_costs_the_timeout_and_no_more() -> None:
    def slow(host: str, port: int) -> Sequence[str]:
        time.sleep(2)
        return ["1.1.1.1"]

    started = time.monotonic()
    with pytest.raises(TimeoutError):
        Guard(resolve=slow).check("example.com", 80, timeout=0.1)
    assert time.monotonic() - started < 1


def test_a_name_that_does_not_exist_is_an_error_of_the_network() -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    with pytest.raises(OSError, match="unknown"):
        Guard(resolve=unknown).check("example.com", 80, timeout=1)
    with pytest.raises(OSError, match="no address"):
        Guard(resolve=lambda host, port: []).check("example.com", 80, timeout=1)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("LOCALHOST.", True),
        ("localhost.example.com", False),
        ("10.0.0.1", False),
        ("mail.example.com", False),
        ("0.0.0.0", False),  # noqa: S104
        ("", False),
    ],
)
def test_what_can_only_mean_this_machine(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def _resolving(*answers: str) -> Guard:
    return Guard(resolve=lambda host, port: answers)
