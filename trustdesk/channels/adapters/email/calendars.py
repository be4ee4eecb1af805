"""A calendar invitation (RFC 5545) as one line a person reads, in the language of the mail."""

from __future__ import annotations

import re

_LONGEST = 64_000
_LINE = re.compile(
    r"^(SUMMARY|DTSTART|DTEND|LOCATION|ORGANIZER|METHOD)(;[^:\n]{0,300})?:([^\n]{0,2000})$", re.MULTILINE
)
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d{0,2}(Z?))?")
# By METHOD; "" for all others. In English, and in Chinese where the invitation or the text beside it is.
_WORDS = {
    "CANCEL": ("Calendar, cancelled: ", "日程（已取消）："),
    "REPLY": ("Calendar, answer: ", "日程（答复）："),
    "": ("Calendar: ", "日程："),
}
_HAN = re.compile(r"[㐀-鿿豈-﫿]")


def line(text: str, *, beside: str = "") -> str:
    """Say what a calendar's first event is, when and where; "" where it holds none. `beside`: the text of the mail."""
    unfolded = text[:_LONGEST].replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "")
    _, event, inside = unfolded.partition("BEGIN:VEVENT")
    if not event:
        return ""
    method = next((found[3] for found in _LINE.finditer(unfolded) if found[1] == "METHOD"), "").strip().upper()
    first: dict[str, tuple[str, str]] = {}
    for found in _LINE.finditer(inside.partition("END:VEVENT")[0]):
        first.setdefault(found[1], (found[2] or "", found[3].strip()))
    start, end = _moment(*first.get("DTSTART", ("", ""))), _moment(*first.get("DTEND", ("", "")))
    when = f"{start} – {end.removeprefix(start[:11])}" if start and end else start
    pieces = (_plain(first.get("SUMMARY", ("", ""))[1]), when, _plain(first.get("LOCATION", ("", ""))[1]))
    said = " · ".join(piece for piece in pieces if piece)
    chinese = _HAN.search(pieces[0] + pieces[2] + beside[:2_000]) is not None
    return _WORDS.get(method, _WORDS[""])[chinese] + said


def _moment(parameters: str, value: str) -> str:
    found = _MOMENT.match(value)
    if not found:
        return ""
    zone = re.search(r"TZID=([^;:]{1,60})", parameters)
    clock = f" {found[4]}:{found[5]}" if found[4] else ""
    named = " UTC" if found[6] else f" ({zone[1].strip(chr(34))})" if zone and clock else ""
    return f"{found[1]}-{found[2]}-{found[3]}{clock}{named}"


def _plain(value: str) -> str:
    return " ".join(re.sub(r"\\([nN,;\\])", lambda found: " " if found[1] in "nN" else found[1], value).split())[:300]
