"""What a form is made of, what its check hands back, and what is wrong with a form itself."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from trustdesk.policy.evidence import Fact

# Kind -> characters a value may have. No chain, mail server or exchange needs more.
LIMITS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "text": 300, "long": 10_000, "choice": 64, "coin": 20, "network": 60, "tx_id": 500, "address": 500,
        "memo": 256, "amount": 60, "uid": 60, "order_id": 200, "pair": 40, "time": 100, "error_code": 100,
        "mail": 254, "work_mail": 254, "url": 2000, "api_key_id": 200, "flag": 10,
    }
)  # fmt: skip
KINDS: Final = tuple(LIMITS)
YES: Final = "yes"  # value of a flag that is set; one that is not has none


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form.

    `options`: values of a choice; of other kinds mere proposals. `when`: the key of another field and the values of it
    with which this one is asked for. `beside`: the key of the field that names the network or coin of this one; where
    that is a network whose own `beside` names a coin, a network left empty or called "mainnet" is that coin's.
    """

    key: str
    kind: str
    required: bool = False
    options: tuple[str, ...] = ()
    when: tuple[str, tuple[str, ...]] | None = None
    beside: str = ""

    def __post_init__(self) -> None:
        if self.kind not in LIMITS:
            raise ValueError(f"no form has fields of kind {self.kind!r}")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to say beside a field: a code for the surface to word, and what its sentence needs."""

    code: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checked:
    """A form that was judged, by key of field.

    `values` are those of the fields that apply, tidied where accepted and as typed where refused, blanks dropped. They
    may be shown and kept as a draft: a secret is not among them (in text and long only its place is masked).
    `facts` are what staff can look up, of accepted fields first and of prose after. `asked` are the fields that apply.
    """

    values: dict[str, str]
    facts: tuple[Fact, ...]
    problems: dict[str, Problem]
    hints: dict[str, Problem]
    asked: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether the form may be sent."""
        return not self.problems


# Read after folding to small letters, with every run of spaces, dashes and underscores as one space.
_SECRETS: Final = re.compile(
    r"pass ?(?:word|code|phrase)|\bpwd\b|mnemonic|\bseed\b|\b(?:private|secret|master|recovery|backup|encryption) ?keys?\b"
    r"|\b(?:recovery|backup|secret|seed|12|24|twelve|twenty four) (?:phrase|words?)|\bapi secrets?\b|\bsecrets?\b"
    r"|\b(?:2fa|two factor|totp|otp|sms|verification|authenti\w+|security|one time|login|sign in|confirmation|approval"
    r"|device|mailed|e ?mail|backup|recovery|google|bank)(?: \w{1,10})? (?:codes?|token|pin)\b|\b(?:otp|totp|cvv|cvc|pin)\b"
    r"|\bcodes? (?:from|sent|we|that) |\bkey ?store\b|\bsession (?:cookie|token)\b|\bremote access\b"
    r"|密\s?码|密碼|口令|助记|助記|助忆|注记词|私\s?[钥鑰]|[密秘][钥鑰]|验证码|驗證碼|校验码|动态码|動態碼|安全码|授权码"
    r"|谷歌码|恢复码|备份码|恢复短语|备份短语|恢复词|种子|远程控制|keystore"
)


def asks_for_secret(label: str) -> bool:
    """Say whether the label or help of a field reads like asking for what no support may ever ask for."""
    return _SECRETS.search(re.sub(r"[\s\-_‑–]+", " ", unicodedata.normalize("NFKC", label).lower())) is not None


def flaws(fields: Sequence[Field]) -> dict[str, Problem]:
    """Return what is wrong with a form, by key of field: codes twice, no_options, no_such_field (field), no_such_value
    (field, value), circular. A form without flaws can be filled in; `check` copes with any."""
    form = {one.key: one for one in fields}
    found: dict[str, Problem] = {}
    seen: set[str] = set()
    for one in fields:
        problem = Problem("twice") if one.key in seen else _flaw(one, form)
        seen.add(one.key)
        if problem:
            found[one.key] = problem
    return found


def _flaw(one: Field, form: Mapping[str, Field]) -> Problem | None:
    if one.kind == "choice" and not one.options:
        return Problem("no_options")
    if one.beside and one.beside not in form:
        return Problem("no_such_field", {"field": one.beside})
    if one.when:
        key, values = one.when
        if key not in form:
            return Problem("no_such_field", {"field": key})
        possible = (YES,) if form[key].kind == "flag" else form[key].options
        for value in values:
            if possible and value not in possible:
                return Problem("no_such_value", {"field": key, "value": value})
    return Problem("circular") if _is_circular(one, form, {}) else None


def _is_circular(one: Field, form: Mapping[str, Field], state: dict[str, bool]) -> bool:
    """Say whether a field depends on itself, in one step or several. `state` is True while a field is being walked."""
    if one.key in state:
        return state[one.key]
    state[one.key] = True
    needs = [key for key in (one.when[0] if one.when else "", one.beside) if key in form]
    circular = any(_is_circular(form[key], form, state) for key in needs)
    state[one.key] = False
    return circular
