"""Who a case's customer has shown himself to be, in that very case. What holds for one case says nothing about another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from django.db.models import F

from trustdesk.conversations.models import Conversation, Entry, Proving
from trustdesk.customers.models import Handle
from trustdesk.policy.merging import Identity


def verified(conversation_ids: Collection[int]) -> dict[int, frozenset[Identity]]:
    """Return by case the accounts and mail addresses that were proved in it, each time by whoever wrote there.

    An account: the exchange's signed session stood behind a message, or a proof was passed in the case. A mail address: it is
    where the case is answered, and its owner has shown that he is the one who wrote. How long that was good for account data
    does not matter here. `Handle.proof` is not asked: it says that an address was proved somewhere at some time.
    """
    found: dict[int, set[Identity]] = defaultdict(set)
    mails = Conversation.objects.filter(pk__in=conversation_ids, answer_proved=True).exclude(answer_to="")
    for case, mail in mails.values_list("pk", "answer_to"):
        found[case].add((Handle.Kind.MAIL, mail.lower()))
    proved = Proving.objects.filter(conversation__in=conversation_ids, state=Proving.State.PROVED).exclude(uid="")
    for case, uid in proved.values_list("conversation_id", "uid"):
        found[case].add((Handle.Kind.UID, uid))
    signed = Entry.objects.filter(
        conversation__in=conversation_ids,
        kind=Entry.Kind.MESSAGE,
        author=Entry.Author.CUSTOMER,
        handle__kind=Handle.Kind.UID,  # only a signed session, or a caller of the API that we trust, makes such a handle
        handle__customer=F("conversation__customer"),  # others may write here who own the mail address of the case
    )
    for case, uid in signed.order_by().values_list("conversation_id", "handle__value").distinct():
        found[case].add((Handle.Kind.UID, uid))
    return {case: frozenset(found[case]) for case in conversation_ids}
