from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """The table may be long, and mail goes out meanwhile: nothing is locked."""

    atomic = False
    dependencies = [("channels", "0009_payload_deaths")]
    operations = [
        AddIndexConcurrently(
            "delivery",
            models.Index(fields=["sent_at"], name="delivery_sent", condition=models.Q(sent_at__isnull=False)),
        )
    ]
