from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from tests.staff import people
from trustdesk.config import database, embedded
from trustdesk.staff import audit
from trustdesk.staff.models import Audit


def write(count: int) -> list[Audit]:
    with transaction.atomic():
        return [
            audit.record(
                actor=audit.Actor(agent_id=7, name="Mei Zhang", ip="2001:db8::1", session_key="s3cret-session"),
                action="revealed",
                target=f"conversation:{n}",
                reason="客户要求",
                data={"b": 2, "a": [1, None, True]},
            )
            for n in range(count)
        ]


@pytest.mark.django_db
def test_a_row_keeps_who_what_where_and_why_but_no_session_id() -> None:
    [row] = write(1)
    row.refresh_from_db()
    assert (row.agent_id, row.agent_name, row.ip, row.result) == (7, "Mei Zhang", "2001:db8::1", "done")
    assert row.data == {"a": [1, None, True], "b": 2}
    assert row.prev_hash == audit.GENESIS
    assert len(row.session_hash) == 16
    assert "s3cret" not in str(Audit.objects.values())


@pytest.mark.django_db
def test_an_untouched_chain_is_good() -> None:
    rows = write(5)
    assert audit.verify() == audit.Verdict(rows=5, head=rows[-1].hash, first_bad_id=None)
    assert audit.verify(head=rows[2].hash).first_bad_id is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement", ["UPDATE staff_audit SET reason = ''", "DELETE FROM staff_audit", "TRUNCATE staff_audit"]
)
def test_the_application_role_cannot_change_the_audit(statement: str) -> None:
    write(1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (database.APPLICATION,)
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            cursor.execute(statement)
    assert Audit.objects.count() == 1


@pytest.mark.parametrize(
    ("tampering", "bad"),
    [
        ("UPDATE staff_audit SET reason = 'never mind' WHERE id = %(third)s", "third"),
        ("UPDATE staff_audit SET agent_id = 8 WHERE id = %(third)s", "third"),
        ("UPDATE staff_audit SET data = '{}' WHERE id = %(third)s", "third"),
        ("UPDATE staff_audit SET at = at - interval '1 microsecond' WHERE id = %(third)s", "third"),
        ("DELETE FROM staff_audit WHERE id = %(third)s", "fourth"),
        ("UPDATE staff_audit SET id = id + 1000 WHERE id = %(third)s", "fourth"),
        ("DELETE FROM staff_audit WHERE id >= %(third)s", "second"),
    ],
)  # fmt: skip
def test_the_owner_can_but_the_verifier_names_the_first_bad_row(
    postgres: embedded.EmbeddedServer, committed_db: str, tampering: str, bad: str
) -> None:
    rows = write(5)
    name = dict(zip(("first", "second", "third", "fourth", "fifth"), (row.pk for row in rows), strict=True))
    with psycopg.connect(postgres.url(role=database.OWNER, name=committed_db.rsplit("/", 1)[1])) as owner:
        owner.execute(tampering, {"third": name["third"]})
    # A cut tail shows only against a head that was noted elsewhere.
    assert audit.verify(head=rows[-1].hash).first_bad_id == name[bad]


@pytest.mark.django_db
def test_a_row_goes_with_its_act() -> None:
    with transaction.atomic():
        audit.record(actor=audit.actor_of(people.agent()), action="revealed")
        transaction.set_rollback(True)
    assert not Audit.objects.exists()


@pytest.mark.django_db
def test_the_command_prints_the_head_and_fails_on_another() -> None:
    rows = write(3)
    out = StringIO()
    call_command("verify_audit", head=rows[0].hash, stdout=out)
    assert out.getvalue() == f"3 rows, head {rows[-1].hash}\n"
    with pytest.raises(CommandError, match=f"row {rows[-1].pk} "):
        call_command("verify_audit", head="f" * 64)


def test_a_row_outside_a_transaction_is_refused(committed_db: str) -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        audit.record(actor=audit.Actor(), action="revealed")


def test_simultaneous_writers_make_one_chain(committed_db: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def one(_: int) -> None:
        try:
            write(3)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(8)))
    verdict = audit.verify()
    assert (verdict.rows, verdict.first_bad_id) == (24, None)
