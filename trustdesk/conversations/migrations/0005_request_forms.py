"""The inbox of tickets, and the request types with their forms that a fresh install starts with.

The types that were there before are brought into line: until now nobody could edit them.
"""

from django.db import migrations

from trustdesk.conversations.defaults import TEAMS, TYPES

# Those of the chat come first and in this order: what is asked most.
FIRST = (
    "hacked", "deposit_missing", "withdrawal_delayed", "order", "login", "kyc", "promotion", "api", "phishing", "how_to", "other",
)  # fmt: skip


def place(number, code):
    return FIRST.index(code) if code in FIRST else len(FIRST) + number


def set_up(apps, schema_editor):
    apps.get_model("channels", "Inbox").objects.get_or_create(kind="form", address="", defaults={"name": "Tickets"})
    Team = apps.get_model("staff", "Team")
    teams = {
        slug: Team.objects.get_or_create(slug=slug, defaults={"name": name, "name_zh": name_zh})[0]
        for slug, name, name_zh in TEAMS
    }
    RequestType = apps.get_model("conversations", "RequestType")
    RequestField = apps.get_model("conversations", "RequestField")
    for position, one in enumerate(TYPES):
        values = {
            "label": one.label,
            "label_zh": one.label_zh,
            "area": one.area,
            "about": one.about,
            "about_zh": one.about_zh,
            "evidence": one.evidence,
            "evidence_zh": one.evidence_zh,
            "team": teams[one.team],
            "priority": one.priority,
            "first_reply": one.first_reply,
            "resolve": one.resolve,
            "needs": one.needs,
            "documents": one.documents,
            "in_chat": one.in_chat,
            "position": place(position, one.code),
        }
        kind, _made = RequestType.objects.update_or_create(code=one.code, defaults=values)
        RequestField.objects.bulk_create(
            RequestField(
                type=kind,
                key=field.key,
                kind=field.kind,
                label=field.label,
                label_zh=field.label_zh,
                help=field.help,
                help_zh=field.help_zh,
                required=field.required,
                options=[list(option) for option in field.options],
                when_key=field.when[0] if field.when else "",
                when_values=list(field.when[1]) if field.when else [],
                beside=field.beside,
                position=place,
            )
            for place, field in enumerate(one.fields)
        )


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0004_forms_and_promises"),
        ("channels", "0001_initial"),
        ("staff", "0002_roles_and_append_only_audit"),
    ]
    operations = [migrations.RunPython(set_up, migrations.RunPython.noop)]
