"""A group for agents who, without leading a team, open documents and decide on them."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def create_group(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make the group; nobody is in it."""
    apps.get_model("auth", "Group").objects.get_or_create(name="documents")


class Migration(migrations.Migration):
    dependencies = [("staff", "0002_roles_and_append_only_audit")]

    operations = [migrations.RunPython(create_group, migrations.RunPython.noop)]
