"""Whose case it is: what a customer who shows one of his handles may see as his own."""

from __future__ import annotations

from django.db.models import Q

from trustdesk.conversations import statements
from trustdesk.conversations.models import Conversation
from trustdesk.customers.visitors import Visitor

_SEEN = """
SELECT 1 FROM customers_handle WHERE kind = %s AND value = %s
UNION ALL SELECT 1 FROM conversations_conversation WHERE answer_proved AND UPPER(answer_to) = UPPER(%s) LIMIT 1
"""


def may_have_cases(visitor: Visitor) -> bool:
    """Say whether it is worth looking for cases of this visitor's: of most who open a ticket there is nothing yet, and
    this question costs a twentieth of the other."""
    mail = visitor.mail if visitor.proved else ""
    with statements.link() as link:
        return link.execute(_SEEN, (visitor.kind, visitor.value, mail)).fetchone() is not None


def mine(visitor: Visitor) -> Q:
    """Return the filter of this visitor's conversations, on all channels.

    Who proved a mail address, or is signed in with it as his registered one, also sees the cases that are answered there and
    whose sender showed that the address is his.
    """
    own = Q(customer__handles__kind=visitor.kind, customer__handles__value=visitor.value)
    if visitor.proved and visitor.mail:
        own |= Q(answer_to__iexact=visitor.mail, answer_proved=True)
    return own


def goes_on_in(visitor: Visitor, case: Conversation) -> Conversation | None:
    """Return the case in which a merged one goes on, at the end of the chain; None where it is not merged, or that is not his."""
    found = case
    while found.merged_into_id is not None:
        after = Conversation.objects.filter(mine(visitor), pk=found.merged_into_id).select_related("type").first()
        if after is None:
            return None
        found = after
    return None if found is case else found


def owned(visitor: Visitor, reference: str) -> Conversation:
    """Return a case of this visitor's; raises LookupError for somebody else's and for none alike."""
    case = (
        Conversation.objects.filter(mine(visitor), reference=reference)
        .select_related("type", "inbox", "assignee", "follows")
        .distinct()
        .first()
    )
    if case is None:
        raise LookupError(reference)
    return case
