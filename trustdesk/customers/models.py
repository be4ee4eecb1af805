"""Who asks: a customer, and the addresses we know him by."""

from __future__ import annotations

from django.db import models

from trustdesk.policy.proof import Proof


class Customer(models.Model):
    """A person, known or not yet. Two are never merged without proof of both."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=200, blank=True)
    locale = models.CharField(max_length=16, default="en")
    tier = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"customer {self.pk}"


class MailCode(models.Model):
    """A code mailed to an address that somebody wants to sign in with; the code itself is not kept."""

    id = models.BigAutoField(primary_key=True)
    mail = models.CharField(max_length=254)  # in lower case
    code_hash = models.CharField(max_length=64)  # blank: used up
    tries = models.SmallIntegerField(default=0)
    address = models.CharField(max_length=64)  # network that asked, as `net.addresses` groups them
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["mail", "-created_at"], name="code_of_mail"),
            models.Index(fields=["address", "-created_at"], name="code_of_network"),
        ]

    def __str__(self) -> str:
        return f"code {self.pk}"


class Handle(models.Model):
    """One address of a customer on one kind of channel, and how it was proved."""

    class Kind(models.TextChoices):
        VISITOR = "visitor"
        UID = "uid"
        MAIL = "mail"
        PHONE = "phone"
        TELEGRAM = "telegram"

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="handles")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    value = models.CharField(max_length=320)
    proof = models.SmallIntegerField(choices=[(int(p), p.name) for p in Proof], default=int(Proof.NOBODY))
    proved_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="handle_once")]

    def __str__(self) -> str:
        return f"{self.kind} handle {self.pk}"


class Phrase(models.Model):
    """The words by which one recognises our mail: chosen by the owner of a proved address, shown only in mails to it."""

    handle = models.OneToOneField(Handle, on_delete=models.CASCADE, primary_key=True)
    sealed = models.BinaryField()
    key = models.BinaryField()
    set_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"phrase of handle {self.handle_id}"
