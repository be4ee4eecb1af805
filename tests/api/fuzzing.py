"""What the fuzzer looks for beside its own checks; loaded by schemathesis itself (tests/api/test_description.py)."""

from __future__ import annotations

import json
from typing import Any

import schemathesis

# The rules of the forms, the sessions and the core that no schema can say. Anything else that refuses a well-formed
# request means that the description promises more than is kept.
RULES = {"form_refused", "session_refused", "key_reused"}
FLAWS = {("type", "not_an_option"), ("fields", "unknown_field"), ("customer.mail", "not_a_mail"), ("", "not_text")}


@schemathesis.check
def only_refused_by_the_rules(_ctx: Any, response: Any, case: Any) -> None:
    """Look that a request as described is never refused for its form."""
    if response.status_code != 422 or not case.meta.generation.mode.is_positive:
        return
    problem = json.loads(response.content)
    found = {(one["field"], one["code"]) for one in problem.get("errors", ())}
    assert problem["code"] in RULES or (found and found <= FLAWS), problem


@schemathesis.check
def sets_no_cookie(_ctx: Any, response: Any, _case: Any) -> None:
    """Look that nothing here begins a session."""
    assert "set-cookie" not in response.headers
