"""What the vault keeps: requests for documents, the documents, and who opened them. Nothing of it is in the timeline."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from trustdesk.staff.models import Team


class DocumentRequest(models.Model):
    """That staff want documents of a customer, for one case."""

    class Kind(models.TextChoices):
        ID_FRONT = "id_front"
        ID_BACK = "id_back"
        SELFIE = "selfie"
        ADDRESS = "address"
        FUNDS = "funds"
        OTHER = "other"

    class State(models.TextChoices):
        ASKED = "asked"
        HANDED_IN = "handed_in"
        ACCEPTED = "accepted"
        DECLINED = "declined"
        WITHDRAWN = "withdrawn"

    id = models.BigAutoField(primary_key=True)
    conversation = models.ForeignKey(
        "conversations.Conversation", on_delete=models.PROTECT, related_name="document_requests"
    )
    kinds = models.JSONField()  # of Kind, in its order
    note = models.TextField(blank=True)  # to the customer
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.ASKED)
    handed_in_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=16, blank=True)  # why it was declined, a code
    answer = models.TextField(blank=True)  # to the customer, with the decision

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation"],
                name="one_open_request_for_documents",
                condition=models.Q(state__in=["asked", "handed_in"]),
            )
        ]

    def __str__(self) -> str:
        return f"request for documents {self.pk}"


class Document(models.Model):
    """One picture handed in, under a key of its own; without the key it is gone. Its name was never kept."""

    id = models.BigAutoField(primary_key=True)
    request = models.ForeignKey(DocumentRequest, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=8, choices=DocumentRequest.Kind.choices)
    sealed = models.BinaryField(null=True)  # null: shredded
    key = models.BinaryField(null=True)  # wrapped by the key of the installation
    came_at = models.DateTimeField()
    shredded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(sealed__isnull=True, key__isnull=True, shredded_at__isnull=False)
                | models.Q(sealed__isnull=False, key__isnull=False, shredded_at__isnull=True),
                name="document_whole_or_gone",
            )
        ]
        indexes = [models.Index(fields=["came_at"], name="document_kept", condition=models.Q(key__isnull=False))]

    def __str__(self) -> str:
        return f"document {self.pk}"


class DocumentLook(models.Model):
    """That a member of staff opened a document: written before the first byte goes, and shown to the customer."""

    id = models.BigAutoField(primary_key=True)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="looks")
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=8)  # then; people change theirs
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")  # of the case
    reason = models.CharField(max_length=16)  # a code
    at = models.DateTimeField()
    shown_at = models.DateTimeField(null=True)  # the picture went out; a second time it does not

    class Meta:
        indexes = [models.Index(fields=["document", "at"], name="looks_at_document")]

    def __str__(self) -> str:
        return f"look {self.pk} at document {self.document_id}"
