"""The values of header fields: encoded words (RFC 2047), parameters (RFC 2231), ids, dates, and text in any charset."""

from __future__ import annotations

import binascii
import codecs
import re
import unicodedata
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import unquote_to_bytes

LONGEST_VALUE = 16_000  # characters of a field; the rest is dropped
MOST_REFERENCES = 100
Parameters = dict[str, str]

# What mailers call something by one name and mean its larger sister, and names that Python does not know.
_CHARSETS = {
    "ascii": "cp1252", "us-ascii": "cp1252", "ansi_x3.4-1968": "cp1252", "iso-8859-1": "cp1252", "latin1": "cp1252",
    "iso8859-1": "cp1252", "iso_8859-1": "cp1252", "ansi": "cp1252", "x-ansi": "cp1252",
    "gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030", "euc-cn": "gb18030",
    "cp936": "gb18030", "chinese": "gb18030", "csgb2312": "gb18030", "gb-2312": "gb18030",
    "big5": "big5hkscs", "big-5": "big5hkscs", "x-x-big5": "big5hkscs", "csbig5": "big5hkscs",
    "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "ksc5601": "cp949", "ks_c_5601": "cp949",
    "shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932", "sjis": "cp932", "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_ext", "iso-2022-jp-ms": "iso2022_jp_ext", "cp50220": "iso2022_jp_ext",
    "unicode-1-1-utf-7": "utf-7", "x-mac-roman": "mac_roman", "macintosh": "mac_roman",
    "iso-8859-8-i": "iso-8859-8", "iso-8859-9": "cp1254", "tis-620": "cp874", "windows-874": "cp874",
    "utf8mb4": "utf-8", "unicode": "utf-16", "x-utf-8": "utf-8", "cp-850": "cp850", "iso-8859-11": "cp874",
}  # fmt: skip
# Python calls these text encodings; no mail is written in them, and some take quadratic time.
_NO_CHARSETS = frozenset({"unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined", "mbcs", "oem"})
_UNSURE = frozenset({"cp1252", ""})  # claims that say nothing: every byte has a meaning there


@lru_cache(maxsize=256)
def _codec(charset: str) -> str:
    """Return the codec a charset's name means; "" where it means none."""
    name = charset.strip(" \t\"'").lower()[:60].partition("*")[0]
    name = _CHARSETS.get(name, name)
    for candidate in (name, name.replace("_", "-"), name.removeprefix("x-"), name.replace("windows", "cp")):
        try:
            found = codecs.lookup(candidate)
        except (LookupError, ValueError):
            continue
        plain = found.name.replace("-", "_")
        if getattr(found, "_is_text_encoding", True) and plain not in _NO_CHARSETS:
            return found.name
    return ""


def decoded(raw: bytes, charset: str = "", *, hint: str = "") -> str:
    """Decode text of a claimed charset. Where the claim is wrong, unknown or absent: UTF-8 if it is that, then `hint`
    (the charset of text nearby), then the likeliest. Never fails; NULs and marks of byte order are dropped."""
    codec = _codec(charset) if charset else ""
    if raw.isascii() and codec in ("cp1252", "utf-8", "", "gb18030") and b"\x1b" not in raw:
        return raw.decode("ascii").replace("\0", "")
    text = None
    for mark, name in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if raw.startswith(mark):
            codec = name
    if codec and codec not in _UNSURE:
        text = _strictly(raw, codec)
        if text is None and _mostly(raw, codec):
            text = raw.decode(codec, "replace")
    if text is None:
        text = _guessed(raw, codec, _codec(hint) if hint else "")
    if codec == "utf-7":  # it can spell half of a character, which nothing can write down
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\0", "").removeprefix("\ufeff")


def _strictly(raw: bytes, codec: str) -> str | None:
    try:
        return raw.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _mostly(raw: bytes, codec: str) -> bool:
    """Whether few enough bytes are wrong for the claim to be true (a text cut in the middle of a character)."""
    sample = raw[:20_000]
    wrong = sample.decode(codec, "replace").rstrip("\ufffd").count("\ufffd")
    high = len(sample.translate(None, bytes(range(128)))) or len(sample)
    return codec.startswith("utf-16") or wrong <= (1 if 8 < high < 40 else high // 40)


def _guessed(raw: bytes, codec: str, hint: str) -> str:
    if b"\x1b$" in raw and (text := _strictly(raw, "iso2022_jp_ext")) is not None:
        return text
    if (text := _strictly(raw, "utf-8")) is not None:
        return text
    if hint and hint != "utf-8" and hint not in _UNSURE and (text := _strictly(raw, hint)) is not None:
        return text
    if _CHINESE.fullmatch(raw) and len(_PAIR.findall(raw)) > 1 and (text := _strictly(raw, "gb18030")) is not None:
        return text
    if _mostly(raw, "utf-8") and codec != "cp1252":
        return raw.decode("utf-8", "replace")
    if len(raw) > 200 and not codec:
        from charset_normalizer import from_bytes  # seldom needed, and takes a while to import

        best = from_bytes(raw[:4_000]).best()
        if best is not None and (text := _strictly(raw, best.encoding)) is not None:
            return text
    if _CYRILLIC.search(raw) and not codec:
        return raw.decode("cp1251", "replace")
    return _strictly(raw, "cp1252") or raw.decode("latin-1")


_PAIR = re.compile(rb"[\xa1-\xf7][\xa1-\xfe]")
_CHINESE = re.compile(rb"(?:[\x00-\x7f]|[\xa1-\xa9\xb0-\xf7][\xa1-\xfe])*")  # GB 2312: every character two high bytes
_CYRILLIC = re.compile(rb"[\xc0-\xff]{5}")

_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN = re.compile(r"\s*")


def plain(value: bytes, *, hint: str = "") -> str:
    """Decode a field's raw value to one line: 8-bit text, encoded words, folding and control characters resolved."""
    text = decoded(value[:LONGEST_VALUE], hint=hint)
    return one_line(words(text) if "=?" in text else text)


def one_line(text: str) -> str:
    """Make one line of a text: control characters and line separators become blanks, runs of blanks one."""
    line = " ".join(text.split())
    if line.isprintable():
        return line
    return " ".join(
        "".join(" " if unicodedata.category(c) in _CONTROL else c for c in line if c not in _TURNING).split()
    )


_TURNING = frozenset(
    "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)  # marks that turn text around
_CONTROL = frozenset({"Cc", "Zl", "Zp", "Cs"})


def words(text: str) -> str:
    """Decode encoded words (RFC 2047), also where mailers put them against the rules; neighbours of one charset are
    joined before decoding, since many split a character between two of them."""
    pieces: list[str] = []
    run: list[bytes] = []
    run_charset, last = "", 0
    for found in _WORD.finditer(text):
        charset = found[1].partition("*")[0].lower()
        between = text[last : found.start()]
        together = bool(run) and not between.strip()
        if run and not (together and charset == run_charset):
            pieces.append(decoded(b"".join(run), run_charset))
            run = []
        if not together:
            pieces.append(between)
        run.append(_word_bytes(found[2], found[3], charset))
        run_charset, last = charset, found.end()
    if run:
        pieces.append(decoded(b"".join(run), run_charset))
    return "".join(pieces) + text[last:]


def _word_bytes(encoding: str, text: str, charset: str) -> bytes:
    try:
        raw = text.encode("ascii" if text.isascii() else _codec(charset) or "utf-8")  # 8-bit text inside a word
    except UnicodeError:
        raw = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(raw.replace(b"\n", b""), header=True)
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
    letters = letters[:-1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


_PARAMETER = re.compile(r'([A-Za-z][\w.*-]{0,100})\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;"]*))', re.DOTALL)
_NEXT = re.compile(r"\s[\w*-]{1,40}=")


def parameters(value: bytes) -> tuple[str, Parameters]:
    """Split `type; name=value; …` (RFC 2045, continued and encoded per RFC 2231): the type as written, the parameters
    under lower-case names. Forgotten quotation marks and semicolons are put up with."""
    text = decoded(value[:LONGEST_VALUE]).replace("\r", "").replace("\n", "")
    first = re.split(r"[;\s]", text.strip(), maxsplit=1)[0]
    if "=" in first:
        first = ""
    found: dict[str, str] = {}
    for match in list(_PARAMETER.finditer(text, text.find(first) + len(first)))[:200]:
        name = match[1].lower()
        if match[2] is not None:
            worth = re.sub(r'\\(["\\])', r"\1", match[2])
        else:
            worth = match[3].strip()
            if cut := _NEXT.search(worth):
                worth = worth[: cut.start()]
        found.setdefault(name, worth)
    if not any("*" in name for name in found):
        return first, {name: _parameter(worth) for name, worth in found.items()}
    return first, _joined(found)


def _parameter(worth: str) -> str:
    return words(worth) if "=?" in worth else worth


def _joined(found: dict[str, str]) -> Parameters:
    """Put continued values together (RFC 2231, 3 and 4); they win over a plain value of the same name."""
    whole: Parameters = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for name, worth in found.items():
        base, _, tail = name.partition("*")
        if not tail and not name.endswith("*"):
            whole.setdefault(base, _parameter(worth))
            continue
        number = tail.rstrip("*")
        pieces.setdefault(base, {})[int(number) if number.isdecimal() and len(number) < 4 else 0] = (
            name.endswith("*"),
            worth,
        )
    for base, numbered in pieces.items():
        charset, raw = "", b""
        for place in sorted(numbered):
            encoded, worth = numbered[place]
            if encoded and place == min(numbered) and worth.count("'") >= 2:
                charset, _, worth = worth.split("'", 2)
            raw += unquote_to_bytes(worth) if encoded else worth.encode("utf-8", "replace")
        whole[base] = _parameter(decoded(raw, charset))
    return whole


_ID = re.compile(rb"<([^<>\s\0]{1,990})>")


def message_ids(value: bytes) -> list[str]:
    """Return the ids of a field with their brackets, the last MOST_REFERENCES of them, each once, in order."""
    unfolded = value[-200_000:].replace(b"\n ", b" ").replace(b"\n\t", b" ").replace(b"\r", b"")
    ids = [f"<{found[1].decode('utf-8', 'replace')}>" for found in _ID.finditer(unfolded)]
    if not ids and len(alone := unfolded.split()) == 1 and b"@" in alone[0] and not {*b"<>"} & {*alone[0][:990]}:
        ids = [f"<{alone[0][:990].decode('utf-8', 'replace')}>"]
    return list(dict.fromkeys(reversed(ids[-MOST_REFERENCES:])))[::-1]


def date(value: bytes) -> datetime | None:
    """Read a date (RFC 5322, 3.3); without a zone it is taken as UTC; None for what is none."""
    try:
        found = parsedate_to_datetime(value[:200].decode("ascii", "replace").replace("\n", " "))
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
