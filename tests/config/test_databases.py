"""The databases that tests work on: real, migrated, served by the role that serves in production."""

import threading
from collections.abc import Callable

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.db import ProgrammingError, connection

from trustdesk.config import database, embedded


def ask(statement: str) -> tuple[object, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row: tuple[object, ...] | None = cursor.fetchone()
        return row


@pytest.mark.django_db
@pytest.mark.parametrize("time", ["first", "second"])
def test_a_test_serves_as_the_application_and_leaves_nothing(time: str) -> None:
    assert ask("SELECT current_user::text, current_database()::text") == ("trustdesk_app", "trustdesk_test")
    assert not Group.objects.filter(name="left behind").exists()
    Group.objects.create(name="left behind")


@pytest.mark.django_db
def test_the_application_owns_nothing() -> None:
    assert ask("SELECT count(*) FROM pg_tables WHERE tableowner = current_user") == (0,)
    assert ask("SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = current_user") == (False,)
    with pytest.raises(ProgrammingError, match="permission denied"):
        ask("CREATE TABLE mine (id int)")


def test_threads_see_each_others_commits_on_a_clone(committed_db: str) -> None:
    Group.objects.create(name="committed")
    seen: list[bool] = []

    def look() -> None:
        try:
            seen.append(Group.objects.filter(name="committed").exists())
        finally:
            connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [True]
    assert str(ask("SELECT current_database()::text")) not in {"", "('trustdesk_test',)"}


def test_clones_are_migrated_and_strangers_to_each_other(clone_database: Callable[[], str]) -> None:
    first, second = clone_database(), clone_database()
    with psycopg.connect(first, autocommit=True) as one, psycopg.connect(second, autocommit=True) as two:
        one.execute("INSERT INTO auth_group (name) VALUES ('only here')")
        for link, expected in ((one, 1), (two, 0)):
            found = link.execute("SELECT count(*) FROM auth_group WHERE name = 'only here'").fetchone()
            assert found == (expected,)


def test_both_roles_may_connect_and_nobody_else(postgres: embedded.EmbeddedServer) -> None:
    name = "t_doors"
    superuser = postgres.url(role=database.SUPERUSER, name="postgres")
    database.create_database(superuser_url=superuser, name=name)
    try:
        with psycopg.connect(superuser, autocommit=True) as link:
            rights = link.execute(
                "SELECT has_database_privilege('public', %s, 'CONNECT'),"
                " has_database_privilege('trustdesk_app', %s, 'CREATE')",
                [name, name],
            ).fetchone()
        assert rights == (False, False)
        for role in (database.APPLICATION, database.OWNER):
            psycopg.connect(postgres.url(role=role, name=name)).close()
    finally:
        database.drop_database(superuser_url=superuser, name=name)
