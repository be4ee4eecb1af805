"""Who asks, and whose conversations that opens.

A caller (all tokens of one name) sees the conversations it opened. One that may vouch for accounts also sees those of an
account it names, on any channel. A request that names a customer is about that customer's conversations only. Whatever
else there is looks like nothing.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer

from trustdesk.api import tokens
from trustdesk.api.models import OpenedCase, Scope
from trustdesk.api.problems import Flaw, Refused
from trustdesk.api.schemas import ByAccount, ByMail, BySession, ByUid
from trustdesk.api.tokens import Caller
from trustdesk.customers import sessions
from trustdesk.customers.models import Handle
from trustdesk.customers.visitors import Visitor
from trustdesk.exchange.contract import is_mail
from trustdesk.policy import reference as numbers
from trustdesk.seams import clock

log = logging.getLogger(__name__)


class Bearer(HttpBearer):
    """Lets callers in whose token has the scope, as often as its pace allows; cookies count for nothing.

    `checked_later`: the token need only have been good a moment ago, since what is stored is stored only if it is good then.
    """

    def __init__(self, scope: Scope | None = None, *, checked_later: bool = False) -> None:
        super().__init__()
        self.scope = scope  # None: any
        self._recognise = tokens.recognise_soon if checked_later else tokens.recognise

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        """Return the caller, or None for a token that is not valid; raises Refused."""
        caller = self._recognise(token.strip(), now=clock.now())
        if caller is None:
            return None
        wait = tokens.pace.wait(caller)
        if wait:
            raise Refused("too_many_requests", retry_after=wait)
        if self.scope is not None:
            demand(caller, self.scope)
        if any(len(values) > 1 for _, values in request.GET.lists()):
            raise Refused("repeated_parameter")
        return caller


def demand(caller: Caller, scope: Scope) -> None:
    """Raise Refused unless the caller has the scope."""
    if not caller.may(scope):
        raise Refused("missing_scope", scope=str(scope))


def customer(caller: Caller, named: ByAccount | ByMail | BySession | ByUid, *, now: datetime) -> Visitor | None:
    """Return the customer a request names, as far as that can be believed; None for one who only said an address.

    A vouched account is known, but opens no account data: that takes the customer's own signed session. Raises Refused.
    """
    if isinstance(named, BySession):
        try:
            return sessions.visitor(named.session, now=now)
        except sessions.SessionRefused as refused:
            log.info("%s: a session was refused: %s", caller.token, refused.reason)
            raise Refused("session_refused", Flaw("customer.session", "session_refused")) from None
    if isinstance(named, ByMail):
        return None
    mail = named.mail.strip() if isinstance(named, ByAccount) else ""
    if mail and not is_mail(mail):
        raise Refused("invalid_request", Flaw("customer.mail", "not_a_mail"))
    return account(caller, named.uid, mail=mail)


def account(caller: Caller, uid: str, *, mail: str = "") -> Visitor:
    """Return the customer of an account that the caller vouches for; raises Refused where it may not."""
    demand(caller, Scope.VOUCH)
    return Visitor(Handle.Kind.UID, uid, mail=mail)


def opener(caller: Caller, reference: str) -> Visitor:
    """Return for whom the caller opened this conversation; raises Refused alike for somebody else's and for none."""
    row = OpenedCase.objects.filter(caller=caller.name, reference=number(reference)).first()
    if row is None:
        raise Refused("not_found")
    return Visitor(row.handle_kind, row.handle)


def number(reference: str) -> str:
    """Return the case number that is meant; raises Refused where it is none."""
    found = numbers.parse(reference)
    if found is None:
        raise Refused("not_found")
    return found


def caller_of(request: HttpRequest) -> Caller:
    """Return who asks, after Bearer let the request in."""
    auth: Any = getattr(request, "auth", None)
    if not isinstance(auth, Caller):
        raise TypeError("the endpoint takes no token")
    return auth
