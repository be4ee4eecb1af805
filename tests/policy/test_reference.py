import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustdesk.policy import reference

entropy = st.binary(min_size=8, max_size=32)
KNOWN = reference.new(bytes(range(200, 216)))


def _replaced(number: str, position: int, character: str) -> str:
    return number[:position] + character + number[position + 1 :]


def test_form_is_three_groups_without_look_alikes_or_vowels() -> None:
    assert len(reference.ALPHABET) == len(set(reference.ALPHABET)) == 23
    assert not set(reference.ALPHABET) & set("AEIOUBDGLSZ")
    assert [len(group) for group in KNOWN.split("-")] == [3, 3, 4]


def test_holds_at_least_forty_random_bits() -> None:
    assert len(reference.ALPHABET) ** (reference.LENGTH - 1) > 2**40
    generator = random.Random(1)
    assert len({reference.new(generator.randbytes(8)) for _ in range(20_000)}) == 20_000


def test_every_character_comes_up_equally_often_in_every_place() -> None:
    generator = random.Random(2)
    numbers = [reference.new(generator.randbytes(8)).replace("-", "") for _ in range(23_000)]
    for place in range(reference.LENGTH):
        counts = [sum(number[place] == character for number in numbers) for character in reference.ALPHABET]
        # expected 1,000 each, standard deviation 31
        assert all(850 < count < 1150 for count in counts), (place, counts)


@pytest.mark.parametrize("size", range(8))
def test_too_little_entropy_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="8 random bytes"):
        reference.new(bytes(size))


@given(entropy)
def test_what_is_made_is_read_back(random_bytes: bytes) -> None:
    number = reference.new(random_bytes)
    assert reference.parse(number) == number


def test_every_single_substitution_is_noticed() -> None:
    generator = random.Random(3)
    seen = set()
    for _ in range(400):
        number = reference.new(generator.randbytes(8))
        for position, character in itertools.product(range(len(number)), reference.ALPHABET):
            if number[position] in ("-", character):
                continue
            seen.add((position, number[position], character))
            assert reference.parse(_replaced(number, position, character)) is None
    assert len(seen) == 10 * 23 * 22, "every character must have been replaced by every other in every place"


def _exchanged(code: str, one: int, other: int) -> str:
    characters = list(code)
    characters[one], characters[other] = characters[other], characters[one]
    return "".join(characters)


def test_every_exchange_of_neighbours_is_noticed() -> None:
    generator = random.Random(4)
    seen = set()
    for _ in range(9_000):
        code = reference.new(generator.randbytes(8)).replace("-", "")
        for place, pair in enumerate(itertools.pairwise(code)):
            if pair[0] != pair[1]:
                seen.add((place, pair))
                assert reference.parse(_exchanged(code, place, place + 1)) is None
    assert len(seen) == 9 * 23 * 22, "every pair of neighbours must have been exchanged in every place"


@given(entropy, st.integers(0, 9), st.integers(0, 9))
def test_exchange_of_any_two_characters_is_noticed(random_bytes: bytes, one: int, other: int) -> None:
    code = reference.new(random_bytes).replace("-", "")
    assert (reference.parse(_exchanged(code, one, other)) is None) == (code[one] != code[other])


def test_a_guess_is_rarely_a_number() -> None:
    generator = random.Random(5)
    guesses = ["".join(generator.choices(reference.ALPHABET, k=10)) for _ in range(23_000)]
    assert 800 < sum(reference.parse(guess) is not None for guess in guesses) < 1200  # one in 23


@pytest.mark.parametrize(
    "write",
    [
        str.lower,
        lambda number: number.replace("-", ""),
        lambda number: number.replace("-", " "),
        lambda number: " ".join(number.replace("-", "")),
        lambda number: number.replace("-", "\u2013"),
        lambda number: number.replace("-", "\u2014\u2014"),
        lambda number: number.replace("-", "\u2212"),
        lambda number: number.replace("-", "\u200b-\u00a0"),
        lambda number: "".join(chr(ord(character) + 0xFEE0) for character in number),
        lambda number: "".join(chr(ord(character) + 0xFEE0) for character in number.lower()),
        lambda number: f"#{number}",
        lambda number: f"\uff03 {number}",
        lambda number: f"No. {number}",
        lambda number: f"№{number}",
        lambda number: f"工单号\uff1a{number}",
        lambda number: f"工單號 {number}。",
        lambda number: f"工单编号 {number}",
        lambda number: f"[Case {number}]",
        lambda number: f"ticket no: {number}",
        lambda number: f"Case ID {number.lower()}\n",
        lambda number: f"reference number {number}",
    ],
)
@given(random_bytes=entropy)
def test_forgives_how_people_write_it(write, random_bytes: bytes) -> None:  # type: ignore[no-untyped-def]
    number = reference.new(random_bytes)
    assert reference.parse(write(number)) == number


@given(entropy, st.randoms(use_true_random=False))
def test_forgives_look_alikes(random_bytes: bytes, choice: random.Random) -> None:
    number = reference.new(random_bytes)
    alike = {"0": "0oO", "1": "1iIlL", "5": "5sS", "2": "2zZ", "8": "8bB", "6": "6gG", "V": "VvuU"}
    assert reference.parse("".join(choice.choice(alike.get(c, c)) for c in number)) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "#",
        "工单号",
        "000-000-0000",
        KNOWN[:-1],
        KNOWN + "0",
        KNOWN + KNOWN,
        KNOWN.replace(KNOWN[0], "A", 1),
        "мой номер",
        "my deposit is missing",
        "#" * 5_000,
        KNOWN + " " * 5_000,
        "\x00" * 10,
        "ﷺ" * 10,
    ],
)
def test_anything_else_is_none(text: str) -> None:
    assert reference.parse(text) is None


@given(st.text())
def test_never_fails_and_only_returns_canonical_numbers(text: str) -> None:
    found = reference.parse(text)
    assert found is None or reference.parse(found) == found
