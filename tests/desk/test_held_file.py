"""Taking out a held file on a database that commits: an audit row outside of a transaction is refused."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from tests import world
from tests.desk.desks import person
from tests.desk.test_files import DOCX, upload
from trustdesk.staff.models import Audit, Role


def test_it_is_written_down_where_no_transaction_of_a_test_is_around(committed_db: str) -> None:
    world.fresh()
    key = upload(DOCX, "proposal.docx", "application/octet-stream")
    world.chat("our proposal", uploads=(key,))
    _, client = person("Lena", "funds", role=Role.LEAD)
    answer: Any = client.post(reverse("desk_held_file", args=[key]))
    assert b"".join(answer.streaming_content) == DOCX
    assert Audit.objects.filter(action="held_file_opened").count() == 1
