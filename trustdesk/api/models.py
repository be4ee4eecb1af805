"""Who may call, what was opened through the interface, and which requests were already answered."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


class Scope(models.TextChoices):
    """What a token may do."""

    WRITE = "conversations:write"
    READ = "conversations:read"
    VOUCH = "vouch:uid"  # say which account of the exchange it speaks for


class ApiToken(models.Model):
    """One bearer token of another system. Its secret is shown once and never kept; rows are never deleted."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(
        max_length=80
    )  # of the system; tokens of one name are one caller, so that they can be changed
    prefix = models.CharField(max_length=12, unique=True)  # the part of the token that is no secret
    secret_hash = models.CharField(max_length=64)  # SHA-256 of 256 random bits: nothing slower is needed
    scopes = ArrayField(models.CharField(max_length=32, choices=Scope.choices))
    per_minute = models.PositiveIntegerField()  # requests
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)  # to the hour

    def __str__(self) -> str:
        return f"token {self.prefix}"


class OpenedCase(models.Model):
    """A conversation that a caller opened, and the customer's handle it was opened for."""

    id = models.BigAutoField(primary_key=True)
    caller = models.CharField(max_length=80)  # name of the tokens
    reference = models.CharField(max_length=16)
    handle_kind = models.CharField(max_length=16)
    handle = models.CharField(max_length=320)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caller", "reference"], name="api_case_once")]

    def __str__(self) -> str:
        return f"{self.reference} by {self.caller}"


class AnsweredRequest(models.Model):
    """A request with an Idempotency-Key, and what was answered; rows without a status are of earlier releases."""

    id = models.BigAutoField(primary_key=True)
    token = models.ForeignKey(ApiToken, on_delete=models.PROTECT, related_name="answered")
    key_hash = models.CharField(max_length=64)
    body_hash = models.CharField(max_length=64)
    status = models.SmallIntegerField(null=True)
    answer = models.TextField(blank=True)  # JSON; numbers and times, no text of anybody's
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key_hash"], name="api_key_once")]
        indexes = [models.Index(fields=["created_at"], name="api_answer_age")]

    def __str__(self) -> str:
        return f"request {self.pk}"
