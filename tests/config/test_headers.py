"""What every response carries, and in which language it comes."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings

from trustdesk.ui.language import LanguageMiddleware
from trustdesk.ui.security import SecurityHeadersMiddleware


def answer(path: str, *, secure: bool = False, headers: dict[str, str] | None = None) -> HttpResponse:
    def view(request: HttpRequest) -> HttpResponse:
        response = HttpResponse("page", headers=headers)
        response.headers.setdefault("X-Frame-Options", "DENY")
        return response

    return SecurityHeadersMiddleware(view)(RequestFactory().get(path, secure=secure))


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/staff/login/", "/no/such/page/", "/static/none.css"])
def test_every_response_is_closed_by_default(client: Client, path: str) -> None:
    response = client.get(path)
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self';" in policy
    for directive in ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert directive in policy
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "strict-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "no-store" in response.headers["Cache-Control"]
    assert "charset=utf-8" in response.headers["Content-Type"]
    assert not [name for name in response.headers if name.startswith("Access-Control")]


@override_settings(EMBED_ORIGINS=["https://a.example", "https://b.example:8443"])
def test_only_chat_pages_may_be_framed_and_only_by_the_configured_sites() -> None:
    chat = answer("/chat/")
    assert chat.headers["Content-Security-Policy"].endswith(
        "frame-ancestors 'self' https://a.example https://b.example:8443"
    )
    assert "X-Frame-Options" not in chat.headers
    for path in ("/desk/", "/chatter/", "/", "/desk/chat/"):
        assert answer(path).headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")
        assert answer(path).headers["X-Frame-Options"] == "DENY"


def test_a_view_may_set_its_own() -> None:
    loader = answer("/c.js", headers={"Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": "public"})
    assert loader.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert loader.headers["Cache-Control"] == "public"


@override_settings(HTTPS=True)
def test_plain_http_is_refused_not_redirected_but_for_health() -> None:
    assert answer("/desk/").status_code == 403
    assert "Content-Security-Policy" in answer("/desk/").headers
    assert answer("/desk/", secure=True).status_code == 200
    assert answer("/health/live").status_code == 200


def language(query: str = "", *, cookie: str = "", browser: str = "") -> tuple[str, str]:
    """Return the language of the answer, and the one it asks the browser to remember."""
    request = RequestFactory().get(f"/{query}", headers={"accept-language": browser})
    if cookie:
        request.COOKIES["trustdesk-language"] = cookie
    response = LanguageMiddleware(lambda request: HttpResponse())(request)
    kept = response.cookies.get("trustdesk-language")
    assert "Accept-Language" in response.headers["Vary"]
    return response.headers["Content-Language"], kept.value if kept else ""


@pytest.mark.parametrize(
    ("browser", "expected"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-hans"),
        ("zh-Hans", "zh-hans"),
        ("zh-SG", "zh-hans"),
        ("zh-TW", "zh-hans"),
        ("en-GB", "en"),
        ("fr, de", "en"),
        ("fr, zh-CN;q=0.5", "zh-hans"),
        ("", "en"),
        ("*;q=0.1," * 500, "en"),
    ],
)
def test_the_browsers_language(browser: str, expected: str) -> None:
    assert language(browser=browser) == (expected, "")


def test_a_switch_wins_and_is_remembered() -> None:
    assert language("?lang=zh-hans", cookie="en", browser="en") == ("zh-hans", "zh-hans")
    assert language(cookie="zh-hans", browser="en") == ("zh-hans", "")
    assert language("?lang=en", cookie="zh-hans", browser="zh-CN") == ("en", "en")


@pytest.mark.parametrize("code", ["xx", "../../etc", "fr%0d%0aSet-Cookie:a=b", "%00", "e" * 1000])
def test_an_unknown_language_changes_nothing(code: str) -> None:
    assert language(f"?lang={code}", browser="zh-CN") == ("zh-hans", "")
