"""What one agent asks and another decides: whether two cases become one."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class MergeRequest(models.Model):
    """An agent wants to merge two cases of which nobody has proved that one person wrote both. It stands on both."""

    class State(models.TextChoices):
        ASKED = "asked"
        APPROVED = "approved"
        DECLINED = "declined"
        VOID = "void"  # one of the two went elsewhere meanwhile

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey("conversations.Conversation", on_delete=models.PROTECT, related_name="+")
    target = models.ForeignKey("conversations.Conversation", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)  # for colleagues only
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source"], condition=models.Q(state="asked"), name="merge_asked_once"),
            models.CheckConstraint(condition=~models.Q(decided_by=models.F("asked_by")), name="merge_four_eyes"),
        ]

    def __str__(self) -> str:
        return f"merge request {self.pk}"
