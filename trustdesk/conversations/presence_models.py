"""Who is at the desk, and whether anybody looks who is."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class DeskPresence(models.Model):
    """When an agent's desk was last seen open. New chats go only to people who are there."""

    agent = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+")
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"presence of {self.agent_id}"


class DeskWatch(models.Model):
    """Since when, without a break, some serving process has been noting who is at the desk: while none was, nobody was seen, and
    nobody was away for that."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    since = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_desk_watch")]

    def __str__(self) -> str:
        return f"watch since {self.since}"
