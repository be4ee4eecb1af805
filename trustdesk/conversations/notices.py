"""What we mail about a case of its own accord."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from trustdesk.channels import outbox
from trustdesk.conversations.models import Conversation, Entry
from trustdesk.policy.proof import Proof


def mail_unread(*, conversation_id: int, now: datetime) -> None:
    """Mail an agent's unread answers to the address the customer left, each answer once.

    The address was typed into the chat and is not proved. What the customer wrote never goes there; what the agents wrote goes
    only where the case never was about somebody's account: otherwise the mail says that there is an answer, and no more.
    """
    with transaction.atomic():
        case = Conversation.objects.select_for_update(no_key=True).get(pk=conversation_id)
        unread = list(
            Entry.objects.filter(
                conversation=case, kind="message", author="agent", seq__gt=case.customer_seq, visible=True
            )
            .order_by("seq")
            .values_list("seq", "text")
        )
        if not case.answer_to or not unread:
            return
        proved = case.entries.filter(event="proved", data__level__gte=int(Proof.SESSION)).exists()
        with override(case.locale):
            answers = (
                [_("There is an answer to your case. Open the chat where you asked to read it.")]
                if proved
                else [text for _seq, text in unread]
            )
            outbox.queue(
                key=f"unread:{case.pk}:{unread[-1][0]}",
                inbox_id=outbox.mail_inbox(),
                conversation_id=case.pk,
                purpose="answer",
                recipient=case.answer_to,
                subject=_("Answer to your case %(reference)s") % {"reference": case.reference},
                text="\n\n".join([*answers, _safety()]),
                now=now,
            )
        case.customer_seq = unread[-1][0]
        case.save(update_fields=["customer_seq"])


def _safety() -> str:
    return _("We never ask for your password, private key, seed phrase or a two-factor code.")
