"""What recognition and checking hand back."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing a customer wrote that staff can look up, in its one spelling; start and end are places in the text."""

    kind: str
    value: str
    chain: str = ""
    coin: str = ""
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a form field may be accepted; `hint` is a code for the surfaces to word, `params` what it needs."""

    ok: bool
    value: str
    hint: str = ""
    params: tuple[tuple[str, str], ...] = ()
