"""The published description, and the interface held against it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.api import callers
from tests.api.callers import BASE, case, code, get, post, token
from tests.processes import ROOT, Process
from trustdesk.api import description, problems
from trustdesk.conversations.models import Conversation

SECONDS = 25

# A well-formed request may still be refused by the rules of its form; tests/api/fuzzing.py looks that nothing else hides
# behind that. What is too large is refused as such.
CONFIGURATION = """
hooks = "tests.api.fuzzing"

[checks.positive_data_acceptance]
expected-statuses = ["2xx", 404, 422]

[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 413, 415, 422]
"""


@pytest.fixture
def described() -> dict[str, Any]:
    return description.describe()


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """List path, method and operation."""
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_description_is_public_and_may_be_kept() -> None:
    answer = get("openapi.json")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    again = Client().get(f"{BASE}openapi.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert json.loads(answer.content)["openapi"].startswith("3.1")


def test_no_page_of_it_loads_scripts_of_others() -> None:
    for path in ("docs", "redoc", "swagger", "docs/"):
        assert code(get(path)) == "not_found"


def test_it_says_all_that_can_be_asked(described: dict[str, Any]) -> None:
    assert {(method, path) for path, method, _ in operations(described)} == {
        ("post", f"{BASE}conversations"),
        ("get", f"{BASE}conversations/{{reference}}"),
        ("post", f"{BASE}conversations/{{reference}}/messages"),
        ("get", f"{BASE}request-types"),
        ("get", f"{BASE}request-types/{{code}}"),
    }


def test_every_operation_is_complete(described: dict[str, Any]) -> None:
    shown = set()
    for _, method, operation in operations(described):
        assert operation["security"][0].keys() == {"token"}
        assert operation["summary"]
        assert operation["description"]
        statuses = {"401", "403", "404", "422", "429", "500", "503"} | (
            {"201", "400", "413", "415"} if method == "post" else {"200"}
        )
        assert statuses <= set(operation["responses"])
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                examples = answer["content"][problems.CONTENT_TYPE]["examples"]
                assert {one["value"]["status"] for one in examples.values()} == {int(status)}
                shown |= set(examples)
        if method == "post":
            assert operation["requestBody"]["content"]["application/json"]["examples"]
            assert "Idempotency-Key" in {one["name"] for one in operation["parameters"]}
    assert shown == set(problems.KINDS) - {"method_not_allowed"}, "which no operation answers"


def test_every_shape_is_closed(described: dict[str, Any]) -> None:
    """S-19: what is not declared is neither taken nor sent."""
    shapes = described["components"]["schemas"]
    assert len(shapes) > 12
    assert [name for name, shape in shapes.items() if shape.get("additionalProperties", True) is not False] == []


def test_no_example_holds_anybodys_address(described: dict[str, Any]) -> None:
    assert set(re.findall(r"[\w.]+@[\w.]+", json.dumps(described))) == {"customer@example.test"}


def test_the_examples_work(committed_db: str, described: dict[str, Any]) -> None:
    callers.fresh()
    caller = token()
    for path, _, operation in operations(described):
        for example in (
            operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("examples", {}).values()
        ):
            reference = json.loads(post("conversations", case(), token=caller).content)["reference"]
            address = path.removeprefix(BASE).replace("{reference}", reference)
            answer = post(address, example["value"], token=caller)
            assert answer.status_code == 201, answer.content


@pytest.mark.faults
def test_schemathesis_finds_nothing(
    committed_db: str, live_server_process: Callable[..., Process], tmp_path: Path
) -> None:
    """Every check there is, by examples, at the edges, at random and in sequences, against the real server."""
    callers.fresh()
    caller = token(per_minute=1_000_000)
    server = live_server_process(url=committed_db)
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text(CONFIGURATION)
    result = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            f"--config-file={configuration}",
            "run",
            f"{server.address}{BASE}openapi.json",
            "--checks=all",
            f"--header=Authorization: Bearer {caller}",
            f"--max-time={SECONDS}",
            "--seed=1",
            "--no-color",
            "--continue-on-failure",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=SECONDS + 80,
        check=False,
    )
    (tmp_path / "schemathesis.txt").write_text(result.stdout)
    assert result.returncode == 0, result.stdout[-12_000:] + result.stderr[-2_000:]
    assert re.search(r"Tested: +5", result.stdout), "all operations"
    assert Conversation.objects.count() > 1, "it must have got as far as opening some"
    server.stop()
    assert "Traceback" not in server.output()
    assert "a request failed" not in server.output()
