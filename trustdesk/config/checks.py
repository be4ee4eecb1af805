"""What is looked at before serving: how durable the database is, how many connections it takes, the translations."""

from collections.abc import Sequence

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from trustdesk.config import database, env, translations

# Besides its pool a process holds a listener, a sender of hints and the job queue's own connections.
CONNECTIONS_BESIDE_POOL = 8
FEWEST_PROCESSES = 2  # one serves, one works


def refuse_unsafe_database() -> None:
    """Raise ImproperlyConfigured when the configured PostgreSQL could lose what we acknowledge, or does not answer."""
    problems = []
    try:
        problems = database.durability_problems(env.secret("DATABASE_URL"))
    except database.UnableToReachDatabase as error:
        problems = [str(error)]
    if problems:
        lines = "\n".join(f"  DATABASE_URL {problem}" for problem in problems)
        raise ImproperlyConfigured(f"Trustdesk does not start:\n{lines}")


def enough_connections(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None, **kwargs: object
) -> list[CheckMessage]:
    """Warn when two processes of this size do not fit below max_connections (`manage.py check --database default`)."""
    if not databases:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
        )
        (available,) = cursor.fetchone()
    needed = FEWEST_PROCESSES * (settings.DATABASE_POOL_SIZE + CONNECTIONS_BESIDE_POOL)
    if needed <= available:
        return []
    return [
        Warning(
            f"Two processes may open {needed} connections, but PostgreSQL takes {available}.",
            hint="Lower DATABASE_POOL_SIZE and WEB_THREADS, or raise max_connections.",
            id="trustdesk.W001",
        )
    ]


def translations_compiled(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Fail where a language would silently be missing: .mo files are not in the repository, each machine makes them."""
    missing = [path for folder in settings.LOCALE_PATHS for path in translations.not_compiled(folder)]
    hint = "Run: python -m trustdesk.config.catalogue compile"
    return [Error(f"{path} is not compiled.", hint=hint, id="trustdesk.E001") for path in missing]


def mail_can_leave(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Fail where MAIL_URL names a mail server or provider that cannot be used, rather than at the first mail."""
    from trustdesk.channels import registry  # only now: it needs the models, and this module is read before them

    try:
        registry.transport(settings.MAIL)
    except ValueError as error:
        return [Error(f"MAIL_URL: {error}", id="trustdesk.E002")]
    return []


def mail_apart_from_staff(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None, **kwargs: object
) -> list[CheckMessage]:
    """Warn where customers' mail comes to the domain that staff sign in with (E-08, `manage.py check --database default`)."""
    if not databases:
        return []
    from trustdesk.channels import addresses
    from trustdesk.staff import accounts

    shared = sorted({one.rpartition("@")[2] for one in addresses.reread()} & accounts.domains())
    return [
        Warning(
            f"Mail to {domain} is read in cases, and staff sign in with addresses of the same domain: what a service"
            " mails there to let colleagues in would let in who reads the case.",
            hint="Take customers' mail at a domain of its own, such as support.example.com.",
            id="trustdesk.W003",
        )
        for domain in shared
    ]


def register_all() -> None:
    """Hand the checks to Django."""
    register(translations_compiled, Tags.translation)
    register(mail_can_leave)
    register(enough_connections, Tags.database)
    register(mail_apart_from_staff, Tags.database, Tags.security)
