"""What one shift leaves to the next."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from trustdesk.staff.models import Team


class ShiftNote(models.Model):
    """A note of a team for its next shift, about no case in particular. `key` is made by the form: sending again is harmless."""

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+", db_index=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=64)
    text = models.TextField()  # past the guard
    at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["author", "key"], name="shift_note_once")]
        indexes = [
            models.Index(fields=["team", "-id"], name="shift_note_open", condition=models.Q(done_at__isnull=True)),
            models.Index(fields=["team", "-done_at"], name="shift_note_done"),
        ]

    def __str__(self) -> str:
        return f"shift note {self.pk}"


class ShiftNotesRead(models.Model):
    """Up to which note an agent has read those of his teams."""

    agent = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+")
    upto = models.BigIntegerField()

    def __str__(self) -> str:
        return f"shift notes read by {self.agent_id}"
