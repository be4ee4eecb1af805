"""Start-up in production: it works with everything in place, and otherwise names every bad key at once."""

import json
import os
import subprocess
import sys

import pytest

from tests.processes import ROOT

COMPLETE = {
    "TRUSTDESK_URL": "https://support.example.com",
    "TRUSTDESK_HOSTS": "support.example.com",
    "SECRET_KEY": "kD93-fj2LwQz7Vb1Xc5Nm8Rt4Yh6Gp0SaUeIoJkHdTfWqZxCvBn",
    "DATABASE_URL": "postgresql://app:pw@127.0.0.1:1/desk",
    "DATABASE_OWNER_URL": "postgresql://owner:pw@127.0.0.1:1/desk",
    "EMBED_ORIGINS": "https://www.example.com",
    "TRUSTED_PROXY_COUNT": "1",
    "EXCHANGE_NAME": "Example",
    "EXCHANGE_URL": "https://internal.example.com",
    "EXCHANGE_TOKEN": "fedcba9876543210fedcba9876543210",
    "EXCHANGE_SESSION_KEY": "0123456789abcdef0123456789abcdef",
    "MAIL_URL": "smtps://user:pw@mail.example.com",
    "MAIL_FROM": "support@example.com",
}
ASK = (
    "import json, sys; from trustdesk.config import settings as s; "
    "print(json.dumps({name: getattr(s, name, None) for name in sys.argv[1:]}, default=str))"
)


def start(env: dict[str, str], *names: str) -> "subprocess.CompletedProcess[str]":
    """Import the settings in a process that has nothing but `env`, and print the named ones."""
    return subprocess.run(
        [sys.executable, "-c", ASK, *names],
        env={"PATH": os.defpath, **env},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def read(env: dict[str, str], *names: str) -> dict[str, object]:
    result = start(env, *names)
    assert result.returncode == 0, result.stderr
    settings: dict[str, object] = json.loads(result.stdout)
    return settings


def test_production_is_the_default_and_safe() -> None:
    expected = {
        "MODE": "production",
        "DEBUG": False,
        "DEMO": False,
        "SESSION_COOKIE_NAME": "__Host-trustdesk",
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_NAME": "__Host-trustdesk-csrf",
        "CSRF_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "SECURE_HSTS_SECONDS": 2 * 365 * 24 * 60 * 60,
        "ALLAUTH_TRUSTED_PROXY_COUNT": 1,
        "EMAIL_BACKEND": "trustdesk.channels.mail_backend.Outgoing",
    }
    assert read(COMPLETE, *expected) == expected


def test_nothing_set_names_everything_that_is_missing() -> None:
    result = start({})
    assert result.returncode != 0
    missing = [key for key in COMPLETE if key not in {"DATABASE_OWNER_URL", "TRUSTED_PROXY_COUNT"}]
    assert [key for key in missing if f"  {key} is required" not in result.stderr] == []


UNSAFE = {
    "TRUSTDESK_MODE": "prod",
    "TRUSTDESK_DEBUG": "1",
    "SECRET_KEY": "change-me-" + "x" * 50,
    "TRUSTDESK_HOSTS": "*",
    "TRUSTDESK_URL": "http://support.example.com",
    "DATABASE_URL": "sqlite:///db.sqlite3",
    "WEB_THREADS": "1000",
    "EMBED_ORIGINS": "https://*.example.com",
    "EXCHANGE_URL": "http://internal.example.com",
    "EXCHANGE_TOKEN": "short",
    "EXCHANGE_SESSION_KEY": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
    "MAIL_URL": "smtps://[mail.example.com",
    "TRUSTDESK_FAILPOINTS": "after_commit=crash",
    "TRUSTDESK_CLOCK_OFFSET": "3600",
    "PORT": "0",
    "LOG_LEVEL": "loud",
}


def test_every_unsafe_value_is_named_in_one_refusal() -> None:
    result = start({**COMPLETE, **UNSAFE})
    assert result.returncode != 0
    assert [key for key in UNSAFE if f"  {key} " not in result.stderr] == []


HOOK = "anymail+mailgun://?webhook_signing_key=0123456789abcdef"


def test_after_the_way_out_stand_providers_that_bring_mail() -> None:
    value = f"{COMPLETE['MAIL_URL']} {HOOK}\n{HOOK}1"
    found = {"MAIL": COMPLETE["MAIL_URL"], "MAIL_HOOKS": [HOOK, f"{HOOK}1"]}
    assert read({**COMPLETE, "MAIL_URL": value}, *found) == found
    assert read(COMPLETE, "MAIL_HOOKS") == {"MAIL_HOOKS": []}


@pytest.mark.parametrize("more", ["smtps://other.example.com", "anymail+mailgun://", "anymail+://?a=b", "anymail+x:?a", "x"])
def test_nothing_else_stands_there(more: str) -> None:
    result = start({**COMPLETE, "MAIL_URL": f"{COMPLETE['MAIL_URL']} {more}"})
    assert "  MAIL_URL " in result.stderr


@pytest.mark.parametrize("value", ["mail.example.com", "https://mail.example.com", "smtp://", "smtp://mail:port"])
def test_what_is_no_mail_address_is_refused(value: str) -> None:
    assert "  MAIL_URL " in start({**COMPLETE, "MAIL_URL": value}).stderr


@pytest.mark.parametrize("key", sorted(UNSAFE.keys() - {"TRUSTDESK_MODE"}))
def test_each_unsafe_value_alone_is_refused(key: str) -> None:
    result = start({**COMPLETE, key: UNSAFE[key]})
    assert result.returncode != 0
    assert f"  {key} " in result.stderr


def test_https_without_a_proxy_of_ours_is_refused() -> None:
    assert "  TRUSTED_PROXY_COUNT " in start({**COMPLETE, "TRUSTED_PROXY_COUNT": "0"}).stderr


def test_one_role_for_everything_is_refused() -> None:
    result = start({**COMPLETE, "DATABASE_OWNER_URL": COMPLETE["DATABASE_URL"]})
    assert "  DATABASE_OWNER_URL " in result.stderr


def test_the_owner_is_used_only_when_asked_for() -> None:
    serving = read(COMPLETE, "DATABASES", "DATABASE_APP_ROLE")
    owning = read({**COMPLETE, "TRUSTDESK_DATABASE_ROLE": "owner"}, "DATABASES", "DATABASE_APP_ROLE")
    assert _user(serving) == serving["DATABASE_APP_ROLE"] == owning["DATABASE_APP_ROLE"] == "app"
    assert _user(owning) == "owner"


def _user(settings: dict[str, object]) -> object:
    databases = settings["DATABASES"]
    assert isinstance(databases, dict)
    return databases["default"]["USER"]


def test_try_out_stays_on_this_machine() -> None:
    url = {"DATABASE_URL": COMPLETE["DATABASE_URL"]}
    settings = read({"TRUSTDESK_MODE": "try-out", **url}, "DEBUG", "DEMO", "ALLOWED_HOSTS", "SESSION_COOKIE_SECURE")
    assert settings == {
        "DEBUG": False,
        "DEMO": True,
        "ALLOWED_HOSTS": ["localhost", "127.0.0.1", "[::1]"],
        "SESSION_COOKIE_SECURE": False,
    }
    elsewhere = start({"TRUSTDESK_MODE": "try-out", "TRUSTDESK_URL": COMPLETE["TRUSTDESK_URL"], **url})
    assert "  TRUSTDESK_URL " in elsewhere.stderr
