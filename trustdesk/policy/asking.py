"""What no member of staff may ever ask a customer for: passwords, codes, keys, remote control, moving funds "to safety".

Who asks for one of these in our name is a thief with a stolen seat, or will make customers believe the next thief. So a
text to a customer is read before it is sent. The same words warn ("never tell anybody your code") far more often than
they ask; what is looked for is a request, a sentence at a time, and what around it makes none of it: a negation, a
condition, somebody else who asks, a page of ours where the code belongs. English and Chinese are read closely, six more
languages roughly. Letters of other alphabets, digits in words, invisible characters and spaced-out letters are undone.

What spans two messages, or stands in a picture, is not seen here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from trustdesk.policy import asking_languages, asking_phrases
from trustdesk.policy.asking_phrases import Language
from trustdesk.policy.guard.folding import fold
from trustdesk.policy.official.skeleton import latin

LONGEST_SENTENCE = 400  # characters; what has no stop for longer is cut, so that reading takes linear time


@dataclass(frozen=True, slots=True)
class Asked:
    """What a text asks a customer for: ``password``, ``key`` (a seed phrase, a private key), ``code``, ``remote_control`` or
    ``funds`` (to be moved to a "safe" place)."""

    kind: str


def find(text: str) -> Asked | None:
    """Return what a text asks a customer for that nobody may ask for, or None. Time is linear in the length."""
    plain = _plain(fold(text).text)
    if not _POSSIBLE.search(plain) and not _odd(plain):
        return None
    for reading in _readings(plain):
        before = ""
        for sentence in _sentences(reading):
            for language in _LANGUAGES:
                kind = language.asks(sentence, before=before)
                if kind:
                    return Asked(kind)
            before = sentence
    return None


class _Reader:
    """A language with its patterns compiled."""

    def __init__(self, language: Language) -> None:
        parts = language.parts
        # By kind: what must be named, and the ways to ask for it.
        self._patterns = [
            (kind, re.compile(secret), [re.compile(_filled(one, parts | {"secret": secret})) for one in language.asks])
            for kind, secret in language.secrets.items()
        ] + [
            (kind, re.compile(""), [re.compile(_filled(one, parts)) for one in patterns])
            for kind, patterns in language.other.items()
        ]
        self._sure = [
            (kind, re.compile(_filled(pattern, parts | {"secret": secret})))
            for kind, secret in language.secrets.items()
            for pattern in language.sure
        ]
        self._pronouns = [re.compile(pattern) for pattern in language.pronouns]
        self._secrets = [
            (kind, re.compile(secret)) for kind, secret in (*language.secrets.items(), ("code", language.it))
        ]
        self._never, self._resumes = re.compile(language.never), re.compile(language.resumes)
        self._near, self._excused = re.compile(language.near), re.compile(language.excused)
        self._elsewhere = re.compile(language.elsewhere)

    def asks(self, sentence: str, *, before: str) -> str | None:
        """Return the kind of what a sentence asks for, or None; ``before`` is the sentence before it."""
        for kind, pattern in self._sure:
            if pattern.search(sentence):
                return kind
        for kind, thing, patterns in self._patterns:
            if not thing.search(sentence):
                continue
            for pattern in patterns:
                if any(not self._otherwise(sentence, match) for match in pattern.finditer(sentence)):
                    return kind
        for pattern in self._pronouns:
            for match in pattern.finditer(sentence):
                named = self._named_before(f"{before} {sentence[: match.start()]}")
                if named and not self._otherwise(sentence, match):
                    return named
        return None

    def _named_before(self, text: str) -> str | None:
        """Say which secret "it" is: one named before, with nothing else that it may be in between."""
        last = max(
            ((match.end(), kind) for kind, secret in self._secrets for match in secret.finditer(text)), default=None
        )
        return last[1] if last is not None and not self._elsewhere.search(text, last[0]) else None

    def _otherwise(self, sentence: str, match: re.Match[str]) -> bool:
        """Say whether what stands around the words makes no request of them."""
        start = match.start()
        if self._near.search(sentence[:start].rstrip()):
            return True
        if _is_cited(sentence, match) or self._excused.search(sentence, max(0, start - 30), match.end() + 60):
            return True
        reach = sentence[: match.end()]
        return any(
            not self._resumes.search(sentence, never.end(), max(start, never.end()))
            for never in self._never.finditer(reach)
        )


def _is_cited(sentence: str, match: re.Match[str]) -> bool:
    """Say whether somebody else's words are quoted, or "safe" is, in a sentence that speaks of fraud."""
    start, end = match.span()
    if _WARNS.search(sentence) and _QUOTES.search(sentence, max(0, start - 1), end + 1):
        return True
    inside = [quote for quote in _QUOTED.finditer(sentence) if quote.start() < start and end < quote.end()]
    return (
        bool(inside)
        and len(sentence) - len(inside[0][0]) >= _AROUND
        and sentence[inside[0].start() - 1 : inside[0].start()] not in ":： "
    )


def _filled(pattern: str, parts: dict[str, str]) -> str:
    for name, part in parts.items():
        pattern = pattern.replace(f"{{{name}}}", part)
    return pattern


_LANGUAGES = tuple(map(_Reader, (asking_phrases.ENGLISH, asking_phrases.CHINESE, *asking_languages.OTHERS)))
_STOP = re.compile(r"[!。！；;\n]+|\.+(?![\w@])|(?<=[?？])")
_LETTERS_APART = re.compile(r"(?<![^\W\d_])(?:[^\W\d_][ ._*·|/~-]{1,2}){3,}[^\W\d_](?![^\W\d_])", re.ASCII)
_HAN_APART = re.compile(r"(?<=[\u3400-\u9fff])[ ._*·|/~-]{1,3}(?=[\u3400-\u9fff])")
_IN_WORD = re.compile(r"(?<=[a-z])[013457@$](?=[a-z])|(?<=[a-z])[03](?=\b)")
_QUOTES = re.compile('["“”「」『』«»]')
_QUOTED = re.compile('"[^"]+"|“[^”]+”|「[^」]+」|『[^』]+』|«[^»]+»')
_WARNS = re.compile(r"\b(?:scam|fraud|thie|phish|impost|never)|骗|绝不|不会|永远不|冒充")
_AROUND = 6  # characters besides a quotation that make it one
_DIGITS = str.maketrans("013457@$", "oleastas")
_SIMPLIFIED = str.maketrans(
    "碼驗證鑰詞憶註記複覆復種語資產幣錢轉帳賬戶號遠協連線載裝啟啓動態開螢請煩訴給發說報寫輸貼傳圖讀唸這裡邊專員術單個簡訊郵機錄們麼麽嗎幾將進監託臨時備點擊頁應網設問題騙詐對須無會從絕決誰爲為與並儘絡來過後現還讓縮雲護沒處數餘電腦識別凍門樣內實際該關閉審認務區體當經營規變東車長軟",
    "码验证钥词忆注记复复复种语资产币钱转账账户号远协连线载装启启动态开荧请烦诉给发说报写输贴传图读念这里边专员术单个简讯邮机录们么么吗几将进监托临时备点击页应网设问题骗诈对须无会从绝决谁为为与并尽络来过后现还让缩云护没处数余电脑识别冻门样内实际该关闭审认务区体当经营规变东车长软",
)
# Without one of these there is nothing to ask for.
_POSSIBLE = re.compile(asking_languages.POSSIBLE)
_MIXED = re.compile(
    r"[^\x00-\x7f\u2e80-\uffef]|[a-z][0-9@$][a-z]|[a-z][ ._*·|/~-]{1,2}[a-z][ ._*·|/~-]{1,2}[a-z](?![a-z])|[\u3400-\u9fff][ ._*·|/~-]"
)


def _plain(text: str) -> str:
    return text.lower().translate(_SIMPLIFIED).replace("’", "'").replace("‘", "'")


def _odd(plain: str) -> bool:
    return _MIXED.search(plain) is not None


def _readings(plain: str) -> Iterator[str]:
    """Give the text as it is and, where that is another, as a reader makes it out: "pаsswоrd", "p4ssw0rd", "p a s s"."""
    yield plain
    if _odd(plain):
        joined = _HAN_APART.sub(
            "", _LETTERS_APART.sub(lambda match: re.sub(r"[^a-z]", "", latin(match[0])) or match[0], plain)
        )
        undone = _IN_WORD.sub(lambda match: match[0].translate(_DIGITS), latin(joined).replace("ı", "i"))
        for other in dict.fromkeys((joined, undone)):
            if other != plain:
                yield other


def _sentences(text: str) -> Iterator[str]:
    for sentence in _STOP.split(text):
        sentence = " ".join(sentence.split())
        for start in range(0, len(sentence), LONGEST_SENTENCE):
            yield sentence[start : start + LONGEST_SENTENCE]
