"""S-01, A-14, A-15: cookies of one host over https, ids that change, and nobody's token on anybody's page."""

from __future__ import annotations

import re
import secrets
import time

import pytest

from tests.attacks.conftest import HOST, House
from tests.attacks.test_headers import FORM, cookies, over_https
from tests.attacks.test_routes import DEMO, fill, routes
from tests.attacks.wire import Answer, get
from tests.staff import people
from trustdesk.customers import visitors
from trustdesk.customers.visitors import Visitor
from trustdesk.staff.models import Role, Team


def test_cookies_can_be_used_by_this_host_over_https_alone(secure: House, inside: None) -> None:
    """S-01, on every cookie of a sign-in, with password and code, on the wire."""
    mei = people.agent(f"mei{time.monotonic_ns()}@example.com", teams=(Team.objects.get(slug="funds"),))
    secret = people.give_totp(mei)
    jar: dict[str, str] = {}
    seen: dict[str, set[str]] = {}
    keys: list[str] = []

    def ask(path: str, form: str = "") -> Answer:
        token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', pages[-1].body) if pages else None
        cookie = "Cookie: " + "; ".join(f"{name}={value}" for name, value in jar.items())
        body = f"{form}&csrfmiddlewaretoken={token[1].decode()}".encode() if form and token else b""
        more = (FORM, f"Origin: https://{HOST}", f"Referer: https://{HOST}{path}") if body else ()
        answer = over_https(secure, path, cookie, *more, method="POST" if body else "GET", body=body)
        for name, whole in cookies(answer).items():
            seen.setdefault(name, set()).add(whole)
            jar[name] = whole.split("=", 1)[1].split(";")[0]
        keys.append(jar.get("__Host-trustdesk", ""))
        pages.append(answer)
        return answer

    pages: list[Answer] = []
    ask("/staff/login/?lang=en")
    ask("/staff/login/", f"login={mei.email.replace('@', '%40')}&password={people.PASSWORD}")
    ask("/staff/second-factor/authenticate/")
    done = ask("/staff/second-factor/authenticate/", f"code={people.totp_code(secret)}")
    assert done.header("Location") == "/desk/"
    for path in ("/staff/", "/staff/second-factor/", "/desk/", "/desk/_list.html", "/official/", "/chat/"):
        assert ask(path).status == 200, path

    assert {"__Host-trustdesk", "__Host-trustdesk-csrf", "__Host-trustdesk-language"} <= set(seen)
    for name, wholes in seen.items():
        for whole in wholes:
            parts = {part.strip().lower() for part in whole.split(";")[1:]}
            assert {"secure", "httponly", "samesite=lax", "path=/"} <= parts, name
            assert not [part for part in parts if part.startswith("domain")], name
        assert name.startswith("__Host-")

    # the id changed at the password and at the second factor, and stands nowhere but in its cookie.
    ids = [key for key in dict.fromkeys(keys) if key]
    assert len(ids) >= 2
    for answer in pages:
        told = answer.body + repr([(name, value) for name, value in answer.headers if name != "set-cookie"]).encode()
        assert not [key for key in ids if key.encode() in told]
        assert secret.encode() not in told
    for key in ids[:-1]:
        assert over_https(secure, "/desk/", f"Cookie: __Host-trustdesk={key}").status == 302, (
            "an earlier id is worth nothing"
        )
    assert not [key for key in ids if key in secure.server.output()]
    assert people.PASSWORD not in secure.server.output()
    assert mei.email not in secure.server.output()


# Whose tokens are told (A-15) --------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["nobody", "a visitor", "an agent", "an admin"])
def test_no_page_shows_tokens_of_others(house: House, inside: None, who: str) -> None:
    """A-15: every GET of the product by everybody, searched for what opens somebody else's chat, file or session."""
    anna, welcome = house.chat()
    ack = anna.say("hello")
    place = anna.ask(
        {"t": "upload", "id": secrets.token_hex(6), "name": "a.txt", "size": 5, "type": "text/plain"}, "upload"
    )
    token = str(welcome["token"])
    handle = visitors.read(token)
    assert isinstance(handle, Visitor)
    other = people.signed_in(people.agent(f"other{time.monotonic_ns()}@example.com"))
    headers = []
    if who == "a visitor":
        boris, his = house.chat()
        boris.say("hi")
        headers = [f"Authorization: Bearer {his['token']}"]
    elif who != "nobody":
        role = Role.ADMIN if who == "an admin" else Role.AGENT
        agent = people.agent(
            f"mei{time.monotonic_ns()}@example.com", role=role, teams=(Team.objects.get(slug="accounts"),)
        )
        headers = [f"Cookie: trustdesk={people.key_of(people.signed_in(agent))}"]
    secret = [token, token.split(":")[0], handle.value, place["ticket"], people.key_of(other)]
    looked = 0
    for route in routes():
        if route.startswith(("staff/logout", DEMO)):  # of the pretend exchange everything is told, also its codes
            continue
        path = fill(route, reference=ack["case"], key=place["file"])
        answer = get(house.port, path, *headers)
        assert answer.status < 500 or route.startswith("health"), route
        looked += answer.status == 200
        told = answer.body.decode("utf-8", "replace") + repr(answer.headers)
        for value in secret:
            assert value not in told, (route, value)
        assert not re.search(r"pbkdf2|scrypt\$|md5\$", told), route
    assert looked >= {"nobody": 4, "a visitor": 4, "an agent": 9, "an admin": 9}[who]


def test_nothing_a_visitor_hears_names_another(house: House) -> None:
    """A-15, N-13 on the socket: no ids of rows, handles, addresses."""
    anna, welcome = house.chat()
    anna.say("hello")
    anna.ask({"t": "ping"}, "pong")
    boris, his = house.chat()
    boris.say("hello")
    boris.ask({"t": "ping"}, "pong")
    name = visitors.read(str(welcome["token"]))
    assert name is not None
    assert name.value not in repr(boris.heard)
    assert name.value not in repr([frame for frame in anna.heard if frame["t"] != "welcome"])
    assert str(welcome["token"]) != str(his["token"])
    assert not re.search(r"'(customer_id|handle|visitor|agent_id|email|ip)'", repr(boris.heard))
