"""What mail adds to a case: rows beside its lines."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class MailPart(models.Model):
    """What staff see of one mail beside the text of its line: sender and who vouches for him, history, cleaned HTML."""

    id = models.BigAutoField(primary_key=True)
    conversation = models.ForeignKey("conversations.Conversation", on_delete=models.PROTECT, related_name="mail_parts", db_index=False)
    seq = models.IntegerField()  # of its line
    sender = models.CharField(max_length=320)
    verdict = models.CharField(max_length=16)  # proved | claimed | failed
    message_id = models.CharField(max_length=400, blank=True)
    to = models.JSONField(default=list)
    cc = models.JSONField(default=list)
    quoted = models.TextField(blank=True)
    html = models.TextField(blank=True)  # cleaned, pictures of others blocked; blank where the guard found a secret
    refused_files = models.JSONField(default=list)  # [name, code]
    payload_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "seq"], name="mail_part_once")]

    def __str__(self) -> str:
        return f"mail part {self.pk}"


class SideConversation(models.Model):
    """An exchange of mails with an outside department about one case. Its lines are notes: the customer never sees them."""

    id = models.BigAutoField(primary_key=True)
    conversation = models.ForeignKey("conversations.Conversation", on_delete=models.PROTECT, related_name="side_conversations")
    recipient = models.EmailField()
    subject = models.CharField(max_length=200)
    begun_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "recipient"], name="side_once")]

    def __str__(self) -> str:
        return f"side conversation {self.pk}"
