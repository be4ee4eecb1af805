"""S-01 … S-04, S-08, S-12, S-42, S-46, S-47, A-13 … A-15: what answers carry, and what none of them tells."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.attacks import wire
from tests.attacks.conftest import HOST, House
from tests.attacks.test_routes import POLICY, fill
from tests.attacks.wire import Answer, exchange, get
from tests.processes import start_server
from trustdesk.customers import visitors
from trustdesk.customers.visitors import Visitor

HTTPS = "X-Forwarded-Proto: https"
FORM = "Content-Type: application/x-www-form-urlencoded"
STATIC = re.compile(rb'(?:src|href)="(/static/[^"]+)"')


def over_https(house: House, path: str, *headers: str, method: str = "GET", body: bytes = b"") -> Answer:
    return get(house.port, path, HTTPS, *headers, method=method, host=HOST, body=body)


def cookies(answer: Answer) -> dict[str, str]:
    """Return the cookies an answer sets, by name, with all they say of themselves."""
    return {value.split("=", 1)[0]: value for name, value in answer.headers if name == "set-cookie"}


def raw(*lines: str, body: bytes = b"") -> bytes:
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


# Every kind of answer there is, pages, parts, files, refusals, and what is refused before any page is asked.
ANSWERS: dict[str, Callable[[House], Answer]] = {
    **{f"GET {route}": lambda house, route=route: over_https(house, fill(route)) for route in POLICY},  # type: ignore[misc]
    **{
        f"POST {route}": lambda house, route=route: over_https(house, fill(route), FORM, method="POST", body=b"a=b")  # type: ignore[misc]
        for route in POLICY
    },
    "404": lambda house: over_https(house, "/no/such/page"),
    "404 below the chat": lambda house: over_https(house, "/chat/no/such/page"),
    "404 of a static file": lambda house: over_https(house, "/static/none.css"),
    "a page named like a style sheet": lambda house: over_https(house, "/desk/777-777-7777/x.css"),
    "a wrong host": lambda house: get(house.port, "/chat/", HTTPS, host="evil.example"),
    "too many headers": lambda house: over_https(house, "/chat/", *["A: b"] * 300),
    "too long": lambda house: exchange(
        house.port, raw("POST /chat/transcript/ HTTP/1.1", f"Host: {HOST}", HTTPS, "Content-Length: 9999999")
    ),
    "two lengths": lambda house: exchange(
        house.port, raw("POST / HTTP/1.1", f"Host: {HOST}", HTTPS, "Content-Length: 1", "Content-Length: 2", body=b"aa")
    ),
    "no request": lambda house: exchange(house.port, b"hello\r\n\r\n"),
    "a NUL": lambda house: over_https(house, "/chat/files/%00"),
    "a bad form": lambda house: over_https(
        house, "/chat/transcript/", "Content-Type: multipart/form-data; boundary=x", method="POST", body=b"--x"
    ),
    "too many fields": lambda house: over_https(
        house, "/chat/transcript/", FORM, method="POST", body=b"&".join(b"a=b" for _ in range(700))
    ),
    "a method of nobody": lambda house: over_https(house, "/chat/", method="PROPFIND"),
    "TRACE": lambda house: over_https(house, "/chat/", method="TRACE"),
}


_asked: dict[str, Answer] = {}


def answer_of(secure: House, kind: str) -> Answer:
    """Ask once; several tests look at it."""
    if kind not in _asked:
        _asked[kind] = ANSWERS[kind](secure)
    return _asked[kind]


@pytest.mark.parametrize("kind", ANSWERS)
def test_every_answer_carries_the_headers(secure: House, kind: str) -> None:
    answer = answer_of(secure, kind)
    assert 200 <= answer.status < 500 or kind == "GET health/ready"
    assert answer.header("Strict-Transport-Security") == "max-age=63072000; includeSubDomains"
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.header("Referrer-Policy") == "strict-origin"
    assert answer.header("Cross-Origin-Opener-Policy") == "same-origin"
    assert answer.header("Cross-Origin-Resource-Policy") == (
        "cross-origin" if kind == "GET widget.js" else "same-origin"
    )
    policy = answer.header("Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    if "sandbox" not in policy:
        for directive in (
            "object-src 'none'",
            "base-uri 'none'",
            "script-src 'self'",
            "form-action 'self'",
            "frame-ancestors ",
            "report-uri /csp-report",
        ):
            assert directive in policy
    assert not [name for name, _ in answer.headers if name.startswith("access-control")], "S-08"
    assert not answer.header("Server")
    assert not answer.header("X-Powered-By")
    if answer.body and answer.status != 304:
        assert re.fullmatch(r"[\w/.+-]+(; charset=utf-8)?", answer.header("Content-Type"))
        if answer.header("Content-Type").startswith(("text/", "application/javascript")):
            assert answer.header("Content-Type").endswith("charset=utf-8")


@pytest.mark.parametrize("kind", ANSWERS)
def test_private_answers_are_kept_by_nobody(secure: House, kind: str) -> None:
    """S-47."""
    kept = answer_of(secure, kind).header("Cache-Control")
    if kind in ("GET chat/", "GET official/"):
        assert "private" in kept or "no-store" in kept
    elif kind in ("GET robots.txt", "GET official.json", "GET help/sitemap.xml", "GET help/<str:language>/"):
        assert kept.startswith("public, max-age=")
    elif kind not in ("GET widget.js", "GET api/v1/openapi.json"):  # the same for everybody
        assert "no-store" in kept


@pytest.mark.parametrize("kind", ANSWERS)
def test_no_answer_tells_what_we_are_made_of(secure: House, kind: str) -> None:
    """S-42: no trace, no setting, no name of a product with its number."""
    answer = answer_of(secure, kind)
    told = answer.body.decode("utf-8", "replace") + repr(answer.headers)
    for word in (
        "Traceback",
        "django",
        "Django",
        "uvicorn",
        "psycopg",
        "PostgreSQL",
        "site-packages",
        "DEBUG",
        "SECRET_KEY",
        "/trustdesk/config",
        "python",
        "Exception",
        "urlconf",
    ):
        assert word not in told, word


def test_static_files_carry_them_too(secure: House) -> None:
    page = over_https(secure, "/chat/")
    found = sorted({path.decode() for path in STATIC.findall(page.body)})
    assert len(found) > 10
    for path in found:
        answer = over_https(secure, path)
        assert answer.status == 200, path
        assert answer.header("Strict-Transport-Security").startswith("max-age=63072000"), path
        assert answer.header("X-Content-Type-Options") == "nosniff", path
        assert re.fullmatch(
            r"(text/(css|javascript)|image/svg\+xml)(; charset=\"?utf-8\"?)?", answer.header("Content-Type")
        ), path
        assert not [name for name, _ in answer.headers if name.startswith("access-control")], path
    for path in (
        "/static/../manage.py",
        "/static/%2e%2e/manage.py",
        "/static//etc/passwd",
        "/static/..%5cmanage.py",
        "/.git/config",
        "/.env",
        "/static/0.1.0/../../.env",
        "/manage.py",
        "/files/attachments",
        "/var/files",
        "/metrics",
        "/admin/",
    ):
        assert over_https(secure, path).status in (400, 404), path


@pytest.mark.parametrize("path", ["/chat/", "/official/", "/staff/login/", "/no/such/page"])
def test_the_policy_needs_no_number_because_there_is_nothing_inline(secure: House, path: str) -> None:
    """S-03: a nonce would allow inline scripts one by one; our pages hold none, and the policy allows none."""
    answer = over_https(secure, path)
    page = answer.body.decode()
    assert "'unsafe-inline'" not in answer.header("Content-Security-Policy")
    assert all("src=" in tag or 'type="application/json"' in tag for tag in re.findall(r"<script\b[^>]*>", page))
    assert not re.search(r"<style\b|\sstyle=|\son[a-z]+\s*=|javascript:", page)
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page), "S-11: nothing of other hosts"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "https://shop.example.test", f"https://{HOST}.evil.example"]
)
@pytest.mark.parametrize(
    "path",
    ["/chat/", "/chat/entries", "/chat/transcript/", "/chat/uploads/x", "/widget.js", "/staff/login/", "/health/live"],
)
def test_no_other_site_may_read_an_answer(secure: House, origin: str, path: str) -> None:
    """S-08, also of a preflight."""
    for method, more in (
        ("GET", ()),
        ("OPTIONS", ("Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: authorization")),
    ):
        answer = over_https(secure, path, f"Origin: {origin}", *more, method=method)
        assert not [name for name, _ in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "token", ["", "%20", "%00", "%0d%0aSet-Cookie:%20a=b", "..", "%2e%2e", "x" * 5000, "%F0%9F%98%80", "1", "null"]
)
def test_a_link_of_nobody_opens_nothing(secure: House, token: str) -> None:
    """A-13, on the wire; tests/staff has the used, the old, the replaced and other people's."""
    answer = over_https(secure, f"/staff/welcome/{token}/")
    session = cookies(answer).get("__Host-trustdesk", "")
    more = (f"Cookie: {session.split(';')[0]}",) if session else ()
    assert answer.status in (302, 400, 404)
    assert answer.header("Location") in ("", "/staff/welcome/")
    shown = over_https(secure, "/staff/welcome/", *more)
    assert shown.status == 410
    assert b"new_password" not in shown.body


@pytest.mark.parametrize(
    "path", ["/setup/", "/install/", "/staff/setup/", "/staff/create/", "/staff/signup/", "/admin/", "/api/", "/debug/"]
)
def test_there_is_no_way_to_set_up_over_the_web(secure: House, path: str) -> None:
    assert over_https(secure, path).status in (302, 404)
    assert over_https(secure, path, FORM, method="POST", body=b"a=b").status in (401, 403, 404)


# https (S-01, S-12) ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/chat/", "/chat/transcript/", "/staff/login/", "/desk/", "/widget.js", "/official/", "/chat/entries"]
)
@pytest.mark.parametrize(
    "said",
    [
        (),
        ("X-Forwarded-Proto: http",),
        ("X_Forwarded_Proto: https",),
        ("X-Forwarded-Ssl: on",),
        ("Forwarded: proto=https",),
    ],
)
def test_in_the_clear_nothing_is_answered_and_nothing_redirected(
    secure: House, path: str, said: tuple[str, ...]
) -> None:
    answer = get(secure.port, path, *said, host=HOST)
    assert answer.status == 403
    assert not answer.header("Location")
    assert not answer.header("Set-Cookie")


# Failing (S-42, S-46) ----------------------------------------------------------------------------------------------


def test_a_failure_is_a_plain_page_and_a_line_without_words(house: House, clone_database: Callable[[], str]) -> None:
    """The database goes away in the middle: 5xx with our headers, no trace on the page; ids, not text, in the log."""
    url = clone_database()
    server = start_server(url=url, env={}, command=("serve",), var=house.var)
    try:
        secret = secrets.token_hex(16)
        token = visitors.token(Visitor("visitor", secret))
        assert get(server.port, "/chat/entries", f"Authorization: Bearer {token}").status == 404
        with psycopg.connect(url, autocommit=True) as link:
            name = urlsplit(url).path[1:]
            link.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
                [name],
            )
        answers = [get(server.port, "/chat/entries", f"Authorization: Bearer {token}") for _ in range(3)]
        for answer in answers:
            assert answer.status in (404, 500, 503)
            assert "Traceback" not in answer.body.decode()
            assert answer.header("X-Content-Type-Options") == "nosniff"
        get(server.port, f"/chat/transcript/?token={token}&mail=a@b.example")
        get(server.port, f"/no/such/page?token={token}")
        log = server.output()
        assert secret not in log
        assert token not in log
        assert "a@b.example" not in log
        assert " GET " not in log, "there is no access log"
    finally:
        server.kill()


def test_log_lines_cannot_be_made_up(house: House) -> None:
    """S-50: a path with line ends in it is one line."""
    wire.get(house.port, "/%0d%0a2026-11-23T00:00:00Z ERROR trustdesk.staff forged=1".replace(" ", "%20"))
    time.sleep(0.2)
    lines = [line for line in house.server.output().splitlines() if "forged=1" in line]
    assert len(lines) == 1
    assert not lines[0].startswith("2026-11-23T00:00:00Z ERROR")
