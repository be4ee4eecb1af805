"""The core's nouns: one conversation per matter, one append-only timeline per conversation."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models.functions import Upper

from trustdesk.channels.models import Inbox
from trustdesk.customers.models import Customer, Handle
from trustdesk.policy.proof import Proof
from trustdesk.staff.models import Team

if TYPE_CHECKING:  # they ship no types, and are these
    from django.db.models import ForeignKey as ParentalKey
    from django.db.models import Model as ClusterableModel
else:
    from modelcluster.fields import ParentalKey
    from modelcluster.models import ClusterableModel


class RequestType(ClusterableModel):
    """What a case is about; decides its team and priority. Rows, so that staff can edit them, each with its questions."""

    id = models.BigAutoField(primary_key=True)
    code = models.SlugField(unique=True)
    label = models.CharField(max_length=80)
    label_zh = models.CharField(max_length=80)
    team = models.ForeignKey(Team, on_delete=models.PROTECT)
    priority = models.SmallIntegerField(default=3)
    needs = models.SmallIntegerField(choices=[(int(p), p.name) for p in Proof], default=int(Proof.NOBODY))
    documents = models.BooleanField(default=False)  # papers are wanted beside the level of proof
    in_chat = models.BooleanField(default=True)
    in_form = models.BooleanField(default=True)
    area = models.SlugField(default="other")  # under which heading the form offers it
    about = models.CharField(max_length=300, blank=True)
    about_zh = models.CharField(max_length=300, blank=True)
    evidence = models.CharField(max_length=300, blank=True)  # what to attach
    evidence_zh = models.CharField(max_length=300, blank=True)
    first_reply = models.IntegerField(default=24 * 60)  # minutes promised, until history knows better
    resolve = models.IntegerField(default=0)  # minutes; 0: nothing is promised
    position = models.SmallIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(priority__range=(0, 4)), name="type_priority_0_to_4")]

    def __str__(self) -> str:
        return self.code

    def label_in(self, locale: str) -> str:
        """Return the label in the reader's language."""
        return self.label_zh if locale.startswith("zh") else self.label


class RequestField(models.Model):
    """One question of a request type's form; what its kinds are and how they are judged is in `policy.forms`."""

    id = models.BigAutoField(primary_key=True)
    type = ParentalKey(RequestType, on_delete=models.CASCADE, related_name="fields")
    key = models.SlugField()
    kind = models.CharField(max_length=16)
    label = models.CharField(max_length=120)
    label_zh = models.CharField(max_length=120)
    help = models.CharField(max_length=300, blank=True)
    help_zh = models.CharField(max_length=300, blank=True)
    required = models.BooleanField(default=False)
    options = models.JSONField(default=list, blank=True)  # of a choice: [value, label, label_zh] each
    when_key = models.SlugField(blank=True)  # asked only if that field has one of these values
    when_values = models.JSONField(default=list, blank=True)
    beside = models.SlugField(blank=True)  # the field that names the network or coin of this one
    position = models.SmallIntegerField(default=0)

    sort_order_field = "position"  # the back office lets one drag them

    class Meta:
        constraints = [models.UniqueConstraint(fields=["type", "key"], name="field_once")]

    def __str__(self) -> str:
        return self.key


class Conversation(models.Model):
    """One matter with one customer, on any channel. Customers call it ticket, case or chat."""

    class Status(models.TextChoices):
        WAITING = "waiting"  # nobody has it yet
        OPEN = "open"  # an agent has it, our turn or theirs
        PENDING = "pending"  # we wait for the customer
        RESOLVED = "resolved"  # answered; a message within the window reopens it
        CLOSED = "closed"  # done; a message begins a new, linked case

    id = models.BigAutoField(primary_key=True)
    reference = models.CharField(max_length=16, unique=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="conversations")
    inbox = models.ForeignKey(Inbox, on_delete=models.PROTECT)
    type = models.ForeignKey(RequestType, on_delete=models.PROTECT, null=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True)
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.WAITING)
    priority = models.SmallIntegerField(default=3)  # 0 at once … 4 whenever
    subject = models.CharField(max_length=200, blank=True)
    locale = models.CharField(max_length=16, default="en")
    last_seq = models.IntegerField(default=0)
    customer_seq = models.IntegerField(default=0)  # read up to, by the customer
    agent_seq = models.IntegerField(default=0)  # read up to, by the agent
    follows = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    # Both are indexed only where they are set: hardly any case is merged or split.
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="merged", db_index=False)
    split_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="split", db_index=False)
    queued_at = models.DateTimeField(null=True)  # in the chat queue since; null: not in it
    waiting_since = models.DateTimeField(null=True)  # the customer has been waiting for an answer since
    answered_at = models.DateTimeField(null=True)  # first reply
    resolved_at = models.DateTimeField(null=True)
    spam_at = models.DateTimeField(null=True)  # out of every list but that of spam since; null: a case like any other
    rating = models.SmallIntegerField(null=True)
    rating_comment = models.TextField(blank=True)
    answer_to = models.EmailField(blank=True)  # "answer me by mail": where to, when the chat is gone
    answer_proved = models.BooleanField(default=False)  # and whoever wrote has shown that the address is his
    proof_level = models.SmallIntegerField(default=0)  # bound to this case, until proof_until
    proof_until = models.DateTimeField(null=True)
    proof_how = models.CharField(max_length=16, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()  # last line, give or take 5 seconds: indexes need not move with each line of a chat

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(last_seq__gte=0), name="seq_from_zero"),
            models.CheckConstraint(
                condition=models.Q(rating__isnull=True) | models.Q(rating__range=(1, 5)), name="rating_1_to_5"
            ),
            models.CheckConstraint(
                condition=models.Q(merged_into=None) | (models.Q(status="closed") & ~models.Q(merged_into=models.F("id"))),
                name="merged_is_closed",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-updated_at"], name="case_of_customer"),
            models.Index(fields=["assignee", "-updated_at"], name="case_of_agent"),
            models.Index(fields=["team", "status", "-updated_at"], name="case_of_team"),
            models.Index(
                fields=["priority", "queued_at"], name="chat_queue", condition=models.Q(queued_at__isnull=False)
            ),
            models.Index(fields=["-updated_at"], name="case_recent"),
            models.Index(Upper("answer_to"), name="case_of_proved_mail", condition=models.Q(answer_proved=True)),
            models.Index(fields=["-spam_at"], name="case_spam", condition=models.Q(spam_at__isnull=False)),
            models.Index(
                fields=["assignee", "team"],
                name="case_unfinished",
                condition=models.Q(status__in=("waiting", "open", "pending")),
            ),
            models.Index(fields=["resolved_at"], name="case_to_close", condition=models.Q(status="resolved")),
            models.Index(fields=["merged_into"], name="case_merged", condition=models.Q(merged_into__isnull=False)),
            models.Index(fields=["split_from"], name="case_split", condition=models.Q(split_from__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.reference


class Thread(models.Model):
    """How a message finds its case: the current conversation of one outside thread."""

    id = models.BigAutoField(primary_key=True)
    inbox = models.ForeignKey(Inbox, on_delete=models.PROTECT)
    external = models.CharField(max_length=400)
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="threads")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["inbox", "external"], name="thread_once")]

    def __str__(self) -> str:
        return f"thread {self.pk}"


class Entry(models.Model):
    """One line of the timeline. Written once; the only update ever is the tombstone of an erasure."""

    class Kind(models.TextChoices):
        MESSAGE = "message"
        NOTE = "note"
        EVENT = "event"

    class Author(models.TextChoices):
        CUSTOMER = "customer"
        AGENT = "agent"
        SYSTEM = "system"

    id = models.BigAutoField(primary_key=True)
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="entries", db_index=False)
    seq = models.IntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    author = models.CharField(max_length=8, choices=Author.choices)
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    handle = models.ForeignKey(Handle, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    inbox = models.ForeignKey(Inbox, on_delete=models.PROTECT, related_name="+", db_index=False)
    # The sender's own id: makes resending harmless. Null, not blank, where there is none: blanks would collide.
    external_id = models.CharField(max_length=400, null=True)  # noqa: DJ001
    text = models.TextField(blank=True)
    event = models.CharField(max_length=32, blank=True)  # a code; the surface words it
    data = models.JSONField(default=dict)
    visible = models.BooleanField()  # may a customer read it
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="entry_seq_once"),
            models.UniqueConstraint(fields=["inbox", "external_id"], name="entry_external_once"),
            models.CheckConstraint(condition=~models.Q(kind="note", visible=True), name="notes_stay_inside"),
        ]

    def __str__(self) -> str:
        return f"entry {self.pk}"


class Evidence(models.Model):
    """A typed fact of a conversation, found in text or given in a field."""

    id = models.BigAutoField(primary_key=True)
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="evidence")
    seq = models.IntegerField()  # the entry it was found in
    kind = models.CharField(max_length=16)
    value = models.CharField(max_length=200)
    chain = models.CharField(max_length=32, blank=True)
    coin = models.CharField(max_length=16, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "kind", "value", "chain", "coin"], name="fact_once")
        ]
        indexes = [models.Index(fields=["kind", "value"], name="fact_value")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.conversation_id}"


class Attachment(models.Model):
    """A file of an entry. Named by a random key; belongs to the handle that sent it or the agent."""

    class State(models.TextChoices):
        COMING = "coming"  # announced, bytes not here yet
        READY = "ready"
        HELD = "held"  # kept, but not to be opened
        REFUSED = "refused"

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=43, unique=True)
    handle = models.ForeignKey(Handle, on_delete=models.PROTECT, null=True)
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    client_id = models.CharField(max_length=64)
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, null=True, related_name="attachments")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="attachments")
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.IntegerField(default=0)  # bytes
    width = models.IntegerField(default=0)  # pixels; 0: not an image
    height = models.IntegerField(default=0)
    state = models.CharField(max_length=8, choices=State.choices, default=State.COMING)
    reason = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["handle", "client_id"], name="upload_once")]
        indexes = [models.Index(fields=["handle", "created_at"], name="upload_quota")]

    def __str__(self) -> str:
        return f"attachment {self.pk}"


class Proving(models.Model):
    """One attempt to prove who the customer is, inside one case."""

    class State(models.TextChoices):
        ASKED = "asked"  # an agent asked for it
        SENT = "sent"  # a code or challenge is out
        PROVED = "proved"
        FAILED = "failed"  # too many tries, or too late

    id = models.BigAutoField(primary_key=True)
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="provings")
    uid = models.CharField(max_length=64, blank=True)  # the account to be proved; blank: nobody we know
    how = models.CharField(max_length=16, blank=True)
    state = models.CharField(max_length=8, choices=State.choices)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    sent_to = models.CharField(max_length=100, blank=True)  # masked
    code_hash = models.CharField(max_length=128, blank=True)
    challenge = models.CharField(max_length=200, blank=True)
    tries = models.SmallIntegerField(default=0)
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["conversation", "-created_at"], name="proving_latest"),
            models.Index(fields=["uid", "-created_at"], name="proving_of_account"),
        ]

    def __str__(self) -> str:
        return f"proving {self.pk}"


class Wait(models.Model):
    """One ended wait in the chat queue: the history that the estimate is made of and judged by."""

    id = models.BigAutoField(primary_key=True)
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="+")
    type_code = models.CharField(max_length=50, blank=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True)
    ahead = models.IntegerField()  # people ahead when joining
    promised = models.IntegerField(null=True)  # seconds; null: nothing was promised
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=8, blank=True)  # answered | left

    class Meta:
        indexes = [
            models.Index(fields=["team", "-ended_at"], name="wait_recent"),
            models.Index(fields=["-started_at"], name="wait_started"),
        ]

    def __str__(self) -> str:
        return f"wait {self.pk}"


class Promise(models.Model):
    """When a case was told to expect its first reply. `Conversation.answered_at` says whether it held."""

    conversation = models.OneToOneField(Conversation, on_delete=models.PROTECT, primary_key=True, related_name="promise")
    type_code = models.CharField(max_length=50)
    low = models.IntegerField()  # seconds
    high = models.IntegerField()
    learned = models.BooleanField()  # from history; otherwise the type's own target
    made_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["type_code", "-made_at"], name="promise_recent")]

    def __str__(self) -> str:
        return f"promise to {self.conversation_id}"

    @property
    def due_at(self) -> datetime:
        """When the first reply is to be there at the latest."""
        return self.made_at + timedelta(seconds=self.high)


class Letter(models.Model):
    """That we wrote to an address of our own accord: counted, so that nobody can have us flood it."""

    id = models.BigAutoField(primary_key=True)
    address = models.CharField(max_length=254)  # as `addresses.folded` writes it
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["address", "-at"], name="letter_recent")]

    def __str__(self) -> str:
        return f"letter {self.pk}"


class History(models.Model):
    """The epoch: which history this database tells. Renewed after a restore, so that clients start over."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    epoch = models.UUIDField(default=uuid.uuid4)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_history")]

    def __str__(self) -> str:
        return str(self.epoch)


# Beside the timeline, each in a file of its own: the vault, who is at the desk, what is about mail alone, merging, or stopped answers.
from trustdesk.conversations.document_models import Document, DocumentLook, DocumentRequest  # noqa: E402, F401
from trustdesk.conversations.mail_models import MailPart, SideConversation  # noqa: E402, F401
from trustdesk.conversations.merge_models import MergeRequest  # noqa: E402, F401
from trustdesk.conversations.presence_models import DeskPresence, DeskWatch  # noqa: E402, F401
from trustdesk.conversations.shift_models import ShiftNote, ShiftNotesRead  # noqa: E402, F401
from trustdesk.conversations.stopped_models import StoppedReply  # noqa: E402, F401
