"""Judging a whole form: which fields apply, what each holds, and what would help."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from trustdesk.policy import guard
from trustdesk.policy.evidence import Check, Fact, family, recognise
from trustdesk.policy.evidence import check as check_evidence
from trustdesk.policy.evidence.chains import address_chains, transaction_chains
from trustdesk.policy.evidence.coins import SPELLINGS
from trustdesk.policy.forms import contacts
from trustdesk.policy.forms.fields import LIMITS, YES, Checked, Field, Problem
from trustdesk.policy.forms.networks import Named, chain_of, is_unknown, wants_memo
from trustdesk.policy.forms.tidying import PROSE, flag, is_nothing, tidy

_CODES: Final = {
    "internal_withdrawal_id": "internal_id", "number_expected": "not_an_amount", "empty": "required",
}  # fmt: skip
_ON_CHAIN: Final = frozenset(("tx_id", "address"))
# Of an id on a network we do not know, these say nothing: it is taken as typed, with a hint.
_OUR_IGNORANCE: Final = frozenset(("not_recognised", "bad_characters", "too_short", "too_long", "checksum_mismatch"))
_ID: Final = re.compile(r"(?=.*\d)[\w.:/@=+\-]{10,200}", re.ASCII)
_TICKER: Final = re.compile(r"[^\W_]{1,20}")
_OWN_WORDS: Final = PROSE | {"choice", "coin"}  # where "none" may be an answer, and NIL is a coin
_FACTS: Final = frozenset("tx_id address uid order_id pair time error_code".split())
_LONGEST_FACT: Final = 200  # characters, as in evidence


def check(fields: Sequence[Field], given: Mapping[str, str]) -> Checked:
    """Judge what was typed into a form. Fields that do not apply are left out; keys no field has are ignored.

    A memo applies where the coin or network beside it wants one, or is not known and something was typed. Checking the
    values of the result again gives the same values and no new problem. Linear in the length of what was typed; never
    raises, whatever was typed.
    """
    form = _Form(fields, given)
    values: dict[str, str] = {}
    problems: dict[str, Problem] = {}
    hints: dict[str, Problem] = {}
    ids: list[Fact] = []
    prose: list[Fact] = []
    asked = tuple(key for key in form.fields if form.applies(key))
    for key in asked:
        judged = form.judged(key)
        if judged.value:
            values[key] = judged.value
        if judged.problem:
            problems[key] = judged.problem
        elif judged.hint:
            hints[key] = judged.hint
        (prose if form.fields[key].kind in PROSE else ids).extend(judged.facts)
    facts: dict[tuple[str, str, str], Fact] = {}
    for fact in ids + prose:
        facts.setdefault((fact.kind, fact.value, fact.coin), fact)
    return Checked(values, tuple(facts.values()), problems, hints, asked)


@dataclass(frozen=True, slots=True)
class _Judged:
    value: str = ""
    problem: Problem | None = None
    hint: Problem | None = None
    facts: tuple[Fact, ...] = ()


class _Form:
    """A form being judged: each field once, those it depends on first."""

    def __init__(self, fields: Sequence[Field], given: Mapping[str, str]) -> None:
        self.fields = {field.key: field for field in fields}
        self._given = given
        self._judged: dict[str, _Judged] = {}
        self._applies: dict[str, bool] = {}

    def applies(self, key: str) -> bool:
        """Say whether a field is asked for; in a circle of conditions none is."""
        if key not in self._applies:
            self._applies[key] = False
            self._applies[key] = self._decide(self.fields[key])
        return self._applies[key]

    def _decide(self, field: Field) -> bool:
        if field.when and self._value(field.when[0]) not in field.when[1]:
            return False
        if field.kind != "memo":
            return True
        wanted = wants_memo(self._names(field))
        return bool(self._given.get(field.key, "").strip()) if wanted is None else wanted

    def _value(self, key: str) -> str:
        """Return what a field that applies holds and was accepted, otherwise ""."""
        if key not in self.fields or not self.applies(key):
            return ""
        judged = self.judged(key)
        return "" if judged.problem else judged.value

    def _names(self, field: Field) -> list[Named]:
        """Return the network and coin named beside a field, nearest first."""
        names: list[Named] = []
        seen = {field.key}
        while field.beside in self.fields and field.beside not in seen:
            field = self.fields[field.beside]
            seen.add(field.key)
            if field.kind in ("network", "coin") and (value := self._value(field.key)):
                names.append(Named(field.kind, value))
        return names

    def judged(self, key: str) -> _Judged:
        """Return what a field holds; a field that is asked for while it is being judged counts as empty."""
        if key not in self._judged:
            self._judged[key] = _Judged()
            self._judged[key] = self._judge(self.fields[key])
        return self._judged[key]

    def _judge(self, field: Field) -> _Judged:
        value = tidy(self._given.get(field.key, ""), kind=field.kind)
        masked = guard.mask(value)
        if masked.found:
            secret = Problem("secret", {"kind": masked.found[0].kind})
            if field.kind not in PROSE:
                return _Judged(problem=secret)
            # A whole account of what happened is not thrown away for the key in it.
            return _Judged(masked.text, secret, facts=_read(masked.text))
        if not field.required and field.kind not in _OWN_WORDS and is_nothing(value):
            value = ""
        if not value:
            return self._empty(field)
        if len(value) > LIMITS[field.kind]:
            sizes = {"expected": str(LIMITS[field.kind]), "found": str(len(value))}
            return _Judged(value, Problem("too_long", sizes))
        return self._hold(field, value)

    def _empty(self, field: Field) -> _Judged:
        if field.kind == "memo":
            asked = Problem("needs_memo")
            return _Judged(problem=asked) if field.required else _Judged(hint=asked)
        return _Judged(problem=Problem("required")) if field.required else _Judged()

    def _hold(self, field: Field, value: str) -> _Judged:
        """Judge a value that is there, short enough and no secret by itself."""
        if field.kind in PROSE:
            return _Judged(value, facts=_read(value))
        if field.kind == "choice":
            return _Judged(value) if value in field.options else _Judged(value, Problem("not_an_option"))
        if field.kind == "flag":
            return self._flag(field, value)
        if field.kind == "coin":
            return _coin(value)
        if field.kind == "network":
            return _network(value)
        if field.kind == "amount":
            return self._amount(field, value)
        if field.kind in _CONTACTS:
            return _of(_CONTACTS[field.kind](value))
        if field.kind in _ON_CHAIN:
            return self._on_chain(field, value)
        chain = family(chain_of(self._names(field))) if field.kind == "memo" else ""
        judged = _of(check_evidence(field.kind, value, chain=chain))
        return self._with_fact(judged, field.kind)

    def _flag(self, field: Field, value: str) -> _Judged:
        ticked = flag(value)
        if ticked is None:
            return _Judged(value, Problem("not_an_option"))
        return _Judged(YES) if ticked else self._empty(field)

    def _amount(self, field: Field, value: str) -> _Judged:
        coin = next((name.value for name in self._names(field) if name.kind == "coin"), "")
        number = value
        if coin and value.upper().endswith(coin):
            number = value[: -len(coin)].strip() or value  # "5 FOO": evidence knows only the coins many know
        result = check_evidence("amount", number)
        if not result.ok:
            return _of(replace(result, value=value))
        said = dict(result.params).get("coin", "")
        hint = None
        if coin and said and said != coin:
            hint = Problem("other_coin", {"coin": said, "expected": coin})
        elif not coin and not said:
            hint = Problem("coin_missing")
        # The coin stays with the number where no other field names it, or names another.
        kept = f"{result.value} {said}" if said and said != coin else result.value
        return _Judged(kept, hint=hint, facts=(Fact("amount", result.value, coin=said or coin),))

    def _on_chain(self, field: Field, value: str) -> _Judged:
        names = self._names(field)
        chain = chain_of(names)
        result = check_evidence(field.kind, value, chain=family(chain))
        if not result.ok:
            plain = "".join(value.split())
            if result.hint in _OUR_IGNORANCE and is_unknown(names) and _ID.fullmatch(plain):
                return self._with_fact(_Judged(plain, hint=Problem("unchecked")), field.kind)
            return _of(result)
        judged = _of(result)
        where = dict(result.params).get("chain", "")
        fact = Fact(field.kind, result.value, chain=_nearer(chain, where))
        if judged.hint and judged.hint.code == "explorer_link_taken_apart":
            if where and family(chain) == "evm" and chain not in ("evm", where):
                judged = replace(judged, hint=Problem("other_network", {"chain": where, "expected": chain}))
            # Some ids are only recognisable by the link around them: then the link stays.
            if not check_evidence(field.kind, result.value, chain=family(chain)).ok:
                judged = replace(judged, value=value)
        return replace(judged, facts=(fact,))

    @staticmethod
    def _with_fact(judged: _Judged, kind: str) -> _Judged:
        if judged.problem or kind not in _FACTS or len(judged.value) > _LONGEST_FACT:
            return judged
        return replace(judged, facts=(Fact(kind, judged.value),))


_CONTACTS: Final = {
    "mail": contacts.mail,
    "work_mail": contacts.work_mail,
    "url": contacts.url,
    "api_key_id": contacts.api_key_id,
}


def _of(result: Check) -> _Judged:
    """Word a result of evidence as the form does; what may be a secret loses its value."""
    if result.hint == "maybe_private_key":
        return _Judged(problem=Problem("secret", dict(result.params) or {"kind": "private_key"}))
    said = Problem(_CODES.get(result.hint, result.hint), dict(result.params)) if result.hint else None
    return _Judged(result.value, hint=said) if result.ok else _Judged(result.value, said)


def _nearer(named: str, shown: str) -> str:
    """Return the chain of a fact: what a link shows before what the form names, and a network before its family."""
    return named if not shown or (shown == "evm" and family(named) == "evm") else shown


def _read(text: str) -> tuple[Fact, ...]:
    if len(text) > LIMITS["long"]:
        return ()
    return tuple(replace(fact, start=0, end=0) for fact in recognise(text))


def _coin(value: str) -> _Judged:
    plain = value.removeprefix("$")
    plain = SPELLINGS.get(plain) or SPELLINGS.get(plain.lower()) or (plain.upper() if plain.isascii() else plain)
    if address_chains(value) or transaction_chains(value):
        return _Judged(value, Problem("looks_like_address" if address_chains(value) else "looks_like_tx_id"))
    if not _TICKER.fullmatch(plain) or plain.isdigit():
        return _Judged(value, Problem("not_a_coin"))
    return _Judged(plain)


def _network(value: str) -> _Judged:
    if address_chains(value) or transaction_chains(value):
        return _Judged(value, Problem("looks_like_address" if address_chains(value) else "looks_like_tx_id"))
    if not any(c.isalpha() for c in value):
        return _Judged(value, Problem("not_a_network"))
    names = [Named("network", value)]
    known = chain_of(names) or wants_memo(names) or not is_unknown(names)
    return _Judged(value, hint=None if known else Problem("unknown_network"))
