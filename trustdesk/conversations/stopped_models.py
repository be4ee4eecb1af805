"""What was not sent to a customer because it asked for a secret: for those who lead."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class StoppedReply(models.Model):
    """An agent's text that was stopped, without the text: who, in which case, what it asked for. One row for all tries
    until somebody else has seen to it."""

    id = models.BigAutoField(primary_key=True)
    conversation = models.ForeignKey("conversations.Conversation", on_delete=models.PROTECT, related_name="+")
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked = models.CharField(max_length=16)  # as `policy.asking` names it
    at = models.DateTimeField()
    seen_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "agent", "asked"], condition=models.Q(seen_at=None), name="stopped_once"
            ),
            models.CheckConstraint(condition=~models.Q(seen_by=models.F("agent")), name="stopped_four_eyes"),
        ]

    def __str__(self) -> str:
        return f"stopped reply {self.pk}"
