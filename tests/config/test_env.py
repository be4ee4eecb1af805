from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from trustdesk.config import env


@pytest.fixture(autouse=True)
def _nothing_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(env, "_problems", {})
    for key in ("KEY", "KEY_FILE", "OTHER"):
        monkeypatch.delenv(key, raising=False)


def test_blank_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "  ")
    assert env.text("KEY", default="stand-in") == "stand-in"
    assert env.integer("KEY", default=7, minimum=0, maximum=9) == 7
    assert env.boolean("KEY", default=True) is True
    assert env.words("KEY", default=("a", "b")) == ["a", "b"]
    assert env.problems() == {}


def test_values_are_read_with_their_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", " 12 ")
    assert env.integer("KEY", default=0, minimum=0, maximum=12) == 12
    monkeypatch.setenv("KEY", "Off")
    assert env.boolean("KEY", default=True) is False
    monkeypatch.setenv("KEY", "a, b,,c ")
    assert env.words("KEY") == ["a", "b", "c"]
    monkeypatch.setenv("KEY", "relative")
    assert env.path("KEY", default=Path("/")) == Path.cwd() / "relative"
    assert env.problems() == {}


@pytest.mark.parametrize("value", ["ten", "1.5", "-1", "10", "0x1"])
def test_a_bad_number_is_a_problem(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("KEY", value)
    assert env.integer("KEY", default=3, minimum=0, maximum=9) == 3
    assert "KEY" in env.problems()


@pytest.mark.parametrize("value", ["maybe", "2", "ye", "disabled"])
def test_a_typo_is_neither_yes_nor_no(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("KEY", value)
    env.boolean("KEY", default=False)
    assert "KEY" in env.problems()


@pytest.mark.parametrize(
    "value",
    [
        "http://example.com",
        "https://example.com/",
        "https://example.com/path",
        "https://*.example.com",
        "https://a.example.com; script-src *",
        "https://user@example.com",
        "example.com",
        "*",
        "https://",
    ],
)
def test_what_is_no_origin_never_reaches_a_header(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("KEY", f"https://good.example.com,{value}")
    env.origins("KEY")
    assert "KEY" in env.problems()


def test_origins_keep_their_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "https://a.example.com, https://b.example.com:8443")
    assert env.origins("KEY") == ["https://a.example.com", "https://b.example.com:8443"]
    assert env.problems() == {}


def test_a_secret_may_lie_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from a file\n")
    monkeypatch.setenv("KEY_FILE", str(file))
    assert env.secret("KEY") == "from a file"
    monkeypatch.setenv("KEY", "directly")
    env.secret("KEY")
    assert "twice" in env.problems()["KEY"]


def test_an_unreadable_file_is_a_problem_that_tells_no_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KEY_FILE", str(tmp_path / "absent"))
    assert env.secret("KEY", default="stand-in") == ""
    assert "FileNotFoundError" in env.problems()["KEY"]
    assert str(tmp_path) not in env.problems()["KEY"]


def test_a_short_secret_is_a_problem_that_does_not_repeat_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "hunter2")
    env.secret("KEY", min_length=20)
    assert "too short" in env.problems()["KEY"]
    assert "hunter2" not in env.problems()["KEY"]


def test_all_problems_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    env.refuse()
    env.text("KEY")
    monkeypatch.setenv("OTHER", "x")
    env.integer("OTHER", default=1, minimum=0, maximum=2)
    with pytest.raises(ImproperlyConfigured) as refusal:
        env.refuse()
    assert "KEY is required" in str(refusal.value)
    assert "OTHER is not a whole number" in str(refusal.value)
