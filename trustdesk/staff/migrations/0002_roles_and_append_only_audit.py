"""The three roles, and an audit that the application role can read and extend but never change."""

from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

ROLES = ("agent", "lead", "admin")


def create_roles(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make one group per role; permission to see things in the back office is given to groups elsewhere."""
    group = apps.get_model("auth", "Group")
    for name in ROLES:
        group.objects.get_or_create(name=name)


def revoke_changes(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Leave the application role SELECT and INSERT on the audit; nothing to do where that role does not exist."""
    role = getattr(settings, "DATABASE_APP_ROLE", "trustdesk_app")
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is None:
            return
    name = schema_editor.quote_name(role)
    schema_editor.execute(f"REVOKE ALL ON staff_audit FROM {name}")
    schema_editor.execute(f"GRANT SELECT, INSERT ON staff_audit TO {name}")


class Migration(migrations.Migration):
    dependencies = [("staff", "0001_initial")]

    operations = [
        migrations.RunPython(create_roles, migrations.RunPython.noop),
        migrations.RunPython(revoke_changes, migrations.RunPython.noop),
    ]
