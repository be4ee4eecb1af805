"""Our accounts on the channels, and everything we send through them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from trustdesk.staff.models import Team

FIRST_NAME = "Notices"  # what set-up calls the default mail address


class Inbox(models.Model):
    """One configured account of ours on a channel: the chat, a mail address, a bot."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=16)
    name = models.CharField(max_length=100)
    address = models.CharField(max_length=320, blank=True)  # of mail, blank: the one of MAIL_FROM
    enabled = models.BooleanField(default=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True)  # blank: the team of the request type
    type_code = models.SlugField(blank=True)  # what arrives here is about, unless its subject says otherwise
    secrets = models.BinaryField(null=True)  # sealed JSON: how it is fetched (`channels.mailboxes`)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "address"], name="inbox_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"


class _OfMail(models.Manager["MailAddress"]):
    def get_queryset(self) -> models.QuerySet[MailAddress]:
        return super().get_queryset().filter(kind="email")


class MailAddress(Inbox):
    """A mail address of ours, as administrators edit it."""

    objects: ClassVar[_OfMail] = _OfMail()

    class Meta:
        proxy = True
        verbose_name = _("mail address")
        verbose_name_plural = _("mail addresses")

    def __str__(self) -> str:
        return self.address or str(settings.DEFAULT_FROM_EMAIL)

    @property
    def shown_name(self) -> str:
        """Its name; the one that set-up gave the default address, in the reader's language."""
        return gettext("Notices") if not self.address and self.name == FIRST_NAME else self.name


class OfficialChannel(models.Model):
    """A site, address, number or account that is ours beside the ones Trustdesk itself works on (`channels.official`)."""

    class Kind(models.TextChoices):
        SITE = "site", _("Web site")
        MAIL = "mail", _("Mail address")
        PHONE = "phone", _("Phone number")
        X = "x", "X (Twitter)"
        TELEGRAM = "telegram", "Telegram"
        FACEBOOK = "facebook", "Facebook"
        LINKEDIN = "linkedin", "LinkedIn"
        YOUTUBE = "youtube", "YouTube"
        INSTAGRAM = "instagram", "Instagram"
        TIKTOK = "tiktok", "TikTok"
        DISCORD = "discord", "Discord"
        REDDIT = "reddit", "Reddit"
        MEDIUM = "medium", "Medium"
        GITHUB = "github", "GitHub"
        WEIBO = "weibo", _("Weibo")
        WECHAT = "wechat", _("WeChat")
        WHATSAPP = "whatsapp", "WhatsApp"
        QQ = "qq", "QQ"

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    value = models.CharField(max_length=254)  # as `policy.official.read` gives it
    link = models.URLField(max_length=300, blank=True)  # where an account is found
    about = models.CharField(max_length=120, blank=True)
    about_zh = models.CharField(max_length=120, blank=True)
    position = models.SmallIntegerField(default=0)

    class Meta:
        verbose_name = _("official channel")
        verbose_name_plural = _("official channels")
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="official_once")]

    def __str__(self) -> str:
        return self.value


class HookPayload(models.Model):
    """One thing as it came from outside, before anybody read it. Sealed under a key of its own; without the key it is gone."""

    class State(models.TextChoices):
        STORED = "stored"  # to be read
        PROCESSED = "processed"  # became lines of a case, or needed none
        UNREADABLE = "unreadable"  # no reader could make sense of it: staff see it, with Retry
        HELD = "held"  # read, and shown only to staff: nobody vouches for its sender, or a machine sent it

    id = models.BigAutoField(primary_key=True)
    inbox = models.ForeignKey(Inbox, on_delete=models.PROTECT)
    kind = models.CharField(max_length=24)  # mail, or the provider whose web hook it was
    source = models.CharField(max_length=200)  # the bearer's own id: makes handing it over again harmless
    sealed = models.BinaryField(null=True)  # the bytes and their envelope; null: shredded
    key = models.BinaryField(null=True)  # wrapped by the key of the installation
    size = models.IntegerField()  # bytes
    state = models.CharField(max_length=10, choices=State.choices, default=State.STORED)
    reason = models.CharField(max_length=64, blank=True)  # a code, of what is unreadable or held
    attempts = models.SmallIntegerField(default=0)
    deaths = models.SmallIntegerField(default=0)  # attempts that ended with the process that made them
    not_before = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    conversation_id = models.BigIntegerField(null=True, db_index=True)  # no foreign key: the core is a layer above
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["inbox", "source"], name="payload_once")]
        indexes = [
            models.Index(fields=["not_before"], name="payload_due", condition=models.Q(state="stored")),
            models.Index(
                fields=["-received_at"], name="payload_for_staff", condition=models.Q(state__in=["unreadable", "held"])
            ),
            models.Index(fields=["inbox", "state"], name="payload_ledger"),
            models.Index(fields=["received_at"], name="payload_kept", condition=models.Q(key__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} payload {self.pk}"


class MailboxState(models.Model):
    """How far one mailbox has been fetched, and what was seen there: the ledger's other side."""

    inbox = models.OneToOneField(Inbox, on_delete=models.CASCADE, primary_key=True)
    uid_validity = models.BigIntegerField(default=0)
    last_uid = models.BigIntegerField(default=0)  # everything up to here is stored
    on_server = models.IntegerField(default=0)  # mails seen there at the last look
    problem = models.CharField(max_length=64, blank=True)  # a code; blank: it works
    stuck_at = models.DateTimeField(null=True)  # last time that fetching hung and was begun anew
    alive_at = models.DateTimeField(null=True)  # the fetcher's last sign of life
    looked_at = models.DateTimeField(null=True)  # last time both sides were compared

    def __str__(self) -> str:
        return f"state of mailbox {self.inbox_id}"


class MissingMail(models.Model):
    """A mail that a mailbox's server shows and could not give (`channels.missing`): the gaps, by name."""

    id = models.BigAutoField(primary_key=True)
    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE)
    uid_validity = models.BigIntegerField()
    uid = models.BigIntegerField()
    tries = models.SmallIntegerField(default=0)  # to get it after all
    ask_at = models.DateTimeField(null=True)  # null: only when staff want it
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["inbox", "uid"], name="missing_once")]
        indexes = [models.Index(fields=["ask_at"], name="missing_due", condition=models.Q(ask_at__isnull=False))]

    def __str__(self) -> str:
        return f"missing mail {self.uid} of mailbox {self.inbox_id}"


class DomainCheck(models.Model):
    """What the DNS of one of our domains was seen to publish (`channels.sending_dns`)."""

    domain = models.CharField(max_length=253, primary_key=True)
    findings = models.JSONField(default=list)  # of net.sending_domain.Finding
    complete = models.BooleanField()  # whether all name servers answered
    checked_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.domain


class ReplyAddress(models.Model):
    """Where one recipient's answers about one case come to. Who writes to it and is somebody else is a third party."""

    class Purpose(models.TextChoices):
        CASE = "case"  # the customer
        SIDE = "side"  # an outside department; its answers never reach the customer

    id = models.BigAutoField(primary_key=True)
    token_hash = models.BinaryField(max_length=32, unique=True)  # SHA-256: who reads this table can write to no case
    conversation_id = models.BigIntegerField(db_index=True)
    recipient = models.CharField(max_length=320)  # in lower case
    purpose = models.CharField(max_length=4, choices=Purpose.choices)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"reply address {self.pk}"


class Delivery(models.Model):
    """One thing we send through one inbox to one address: a reply, a notice, a code, a transcript."""

    class State(models.TextChoices):
        QUEUED = "queued"
        SENDING = "sending"
        SENT = "sent"
        DELIVERED = "delivered"  # a provider said so
        BOUNCED = "bounced"  # it came back for good
        FAILED = "failed"

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=100, unique=True)  # the same delivery asked for twice is sent once
    inbox = models.ForeignKey(Inbox, on_delete=models.PROTECT)
    conversation_id = models.BigIntegerField(null=True, db_index=True)  # no foreign key: the core is a layer above
    purpose = models.CharField(max_length=32)
    recipient = models.CharField(max_length=320)
    mailbox = models.CharField(max_length=320, blank=True)  # the recipient without capitals and tag: `addresses.folded`
    subject = models.CharField(max_length=200)
    text = models.TextField(blank=True)  # emptied once sent when it carries a code
    locale = models.CharField(max_length=16, default="en")
    message_id = models.CharField(max_length=200, blank=True)  # of the mail, once it was made; unguessable
    bounce_hash = models.BinaryField(max_length=32, null=True, unique=True)  # SHA-256 of what stands in its return path
    provider_id = models.CharField(max_length=200, blank=True)  # what a provider calls it, if it left through one
    about = models.JSONField(default=dict)  # in_reply_to, references: what it answers
    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
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
            ),
            models.Index(fields=["claimed_at"], name="delivery_under_way", condition=models.Q(state="sending")),
            models.Index(fields=["message_id"], name="delivery_message", condition=~models.Q(message_id="")),
            models.Index(fields=["provider_id"], name="delivery_provider", condition=~models.Q(provider_id="")),
            models.Index(fields=["mailbox", "-created_at"], name="delivery_mailbox"),
            models.Index(fields=["sent_at"], name="delivery_sent", condition=models.Q(sent_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} delivery {self.pk}"


class DomainPace(models.Model):
    """How the last mail to one domain went (`channels.lanes`); forgotten after a day."""

    domain = models.CharField(max_length=320, primary_key=True)  # in lower case
    slow = models.BooleanField()  # it kept its sender longer than usual
    seen_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.domain
