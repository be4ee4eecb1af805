from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone


def take_over(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Keep the numbers that were named so far; they are asked for at once."""
    MissingMail = apps.get_model("channels", "MissingMail")
    now = timezone.now()
    for state in apps.get_model("channels", "MailboxState").objects.exclude(missing=[]):
        rows = [
            MissingMail(inbox_id=state.inbox_id, uid_validity=state.uid_validity, uid=uid, since=now, ask_at=now)
            for uid in sorted(set(state.missing))
        ]
        MissingMail.objects.bulk_create(rows, ignore_conflicts=True)


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0005_domain_check'),
    ]

    operations = [
        migrations.AddField(
            model_name='mailboxstate',
            name='stuck_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name='MissingMail',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('uid_validity', models.BigIntegerField()),
                ('uid', models.BigIntegerField()),
                ('tries', models.SmallIntegerField(default=0)),
                ('ask_at', models.DateTimeField(null=True)),
                ('since', models.DateTimeField()),
                ('inbox', models.ForeignKey(on_delete=models.deletion.CASCADE, to='channels.inbox')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('ask_at__isnull', False)), fields=['ask_at'], name='missing_due')],
                'constraints': [models.UniqueConstraint(fields=('inbox', 'uid'), name='missing_once')],
            },
        ),
        migrations.RunPython(take_over, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name='mailboxstate',
            name='missing',
        ),
    ]
