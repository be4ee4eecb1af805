"""From what the core says to the frames of docs/live-protocol.md."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from trustdesk.conversations import public, requests
from trustdesk.customers.visitors import Visitor

Frame = dict[str, Any]

_ZONES = frozenset(available_timezones())


def case(one: public.Case | None) -> Frame | None:
    """Frame a case."""
    if one is None:
        return None
    return {
        "reference": one.reference,
        "status": one.status,
        "topic": one.topic,
        "agent": {"name": one.agent} if one.agent else None,
        "rated": one.rated,
    }


def entry(line: public.Line) -> Frame:
    """Frame an entry; fields that say nothing are left out."""
    frame: Frame = {"seq": line.seq, "kind": line.kind, "from": line.author, "at": line.at}
    if line.kind == "event":
        return frame | {"event": line.event, "params": dict(line.params), "name": line.name}
    frame |= {"text": line.text, "name": line.name}
    if line.client_id:
        frame["id"] = line.client_id
    if line.files:
        frame["files"] = [
            {
                "file": file.key,
                "name": file.name,
                "type": file.media_type,
                "size": file.size,
                "state": file.state,
                "width": file.width,
                "height": file.height,
            }
            for file in line.files
        ]
    if line.articles:
        frame["articles"] = [
            {"article": card.id, "title": card.title, "summary": card.summary, "url": card.path} for card in line.articles
        ]
    return frame


def queue(one: public.Case, place: Any) -> Frame:
    """Frame where the case stands in the queue, or that it left it."""
    mail = requests.masked_mail(one.answer_to) or None
    frame: Frame = {
        "t": "queue",
        "state": _queue_state(one),
        "position": None,
        "estimate": None,
        "mail": mail,
        "confirmed": one.answer_proved,
        "open": one.staffed,
    }
    if place is not None:
        frame["position"] = place.position
        frame["estimate"] = None if place.seconds is None else {"share": place.share, "seconds": place.seconds}
    return frame


def _queue_state(one: public.Case) -> str:
    if one.status in ("resolved", "closed"):
        return "done"
    if one.agent:
        return "with_agent"
    if not one.staffed:
        return "by_mail" if one.answer_to else "nobody"
    return "waiting"


def proof(one: public.Case | None, proving: Any, visitor: Visitor, now: datetime) -> Frame:
    """Frame how sure we are, and whether a proof is under way."""
    held = _held(one, visitor, now)
    if one is not None and proving is not None:
        if proving.state == "asked":
            return held | {"state": "asked", "how": list(requests.WAYS if visitor.known else requests.WAYS[:1])}
        if proving.expires_at is not None and proving.expires_at > now:
            state = "code_sent" if proving.how == requests.WAYS[0] else "enter_factor"
            return {"state": state, "how": proving.how, "to": proving.sent_to, "expires_at": proving.expires_at}
    return {"state": "proved"} | held if held else {"state": "none"}


def _held(one: public.Case | None, visitor: Visitor, now: datetime) -> Frame:
    if one is not None and one.proof_level:
        return {"level": int(one.proof_level), "expires_at": one.proof_until}
    level = visitor.proof_at(now)
    return {"level": int(level), "how": "session", "expires_at": visitor.proof_until} if level else {}


def proof_step(step: requests.Step) -> Frame:
    """Frame the outcome of one step of a proof."""
    frame: Frame = {"t": "proof", "state": step.state, "how": step.how}
    optional = {
        "to": step.to or None,
        "level": step.level or None,
        "expires_at": step.expires_at,
        "left": step.left,
        "retry_after": step.retry_after,
    }
    return frame | {key: value for key, value in optional.items() if value is not None}


def hours(one: public.Hours) -> Frame:
    """Frame the opening hours."""
    return {"open": one.open, "level": one.level, "by_hour": list(one.by_hour) or None}


def timezone(value: object) -> str:
    """Accept a time zone name of a client, or fall back to UTC."""
    return value if isinstance(value, str) and value in _ZONES else str(ZoneInfo("UTC"))
