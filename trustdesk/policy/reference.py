"""The case number customers quote: random, easy to read aloud, and self-checking, such as `K7M-4Q2-X9H2`."""

import re
import unicodedata

# 23 characters. None is mistaken for another on paper (no B/8, D/0, G/6, I/1, L/1, O/0, S/5, U/V, Z/2) or on the
# phone (no B/D/T, F/S, M/N together); no vowels and no S, N, F, so that the usual rude words and Chinese initialisms
# (SB, TMD, CNM, WTF) cannot come up. 23 is prime, which is what lets one check character catch so much.
ALPHABET = "0123456789CHJKMPQRTVWXY"
LENGTH = 10  # nine random characters (23**9: 40.7 bits) and the check character

_BASE = len(ALPHABET)
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_MISREAD = str.maketrans("OILSZBGU", "0115286V")  # what people write for a character we do use
# Every prefix holds a character no case number can contain, so that nothing is ever cut off a number itself.
_PREFIX = re.compile(
    r"(?:CASE|TICKET|REFERENCE|REF|工单|工單|案件|服务单|服務單)?"
    r"(?:NUMBER|NO|ID|编号|編號|单号|單號|号码|號碼|号|號)?"
)
_LONGEST_INPUT = 100  # no prefix and spacing a person types is longer; what is longer is prose


def new(random_bytes: bytes) -> str:
    """Return the canonical case number for at least 8 fresh random bytes; raise ValueError for fewer.

    The number holds 40.7 bits of them; taking the remainder of 64 or more bits favours no number by more than 2**-23.
    """
    if len(random_bytes) < 8:
        raise ValueError("a case number needs at least 8 random bytes")
    rest = int.from_bytes(random_bytes, "big")
    values = []
    for _ in range(LENGTH - 1):
        rest, value = divmod(rest, _BASE)
        values.append(value)
    # The check character has weight 1, so it is simply what is missing.
    values.append(-_weighted_sum([*values, 0]) % _BASE)
    return _with_dashes("".join(ALPHABET[value] for value in values))


def parse(text: str) -> str | None:
    """Return the canonical case number a person meant by `text`, or None where it is none.

    Forgives case, spacing, dashes, full-width characters, look-alikes (O for 0, L for 1 …) and a leading `#`, `No.`,
    `Case`, `工单号`. None means a wrong length, a foreign character or a wrong check character: every single wrong
    character and every exchange of two different characters is noticed.
    """
    if len(text) > _LONGEST_INPUT:
        return None
    folded = unicodedata.normalize("NFKC", text).upper()
    bare = "".join(character for character in folded if character.isalnum())
    code = _PREFIX.sub("", bare, count=1).translate(_MISREAD)
    if len(code) != LENGTH or any(character not in _VALUE for character in code):
        return None
    if _weighted_sum([_VALUE[character] for character in code]) % _BASE != 0:
        return None
    return _with_dashes(code)


def _weighted_sum(values: list[int]) -> int:
    """Return the sum of values weighted 10, 9 … 1, plus one.

    As in ISBN-10: weights that differ and are not 0 modulo a prime make one wrong character, or two exchanged ones,
    change the sum. The one keeps 000-000-0000 from being a case number.
    """
    return 1 + sum(weight * value for weight, value in zip(range(len(values), 0, -1), values, strict=True))


def _with_dashes(code: str) -> str:
    return f"{code[:3]}-{code[3:6]}-{code[6:]}"
