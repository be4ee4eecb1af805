"""Where the data lies: addresses of PostgreSQL, its two roles, its durability, and notes on what was done to it."""

import json
from typing import Any

import psycopg
from psycopg import conninfo, sql

SUPERUSER = "postgres"
OWNER = "trustdesk_owner"
APPLICATION = "trustdesk_app"
DATABASE = "trustdesk"
# Seconds (tcp_user_timeout: milliseconds) after which a database that says nothing more counts as gone.
PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
# Of the serving role, in milliseconds: one stuck request must not hold up all the others.
LIMITS = "-c lock_timeout=1500 -c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000"


class UnableToReachDatabase(Exception):
    """PostgreSQL did not answer; retrying later may help."""


def django_settings(*, url: str, pool_size: int) -> dict[str, Any]:
    """Translate a libpq URL into one entry of Django's DATABASES; `pool_size` 0 means no pool. Raise ValueError."""
    try:
        parts = {key: str(value) for key, value in conninfo.conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError as error:
        raise ValueError("is not a PostgreSQL URL") from error
    if not url.startswith(("postgresql://", "postgres://")) or not parts.get("dbname"):
        raise ValueError("is not a PostgreSQL URL with a database name")
    entry: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "CONN_HEALTH_CHECKS": True,
        # Statements that we ask to be prepared are (conversations.statements); Django's own never are.
        "OPTIONS": {**PATIENCE, "prepare_threshold": 5, **parts},
    }
    if pool_size:
        # Few at rest. Who finds the pool empty or a row locked is told so within two seconds and may try again.
        # A lost database is tried again at the next request: the pool's own pauses between attempts would double.
        entry["OPTIONS"]["pool"] = {
            "min_size": 1, "max_size": pool_size, "timeout": 1.5, "max_idle": 300, "reconnect_timeout": 3,
        }  # fmt: skip
        entry["OPTIONS"]["options"] = f"{LIMITS} {parts.get('options', '')}".strip()
    return entry


def durability_problems(url: str) -> list[str]:
    """Ask the server at `url` for settings that would lose acknowledged data. Raise UnableToReachDatabase."""
    wanted = {"fsync": {"on"}, "full_page_writes": {"on"}, "synchronous_commit": {"on", "remote_apply"}}
    try:
        with psycopg.connect(url, connect_timeout=5, autocommit=True) as connection:
            rows = connection.execute(
                "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(wanted)]
            ).fetchall()
            version = connection.info.server_version
    except psycopg.OperationalError as error:
        raise UnableToReachDatabase("PostgreSQL does not answer") from error
    found = [f"has {name} {value}: it must be on" for name, value in sorted(rows) if value not in wanted[name]]
    if version < 150000:
        found.append(f"is PostgreSQL {version // 10000}: 15 or newer is needed")
    return found


def prepare_roles(*, superuser_url: str, owner_password: str, application_password: str) -> None:
    """Create or update the two roles: one that owns and migrates the tables, one that serves and owns nothing."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        for role, password in ((OWNER, owner_password), (APPLICATION, application_password)):
            exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
            connection.execute(
                sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}").format(
                    sql.SQL("ALTER" if exists else "CREATE"), sql.Identifier(role), sql.Literal(password)
                )
            )


def create_database(*, superuser_url: str, name: str, template: str = "template1") -> None:
    """Create database `name` for the owner, as a copy of `template`; do nothing when it exists."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return
        names = {"name": sql.Identifier(name), "template": sql.Identifier(template), "owner": sql.Identifier(OWNER)}
        # Through the log (the default): copying files waits for two checkpoints, which costs seconds on a busy disk.
        connection.execute(sql.SQL("CREATE DATABASE {name} TEMPLATE {template} OWNER {owner}").format(**names))
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {name} FROM PUBLIC").format(**names))
        connection.execute(
            sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {name} TO {app}").format(
                app=sql.Identifier(APPLICATION), **names
            )
        )


def drop_database(*, superuser_url: str, name: str) -> None:
    """Drop database `name` if it exists, ending its connections."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def default_grants(application: str) -> list[sql.Composed]:
    """Return the statements by which the owner lets `application` use every table it is going to make, and no more.

    A migration that wants less for a table (the audit) revokes it there.
    """
    return [
        sql.SQL(statement).format(sql.Identifier(application))
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {}",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {}",
        )
    ]


def read_marks(url: str) -> dict[str, str]:
    """Read what `write_marks` noted on the database; empty when there is nothing."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    try:
        marks = json.loads(row[0]) if row and row[0] else {}
    except ValueError:
        return {}  # somebody's own comment on the database
    return marks if isinstance(marks, dict) else {}


def write_marks(url: str, marks: dict[str, str]) -> None:
    """Note on the database itself what has been done to it, so that the note goes wherever the data goes."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                sql.Identifier(connection.info.dbname), sql.Literal(json.dumps(marks, sort_keys=True))
            )
        )
