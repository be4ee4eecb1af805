"""Room in each page of conversations, so that a message's new `last_seq` is written beside the row and into no index."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("conversations", "0002_set_up")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE conversations_conversation SET (fillfactor = 70)",
            "ALTER TABLE conversations_conversation RESET (fillfactor)",
        )
    ]
