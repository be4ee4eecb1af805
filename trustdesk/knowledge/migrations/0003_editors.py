"""Who may do what to pages and pictures, and a history of them that the application role can extend but never change."""

from django.conf import settings
from django.db import migrations

LOGS = ("wagtailcore_pagelogentry", "wagtailcore_modellogentry")
# Taken from Wagtail's own start: an editor who changes or takes away a picture changes what is published.
NOT_FOR_EDITORS = ("change_image", "change_document")
FOR_MANAGERS = (
    ("wagtailcore", "workflow", ("add", "change", "delete")),
    ("wagtailcore", "task", ("add", "change", "delete")),
    ("wagtailcore", "groupapprovaltask", ("add", "change", "delete")),
    ("wagtailredirects", "redirect", ("add", "change", "delete", "view")),
)


def give_rights(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    GroupPagePermission = apps.get_model("wagtailcore", "GroupPagePermission")
    GroupCollectionPermission = apps.get_model("wagtailcore", "GroupCollectionPermission")
    HelpHome = apps.get_model("knowledge", "HelpHome")
    editor, publisher, admin = (Group.objects.get(name=name) for name in ("editor", "publisher", "admin"))
    # The two homes instead of the root above them: nothing else grows there.
    for right in GroupPagePermission.objects.filter(group__in=[editor, publisher, admin], page__depth=1):
        for home in HelpHome.objects.all():
            GroupPagePermission.objects.get_or_create(
                group_id=right.group_id, page_id=home.pk, permission_id=right.permission_id
            )
        right.delete()
    GroupCollectionPermission.objects.filter(group=editor, permission__codename__in=NOT_FOR_EDITORS).delete()
    translating = _permission(apps, "simple_translation", "simpletranslation", "submit_translation", "Can submit translations")
    for group in (editor, publisher, admin):
        group.permissions.add(translating)
    for app, model, actions in FOR_MANAGERS:
        for action in actions:
            admin.permissions.add(_permission(apps, app, model, f"{action}_{model}", f"Can {action} {model}"))


def _permission(apps, app, model, codename, name):
    """Return a right that Django writes down only after all migrations."""
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label=app, model=model)
    right, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=kind, codename=codename, defaults={"name": name}
    )
    return right


def revoke_changes(apps, schema_editor):
    """Leave the application role SELECT and INSERT on Wagtail's logs; nothing to do where that role does not exist."""
    role = getattr(settings, "DATABASE_APP_ROLE", "trustdesk_app")
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is None:
            return
    name = schema_editor.quote_name(role)
    for log in LOGS:
        schema_editor.execute(f"REVOKE ALL ON {log} FROM {name}")
        schema_editor.execute(f"GRANT SELECT, INSERT ON {log} TO {name}")


class Migration(migrations.Migration):
    dependencies = [
        ("knowledge", "0002_set_up"),
        ("wagtailredirects", "0008_add_verbose_name_plural"),
        ("simple_translation", "0001_initial"),
    ]
    operations = [
        migrations.RunPython(give_rights, migrations.RunPython.noop),
        migrations.RunPython(revoke_changes, migrations.RunPython.noop),
    ]
