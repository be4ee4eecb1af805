"""Seed phrases: every list, every way people write one down, and the prose that must be left alone."""

import functools
import json
import random
import unicodedata
from collections.abc import Callable

import pytest
from mnemonic import Mnemonic

from trustdesk.policy import guard
from trustdesk.policy.guard.wordlists import is_electrum

LANGUAGES = sorted(Mnemonic.list_languages())
SIZES = {12: 16, 15: 20, 18: 24, 21: 28, 24: 32}  # words: bytes of entropy


@functools.cache
def book(language: str) -> Mnemonic:
    return Mnemonic(language)


def phrase(language: str = "english", *, words: int = 12, seed: int = 0) -> list[str]:
    """Make a phrase, the same for the same seed, of words the package's own lists spell right."""
    chance = random.Random(f"{language} {words} {seed}")
    while True:
        made = book(language).to_mnemonic(chance.randbytes(SIZES[words])).replace("\u3000", " ").split(" ")
        if not any("\ufffd" in word for word in made):  # one Russian word is damaged in the package
            return made


def broken(seed: int = 0) -> list[str]:
    """Make twelve list words whose checksum fails and that Electrum does not know either."""
    chance = random.Random(seed)
    english = book("english")
    while True:
        words = chance.sample(english.wordlist, 12)
        if not english.check(" ".join(words)):
            return words


def ordinal(number: int) -> str:
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10 if number not in (11, 12, 13) else 0, 'th') }"


def two_columns(words: list[str]) -> str:
    half = (len(words) + 1) // 2
    rows = []
    for row in range(half):
        cells = [row] if row + half >= len(words) else [row, row + half]
        rows.append("     ".join(f"{place + 1}. {words[place]}" for place in cells))
    return "\n".join(rows)


def numbered(template: str, glue: str) -> Callable[[list[str]], str]:
    return lambda words: glue.join(template.format(n=n, word=word) for n, word in enumerate(words, 1))


FORMATS: dict[str, Callable[[list[str]], str]] = {
    "plain": " ".join,
    "one per line": "\n".join,
    "lines of a Windows file": "\r\n".join,
    "blank lines between": "\n\n".join,
    "numbered": numbered("{n}. {word}", " "),
    "numbered tightly": numbered("{n}.{word}", " "),
    "numbered with brackets": numbered("({n}) {word}", "\n"),
    "numbered with #": numbered("#{n} {word}", ", "),
    "labelled": numbered("word {n}: {word}", "\n"),
    "labelled tightly": numbered("word{n}={word}", " "),
    "labelled in Chinese": numbered("第{n}个词：{word}", "，"),
    "ordinals": lambda words: ", ".join(f"{ordinal(n)} {word}" for n, word in enumerate(words, 1)),
    "circled numbers": lambda words: " ".join(chr(0x2460 + n % 20) + word for n, word in enumerate(words)),
    "two columns": two_columns,
    "bullets": lambda words: "\n".join(f"• {word}" for word in words),
    "dashes": lambda words: "\n".join(f"- {word}" for word in words),
    "quoted": lambda words: f'"{" ".join(words)}"',
    "Chinese quotes": lambda words: f"“{' '.join(words)}”",
    "each word quoted": lambda words: " ".join(f'"{word}"' for word in words),
    "upper case": lambda words: " ".join(words).upper(),
    "title case": lambda words: " ".join(words).title(),
    "commas": ",".join,
    "commas and spaces": ", ".join,
    "Chinese commas": "，".join,
    "enumeration commas": "、".join,
    "hyphens": "-".join,
    "underscores": "_".join,
    "bars": "|".join,
    "arrows": " -> ".join,
    "punctuation of all kinds": lambda words: "".join(
        word + mark for word, mark in zip(words, [" ", ", ", "; ", "\n", "  ", " / "] * 4, strict=False)
    ),
    "JSON list": lambda words: json.dumps(words, ensure_ascii=False),
    "JSON list, escaped": json.dumps,
    "JSON object": lambda words: json.dumps({f"word{n}": word for n, word in enumerate(words, 1)}),
    "JSON text of lines": lambda words: json.dumps("\n".join(words)),
    "no-break spaces": "\u00a0".join,
    "ideographic spaces": "\u3000".join,
    "zero width inside": lambda words: " ".join(f"{word[0]}\u200b{word[1:]}" for word in words),
    "zero width between": "\u200b ".join,
    "soft hyphens": lambda words: " ".join(f"{word[0]}\u00ad{word[1:]}" for word in words),
    "accents apart": lambda words: unicodedata.normalize("NFD", " ".join(words)),
    "accents composed": lambda words: unicodedata.normalize("NFC", " ".join(words)),
    "emoji between": " 🔑 ".join,
    "quoted mail": lambda words: "\n".join(f"> {word}" for word in words),
    "list in HTML": lambda words: "<ol>" + "".join(f"<li>{word}</li>" for word in words) + "</ol>",
    "table in HTML": lambda words: "".join(
        f'<tr><td>{n}</td><td class="w">{word}</td></tr>' for n, word in enumerate(words, 1)
    ),
    "attribute in HTML": lambda words: f'<input value="{" ".join(words)}">',
    "in a sentence": lambda words: f"Hi, it says {' '.join(words)} and then it does not open.",
    "in a Chinese sentence": lambda words: f"我输入 {' '.join(words)} 以后打不开钱包，怎么办",
}


def assert_gone(text: str, words: list[str]) -> None:
    """Assert that one finding covers all the words, and that masking is done in one go."""
    masked = guard.mask(text)
    assert len(masked.found) == 1, text
    finding = masked.found[0]
    assert finding.kind == "seed_phrase"
    assert masked.text == f"{text[: finding.start]}[••• seed_phrase]{text[finding.end :]}"
    left = masked.text.lower().replace("[••• seed_phrase]", "")
    assert not [word for word in set(words) if len(word) > 3 and word in left], masked.text
    assert guard.mask(masked.text) == guard.Masked(text=masked.text, found=())


@pytest.mark.parametrize("written", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_way_of_writing_in_every_language(language: str, written: Callable[[list[str]], str]) -> None:
    for seed, words in enumerate(SIZES):
        made = phrase(language, words=words, seed=seed)
        assert_gone(written(made), made)


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_accents(language: str) -> None:
    made = phrase(language, words=15)
    letters = unicodedata.normalize("NFD", " ".join(made))
    plain = "".join(c for c in letters if not unicodedata.combining(c) or "\u3040" < c < "\u30ff")
    assert len(guard.mask(unicodedata.normalize("NFC", plain)).found) == 1


def test_full_width_letters() -> None:
    wide = " ".join("".join(chr(ord(letter) + 0xFEE0) for letter in word) for word in phrase())
    assert guard.mask(wide).text == "[••• seed_phrase]"


def test_first_four_letters() -> None:
    """As steel plates keep them: four letters decide an English word."""
    for seed in range(20):
        short = [word[:4] for word in phrase(words=24, seed=seed)]
        assert_gone(" ".join(short), short)


def test_degenerate_phrases() -> None:
    """Test wallets use them, and people copy those."""
    for text in ("abandon " * 11 + "about", "zoo " * 11 + "wrong", "的 " * 11 + "在"):
        assert guard.mask(text).text == "[••• seed_phrase]"


def test_words_around_a_phrase_stay() -> None:
    text = f"Hello!\nThis is my wallet, I think:\n{' '.join(phrase())}\nThank you, 我等你的回复。"
    assert guard.mask(text).text == "Hello!\nThis is my wallet, I think:\n[••• seed_phrase]\nThank you, 我等你的回复。"


def test_two_phrases_in_one_text() -> None:
    text = f"old: {' '.join(phrase(seed=1))}. And the new one is {' '.join(phrase('french', seed=2))}, thanks"
    assert guard.mask(text).text == "old: [••• seed_phrase]. And the new one is [••• seed_phrase], thanks"


@pytest.mark.parametrize("words", SIZES)
@pytest.mark.parametrize("language", ["chinese_simplified", "chinese_traditional"])
def test_chinese_without_spaces(language: str, words: int) -> None:
    """Alone on its line, or after a colon, hardly one in a hundred is missed; that much looks like prose."""
    for written in ("{}", "“{}”", "助记词：{}", "助记词如下\n{}\n请帮我看看", '{{"mnemonic": "{}"}}'):
        made = ["".join(phrase(language, words=words, seed=seed)) for seed in range(100)]
        missed = [one for one in made if one in guard.mask(written.format(one)).text]
        assert len(missed) <= 4


@pytest.mark.parametrize("words", SIZES)
def test_chinese_without_spaces_inside_a_sentence(words: int) -> None:
    made = ["".join(phrase("chinese_simplified", words=words, seed=seed)) for seed in range(100)]
    missed = [one for one in made if one in guard.mask(f"我的助记词是{one}请帮我看看").text]
    assert len(missed) <= 12


@pytest.mark.parametrize(
    "text",
    [
        "my seed phrase is {}",
        "Seed: {} (12 words)",
        "助记词：{}",
        "{} <- recovery phrase",
        "mi frase de recuperación: {}",
        "сид-фраза: {}",
        "ニーモニック：{}",
        "{}",
        "1. first try\n{}\n2. nothing else",
    ],
)
def test_broken_checksum_where_the_wording_or_the_place_says_it(text: str) -> None:
    for seed in range(10):
        words = broken(seed)
        masked = guard.mask(text.format(" ".join(words)))
        assert " ".join(words[:3]) not in masked.text
        assert " ".join(words[-3:]) not in masked.text


def test_one_word_mistyped() -> None:
    for seed in range(10):
        words = phrase(seed=seed)
        words[5] = words[5][:2] + "qx" + words[5][2:]
        for text in ("my recovery phrase: {}", "我的助记词 {}", "{}"):
            masked = guard.mask(text.format(" ".join(words)))
            assert words[0] not in masked.text
            assert words[-1] not in masked.text


def test_a_word_too_much() -> None:
    words = phrase(seed=3)
    masked = guard.mask(f"It is {', '.join(words[:-1])}, und {words[-1]} as I said before")
    assert masked.text == "It is [••• seed_phrase] as I said before"


def test_most_of_a_phrase() -> None:
    """Nine of twelve words leave an evening's work to a thief."""
    assert guard.mask(f"my seed phrase without the end: {' '.join(phrase()[:9])}").found
    assert guard.mask(f"助记词前九个：{' '.join(phrase('chinese_simplified')[:9])}").found


def test_numbered_words_need_no_checksum() -> None:
    words = broken()
    text = "so " + " ".join(f"{n}. {word}" for n, word in enumerate(words, 1)) + " was what I wrote down"
    assert guard.mask(text).text == "so 1. [••• seed_phrase] was what I wrote down"


def test_electrum() -> None:
    """Electrum phrases carry no BIP-39 checksum but a version of their own."""
    chance = random.Random(1)
    words = book("english").wordlist
    made: list[list[str]] = []
    while len(made) < 5:
        indices = [chance.randrange(2048) for _ in range(12)]
        if is_electrum(indices) and not book("english").check(" ".join(words[i] for i in indices)):
            made.append([words[i] for i in indices])
    for one in made:
        assert_gone(f"yes, it says {' '.join(one)} but nothing is in it", one)


def test_phrases_from_lists_that_are_not_at_hand() -> None:
    """SLIP-39 by the look of it, Monero's and others where the wording says so."""
    long = [word for word in book("english").wordlist if 4 <= len(word) <= 8]
    unknown = ["gums", "slush", "ting", "necklace", "papa", "bulge", "fangs", "havoc", "mixture", "alto"]
    share = random.Random(2).sample(long, 10) + unknown
    assert guard.mask(" ".join(share)).text == "[••• seed_phrase]"
    assert guard.mask(f"I have: {' '.join(share)} of the set").text == "I have: [••• seed_phrase] of the set"
    foreign = "sapling tuxedo bogeys azure wagtail nibs eluded haystack fudge gnaw pylons umpire yodel".split()
    assert guard.mask(f"My Monero seed words:\n{' '.join(foreign)}").text == "My Monero seed words:\n[••• seed_phrase]"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "I forgot my seed phrase, can you help me recover the wallet please, it says invalid words when I try it",
        "Never share your seed phrase, private key or 2FA code with anyone. Support will never ask you for them!",
        "我的助记词忘记了还能找回钱包吗，备份也没有了，怎么办",
        "请不要把助记词、私钥或者验证码告诉任何人，官方客服绝对不会向您索要这些信息",
        "what are the 12 words for and where do I find them on my phone before I set up the wallet",
        "can you please cancel this order because they will never allow you to just trade after that price",
        "assume that they can use this across all test accounts before they start with the real one",
        "我昨天提现的五百个币到现在还没有到账麻烦你们帮我查一下到底是什么原因好吗",
        "为什么我的账户不能提现",
        "你好，请问我的提现什么时候到账",
        "Hola, no puedo retirar mi saldo desde ayer, ¿podrían ayudarme por favor? Ya esperé más de tres días.",
        "Je ne peux plus me connecter à mon compte depuis hier, pouvez-vous vérifier ce qui se passe ?",
        "出金が三日経っても反映されません。至急確認をお願いします。",
        "어제 출금 신청을 했는데 아직도 처리되지 않았습니다. 확인 부탁드립니다.",
        "Вывод средств не приходит уже третий день, помогите пожалуйста разобраться с этой проблемой",
        "[••• seed_phrase]",
        "order: 1. open app 2. click trade 3. choose BTC 4. enter price 5. confirm",
    ],
)
def test_prose_stays(text: str) -> None:
    assert guard.mask(text) == guard.Masked(text=text, found=())


def test_list_words_in_a_sentence_stay_without_a_checksum() -> None:
    """Twelve list words in a row can be a sentence, and one in sixteen of those has a good checksum by chance."""
    for sentence, checksum in (
        ("can you help them when they have only this one small coin", False),
        ("can you please cancel this order because they will never allow you", True),
    ):
        assert book("english").check(sentence) is checksum
        assert guard.mask(f"So: {sentence} to do it").found == ()


def test_offsets_are_of_the_original() -> None:
    words = " ".join(phrase())
    text = f"\ufeffＡＢ\u200b {words}\u200b. end"
    masked = guard.mask(text)
    (finding,) = masked.found
    assert text[finding.start : finding.end].strip("\u200b") == words
    assert masked.text == "\ufeffＡＢ\u200b [••• seed_phrase]. end"
