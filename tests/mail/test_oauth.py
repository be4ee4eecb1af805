"""Access tokens for mail servers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.net.clients import client
from tests.net.servers import Handler, http_server
from trustdesk.net.oauth import Grant, OAuth2, OAuthFailed, google, microsoft


def answering(*answers: tuple[int, bytes]) -> Any:
    left = list(answers)

    def answer(handler: Handler) -> None:
        status, body = left.pop(0)
        handler.reply(status, body)

    return answer


def test_tokens_are_kept_until_they_end_and_renewed_with_the_newest_refresh_token() -> None:
    clock = [0.0]
    renewed: list[str] = []
    answers = [(200, b'{"access_token":"a%d","expires_in":"3600","refresh_token":"r%d"}' % (n, n)) for n in (1, 2, 3)]
    with http_server(answering(*answers)) as server, client(server) as http:
        grant = Grant(f"http://127.0.0.1:{server.port}/token", "id", "secret", "r0", "mail")
        source = OAuth2(grant, http=http, renewed=renewed.append, clock=lambda: clock[0])
        assert [source.token(), source.token(), source.token(fresh=True)] == ["a1", "a1", "a2"]
        clock[0] = 3_500.0
        assert source.token() == "a3"
        assert [b"refresh_token=r%d" % n in asked.body for n, asked in enumerate(server.asked)] == [True] * 3
        assert b"grant_type=refresh_token" in server.asked[0].body
        assert b"client_secret=secret" in server.asked[0].body
    assert renewed == ["r1", "r2", "r3"]
    assert "secret" not in repr(grant)
    assert "r0" not in repr(grant)


def test_a_new_refresh_token_that_could_not_be_kept_is_handed_over_again() -> None:
    kept: list[str] = []
    away = [True]

    def keep(token: str) -> None:
        if away[0]:
            raise ConnectionError
        kept.append(token)

    with http_server(answering((200, b'{"access_token":"a","refresh_token":"r1"}'))) as server, client(server) as http:
        source = OAuth2(Grant(f"http://127.0.0.1:{server.port}/token", "id", "secret", "r0"), http=http, renewed=keep)
        with pytest.raises(ConnectionError):
            source.token()
        away[0] = False
        assert [source.token(), source.token()] == ["a", "a"]
        assert len(server.asked) == 1
    assert kept == ["r1"]


def test_an_application_asks_with_its_own_credentials() -> None:
    with http_server(answering((200, b'{"access_token":"a","expires_in":3599}'))) as server, client(server) as http:
        grant = microsoft(tenant="t", client_id="id", client_secret="s", authority=f"http://127.0.0.1:{server.port}")
        assert OAuth2(grant, http=http).token() == "a"
        [asked] = server.asked
    assert asked.path == "/t/oauth2/v2.0/token"
    assert b"grant_type=client_credentials" in asked.body
    assert b"outlook.office365.com%2F.default" in asked.body
    assert google(client_id="id", client_secret="s", refresh_token="r").token_url == "https://oauth2.googleapis.com/token"


@pytest.mark.parametrize(
    ("status", "body", "reason", "permanent"),
    [
        (400, b'{"error":"invalid_grant","error_description":"of lin@mail.test"}', "oauth_invalid_grant", True),
        (401, b'{"error":"invalid_client"}', "oauth_invalid_client", True),
        (400, b'{"error":"<script>"}', "oauth_400", True),
        (500, b"{}", "oauth_status_500", False),
        (200, b'{"token":"x"}', "oauth_answer", False),
        (200, b"<html>", "oauth_bad_json", True),
    ],
)
def test_why_there_is_no_token(status: int, body: bytes, reason: str, permanent: bool) -> None:
    with http_server(answering(*[(status, body)] * 3)) as server, client(server) as http:
        grant = Grant(f"http://127.0.0.1:{server.port}/token", "id", "secret", "r0")
        source = OAuth2(grant, http=http)
        with pytest.raises(OAuthFailed, match=reason) as failed:
            source.token()
        assert (failed.value.reason, failed.value.permanent) == (reason, permanent)
