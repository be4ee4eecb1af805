"""Whether a link, mail address, account or phone number is ours; look-alikes are named.

What is ours is a list that administrators keep; everything else is not, whatever it looks like. Pure: the list is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from trustdesk.policy.official import lookalike
from trustdesk.policy.official.accounts import PLATFORMS
from trustdesk.policy.official.asked import Asked, Kind
from trustdesk.policy.official.lookalike import Name, decoded, encoded, owner
from trustdesk.policy.official.reading import LONGEST, MOST, mail, read

__all__ = ["LONGEST", "MOST", "PLATFORMS", "Answer", "Asked", "Channel", "Kind", "Verdict", "judge", "mail", "read"]

# Where anybody can put up a page or hide an address: whose page it is, the host does not say.
_SHARED = (
    "blogspot.com", "canva.site", "docs.google.com", "firebaseapp.com", "forms.gle", "framer.app", "github.io", "gitbook.io",
    "glitch.me", "herokuapp.com", "jotform.com", "linktr.ee", "netlify.app", "notion.site", "pages.dev", "r2.dev",
    "sites.google.com", "surveymonkey.com", "telegra.ph", "trycloudflare.com", "typeform.com", "vercel.app", "web.app",
    "webflow.io", "weebly.com", "wixsite.com", "wordpress.com", "workers.dev", "zendesk.com",
)  # fmt: skip
_SHORTENERS = frozenset(
    "adf.ly bit.ly buff.ly cutt.ly dwz.cn goo.gl is.gd lnkd.in ow.ly qrco.de rb.gy rebrand.ly s.id shorturl.at suo.im t.cn t.co"
    " t.ly tiny.cc tinyurl.com urlz.fr v.gd".split()
)
_NATIONAL = 7  # digits at the end that have to be equal where one number lacks its country


class Answer(StrEnum):
    """What is said of one thing."""

    OURS = "ours"
    LOOKALIKE = "lookalike"
    NOT_OURS = "not_ours"


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel of ours; `value` as `reading` gives it."""

    kind: Kind
    value: str
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one thing is. `like`: the value of ours it resembles, `how`: a code of `lookalike`; `owner`: whose domain it really
    is; `shown`: its host in its own letters, where they are not those from a to z; `notes`: codes, besides those of `Asked.tricks`:
    ``forgeable``, ``our_domain``, ``elsewhere``, ``on`` (an account asked without its platform), ``shared``, ``shortened``."""

    asked: Asked
    answer: Answer
    like: str = ""
    how: str = ""
    owner: str = ""
    shown: str = ""
    notes: tuple[str, ...] = ()
    platforms: tuple[str, ...] = field(default=())


def judge(asked: Asked, channels: Sequence[Channel], *, names: Sequence[str] = ()) -> Verdict:
    """Say whether something is one of our `channels`; `names`: what we are called, beside the names in our domains."""
    if asked.kind == Kind.SITE:
        return _site(asked, channels, names)
    if asked.kind == Kind.MAIL:
        return _mail(asked, channels, names)
    if asked.kind == Kind.WALLET:
        return Verdict(asked, Answer.NOT_OURS)
    if asked.kind == Kind.PHONE:
        return _phone(asked, channels)
    return _account(asked, channels, names)


def _sites(channels: Sequence[Channel]) -> list[str]:
    return [one.value for one in channels if one.kind == Kind.SITE]


def _mail_domains(channels: Sequence[Channel]) -> list[str]:
    return list(dict.fromkeys(one.value.rpartition("@")[2] for one in channels if one.kind == Kind.MAIL))


def _within(host: str, domains: Sequence[str]) -> str:
    return next((domain for domain in domains if host == domain or host.endswith(f".{domain}")), "")


def _site(asked: Asked, channels: Sequence[Channel], names: Sequence[str]) -> Verdict:
    host, sites = asked.value, _sites(channels)
    if "broken" in asked.tricks:
        return Verdict(asked, Answer.NOT_OURS)
    if ours := _within(host, sites):
        if "hidden" in asked.tricks:  # what is left without them is ours; what it leads to nobody can say
            return Verdict(asked, Answer.LOOKALIKE, ours, lookalike.LETTERS)
        return Verdict(asked, Answer.OURS, owner=ours)
    if "number" in asked.tricks or "script" in asked.tricks:
        return Verdict(asked, Answer.NOT_OURS)
    real, shown = encoded(owner(host)), _shown(host)
    if "name_before_at" in asked.tricks:  # nobody writes so but to show another name than the one it leads to
        return Verdict(asked, Answer.LOOKALIKE, how=lookalike.WITHIN, owner=real, shown=shown)
    domains = [*sites, *_mail_domains(channels)]
    if (found := lookalike.host_resembles(host, domains, names)) is not None:
        return Verdict(asked, Answer.LOOKALIKE, found.whole, found.how, real, shown)
    notes = (
        ("shortened",) if real in _SHORTENERS or host in _SHORTENERS else ("shared",) if _within(host, _SHARED) else ()
    )
    return Verdict(asked, Answer.NOT_OURS, owner=real, shown=shown, notes=notes)


def _mail(asked: Asked, channels: Sequence[Channel], names: Sequence[str]) -> Verdict:
    local, _, domain = asked.value.rpartition("@")
    addresses = [one.value for one in channels if one.kind == Kind.MAIL]
    if "name_before_at" in asked.tricks:
        return Verdict(asked, Answer.LOOKALIKE, how=lookalike.WITHIN, owner=encoded(owner(domain)))
    plain = f"{local.partition('+')[0] or local}@{domain}"  # answers to us go to an address of their own after a plus
    if plain in addresses and "hidden" not in asked.tricks:
        return Verdict(asked, Answer.OURS, owner=domain, notes=("forgeable",))
    domains = [*_mail_domains(channels), *_sites(channels)]
    if _within(domain, domains):
        return Verdict(asked, Answer.NOT_OURS, owner=domain, notes=("our_domain",))
    if (found := lookalike.host_resembles(domain, domains, names)) is not None:
        return Verdict(
            asked, Answer.LOOKALIKE, _of(addresses, found.whole), found.how, encoded(owner(domain)), _shown(domain)
        )
    ours = [Name(word, addresses[0] if addresses else word) for word in _words(channels, names)]
    if (name := lookalike.word_resembles(local, ours)) is not None:
        return Verdict(asked, Answer.LOOKALIKE, name.whole, lookalike.WORDS, encoded(owner(domain)), _shown(domain))
    return Verdict(asked, Answer.NOT_OURS, owner=encoded(owner(domain)), shown=_shown(domain))


def _of(addresses: Sequence[str], domain: str) -> str:
    """Name an address of ours at this domain, or else the domain."""
    return next((one for one in addresses if one.endswith(f"@{domain}")), domain)


def _shown(host: str) -> str:
    """Return a host in its own letters where they are not those from a to z."""
    return "" if decoded(host).isascii() else decoded(host)


def _phone(asked: Asked, channels: Sequence[Channel]) -> Verdict:
    for one in channels:
        if one.kind == Kind.PHONE and _same_number(asked.value, one.value):
            return Verdict(asked, Answer.OURS, one.value, notes=("forgeable",))
    return Verdict(asked, Answer.NOT_OURS)


def _same_number(one: str, other: str) -> bool:
    """Compare two numbers, of which one may lack its country."""
    if one.startswith("+") == other.startswith("+"):
        return one == other
    national, whole = (other, one) if one.startswith("+") else (one, other)
    national = national.lstrip("0")
    return len(national) >= _NATIONAL and whole.endswith(national) and len(whole) - len(national) <= 4


def _account(asked: Asked, channels: Sequence[Channel], names: Sequence[str]) -> Verdict:
    accounts = [one for one in channels if one.kind == Kind.ACCOUNT]
    same = [one.platform for one in accounts if one.value == asked.value]
    if asked.platform in same and "hidden" not in asked.tricks:
        return Verdict(asked, Answer.OURS, asked.value)
    if same and not asked.platform and "hidden" not in asked.tricks:
        return Verdict(asked, Answer.OURS, asked.value, notes=("on",), platforms=tuple(same))
    if same:
        return Verdict(asked, Answer.LOOKALIKE, asked.value, "letters", notes=("elsewhere",), platforms=tuple(same))
    known = [Name(one.value, one.value) for one in accounts if one.platform == asked.platform or not asked.platform]
    first = known[0].whole if known else ""
    known += [Name(word, first or word) for word in _words(channels, names)]
    if (found := lookalike.word_resembles(asked.value, known)) is not None:
        return Verdict(asked, Answer.LOOKALIKE, found.whole if first else "", found.how)
    return Verdict(asked, Answer.NOT_OURS)


def _words(channels: Sequence[Channel], names: Sequence[str]) -> list[str]:
    """Return what we are called: the names in our domains, and the given ones."""
    domains = [*_sites(channels), *_mail_domains(channels)]
    words = [owner(domain).partition(".")[0] for domain in domains] + ["".join(name.lower().split()) for name in names]
    return [word for word in dict.fromkeys(words) if len(word) >= lookalike.SHORTEST]
