"""Our accounts on the channels, and everything we send through them."""

from __future__ import annotations

from django.db import models


class Inbox(models.Model):
    """One configured account of ours on a channel: the chat, a mail address, a bot."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=16)
    name = models.CharField(max_length=100)
    address = models.CharField(max_length=320, blank=True)
    enabled = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "address"], name="inbox_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"


class Delivery(models.Model):
    """One thing we send through one inbox to one address: a reply, a notice, a code, a transcript."""

    class State(models.TextChoices):
        QUEUED = "queued"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=100, unique=True)  # the same delivery asked for twice is sent once
    inbox = models.ForeignKey(Inbox, on_delete=models.PROTECT)
    conversation_id = models.BigIntegerField(null=True, db_index=True)  # no foreign key: the core is a layer above
    purpose = models.CharField(max_length=32)
    recipient = models.CharField(max_length=320)
    subject = models.CharField(max_length=200)
    text = models.TextField(blank=True)  # emptied once sent when it carries a code
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    attempts = models.SmallIntegerField(default=0)
    not_before = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["not_before"], name="delivery_due", condition=models.Q(state__in=["queued", "sending"])
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} delivery {self.pk}"
