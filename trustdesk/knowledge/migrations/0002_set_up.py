"""An empty help center in both languages, and who writes it: editors draft, publishers and administrators publish."""

from django.conf import settings
from django.db import migrations

HOMES = {"en": ("Help center", "help"), "zh-hans": ("帮助中心", "help-zh-hans")}


def set_up(apps, schema_editor):
    Page = apps.get_model("wagtailcore", "Page")
    Locale = apps.get_model("wagtailcore", "Locale")
    HelpHome = apps.get_model("knowledge", "HelpHome")
    ContentType = apps.get_model("contenttypes", "ContentType")
    if HelpHome.objects.exists():
        return
    root = Page.objects.get(depth=1)
    # The page Wagtail starts with; a site may stand on it, so it goes last.
    welcome = Page.objects.filter(depth=2, content_type__model="page", slug="home").first()
    kind, _ = ContentType.objects.get_or_create(app_label="knowledge", model="helphome")
    number = Page.objects.filter(depth=2).count()
    key = None
    homes = {}
    for language, (title, slug) in HOMES.items():
        locale, _ = Locale.objects.get_or_create(language_code=language)
        number += 1
        home = HelpHome(
            title=title, draft_title=title, slug=slug, content_type=kind, locale=locale, depth=2, numchild=0,
            path=f"{root.path}{number:04d}", url_path=f"/{slug}/", live=True, has_unpublished_changes=False,
        )  # fmt: skip
        if key:
            home.translation_key = key
        home.save()
        key = home.translation_key
        homes[language] = home
    Site = apps.get_model("wagtailcore", "Site")
    home = homes[settings.LANGUAGE_CODE]
    Site.objects.update_or_create(
        is_default_site=True, defaults={"root_page_id": home.pk, "site_name": "Help", "hostname": "localhost"}
    )
    if welcome:
        welcome.delete()
    root.numchild = Page.objects.filter(depth=2).count()
    root.save()


def name_who_writes(apps, schema_editor):
    """Take the two groups Wagtail makes, under our names; administrators may what publishers may."""
    Group = apps.get_model("auth", "Group")
    for old, new in (("Editors", "editor"), ("Moderators", "publisher")):
        if not Group.objects.filter(name=new).exists():
            Group.objects.filter(name=old).update(name=new)
        Group.objects.get_or_create(name=new)
    publisher, admin = Group.objects.get(name="publisher"), Group.objects.get(name="admin")
    admin.permissions.add(*publisher.permissions.all())
    for model in ("GroupPagePermission", "GroupCollectionPermission"):
        rights = apps.get_model("wagtailcore", model)
        for right in rights.objects.filter(group=publisher).values():
            right.pop("id")
            rights.objects.get_or_create(**(right | {"group_id": admin.pk}))
    Workflow = apps.get_model("wagtailcore", "Workflow")
    Workflow.objects.update(name="Review before publishing")
    for task in apps.get_model("wagtailcore", "GroupApprovalTask").objects.all():
        task.name = "Read by a publisher"
        task.save()
        task.groups.set([publisher, admin])


class Migration(migrations.Migration):
    dependencies = [
        ("knowledge", "0001_initial"),
        ("staff", "0002_roles_and_append_only_audit"),
        ("wagtailcore", "0097_baselogentry_uuid_action_timestamp_indexes"),
        ("wagtailimages", "0027_image_description"),
        ("wagtaildocs", "0014_alter_document_file_size"),
    ]
    operations = [
        migrations.RunPython(set_up, migrations.RunPython.noop),
        migrations.RunPython(name_who_writes, migrations.RunPython.noop),
    ]
