"""What keeps the code easy to find one's way in: layers, sizes, names, migrations in step, nothing of one machine."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent
MOST_LINES = 400
NAMELESS = {"util", "utils", "helper", "helpers", "common", "misc", "base_utils", "tools", "stuff"}
READERS = {"text", "secret", "integer", "boolean", "choice", "words", "path", "origins"}


def tracked() -> list[Path]:
    """Return the files of the project: those git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode == 0:
        names = [Path(name) for name in listed.stdout.split("\0") if name]
    else:  # a release archive has no .git
        skipped = {".venv", "var", ".git", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}
        names = [path.relative_to(ROOT) for path in ROOT.rglob("*") if not skipped & set(path.parts)]
    return sorted(name for name in names if (ROOT / name).is_file())


FILES = tracked()
PYTHON = [path for path in FILES if path.suffix == ".py"]


def test_this_looks_at_the_real_project() -> None:
    assert Path("trustdesk/config/settings.py") in PYTHON
    assert Path("tests/test_architecture.py") in PYTHON


def test_layers_hold() -> None:
    # In a process of its own: the linter keeps its configuration for the rest of a process.
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_files_are_short() -> None:
    lines = {path: (ROOT / path).read_bytes().count(b"\n") for path in PYTHON if "migrations" not in path.parts}
    assert {str(path): count for path, count in lines.items() if count > MOST_LINES} == {}


def test_every_module_has_a_name_of_the_field() -> None:
    assert [str(path) for path in PYTHON if NAMELESS & {path.stem.lower(), path.parent.name.lower()}] == []


@pytest.mark.django_db
def test_migrations_are_in_step_with_the_models(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        call_command("makemigrations", check=True, dry_run=True, verbosity=1)
    except SystemExit:
        pytest.fail(capsys.readouterr().out)


# Written in pieces, so that this file does not find itself.
OF_ONE_MACHINE = [
    re.compile(
        rb"(^|[^A-Za-z0-9_.~*-])/(w" + rb"ork|r" + rb"oot|h" + rb"ome/[a-z]+|U" + rb"sers/[a-z]+)/", re.MULTILINE
    ),
    re.compile(rb"--(extra-)?ind" + rb"ex-url|--find" + rb"-links|py" + rb"pi\.org|registry\.np" + rb"mjs"),
    re.compile(rb'"resolved": *"ht' + rb"tp"),
]


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = [str(path) for path in FILES for pattern in OF_ONE_MACHINE if pattern.search((ROOT / path).read_bytes())]
    assert found == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_holds_exact_versions_with_hashes_and_nothing_else(name: str) -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / name).read_text().strip())
    assert len(entries) > 20
    pinned = r"[a-z0-9][a-z0-9._-]*(\[[a-z,]+\])?==[^ ;\\]+( ;[^\\]+)? \\\n"
    version = re.compile(pinned + r"( +--hash=sha256:[0-9a-f]{64}( \\)?\n?)+( +#.*\n?)*")
    assert [entry for entry in entries if not version.fullmatch(entry)] == []


def test_the_development_lock_holds_all_of_the_other_one() -> None:
    # bin/environment counts on it: after bin/test, bin/up has nothing to install.
    running, developing = (
        set(re.findall(r"^\S+==\S+", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert running <= developing


def keys_read() -> set[str]:
    """Return the keys that the code asks `env` for, from the source: some are read only in one mode."""
    found = set()
    for path in PYTHON:
        if path.parts[0] != "trustdesk":
            continue
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
                continue
            key = node.args[0]
            of_env = isinstance(node.func.value, ast.Name) and node.func.value.id == "env"
            if of_env and node.func.attr in READERS and isinstance(key, ast.Constant):
                found.add(str(key.value))
    return found


def test_every_setting_is_in_the_example_and_there_are_few() -> None:
    example = (ROOT / ".env.example").read_text()
    listed = re.findall(r"^([A-Z0-9_]+)=", example, re.MULTILINE)
    assert sorted(listed) == sorted(keys_read())
    assert len(listed) < 30
    # Each stands right below a comment that explains it (or below another one that the same comment explains).
    blocks = re.split(r"\n(?=#)", example)
    assert [block for block in blocks if re.match(r"[A-Z]", block)] == []


def test_only_env_reads_the_environment() -> None:
    reading = re.compile(r"os\.(environ(?!\.setdefault\(\"DJANGO_SETTINGS_MODULE)|getenv)")
    readers = [
        str(path) for path in PYTHON if path.parts[0] == "trustdesk" and reading.search((ROOT / path).read_text())
    ]
    assert readers == ["trustdesk/config/env.py"]
