"""Addresses in header fields, read in one pass: generously for display (`mailboxes`), strictly for who sent it (`only`).

The generous reading never decides anything: a customer is found by `only` alone, which knows a single form that no
mail program, filter or DMARC library reads as another address (USENIX Security 2020, "Composition Kills";
CVE-2023-27043, CVE-2019-16056).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from trustdesk.channels.adapters.email.fields import decoded, one_line, words
from trustdesk.channels.adapters.email.letter import Mailbox

LONGEST_FIELD = 32_000  # bytes of an address field that are looked at
MOST_MAILBOXES = 300
_LONGEST_NAME = 300

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|<[^<>]*>?|[(),;:]|[^"<(),;:]+|.', re.DOTALL)
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@([^\s@<>()\[\],;:\\\"]{{1,253}})")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?")
_INSIDE = re.compile(r"[^\s@<>\"'()\[\],;:]{1,64}\s*[@\uff20\ufe6b]\s*[^\s@<>\"'()\[\],;:]{1,253}")
_PHRASE = re.compile(r'(?:"(?:[^"\\]|\\["\\])*"|[^"<>@,;:()\\\[\]])*')


def mailboxes(value: bytes, *, hint: str = "") -> tuple[Mailbox, ...]:
    """Read every mailbox of a field, as a person would: names decoded, comments as names where there is none other,
    groups opened. What has no address keeps its name and a blank address. At most MOST_MAILBOXES."""
    text = decoded(value[:LONGEST_FIELD], hint=hint).replace("\n", "")
    found: list[Mailbox] = []
    name: list[str] = []
    comment: list[str] = []
    address: str | None = None
    depth = 0
    for piece in _TOKEN.findall(text):
        if depth or piece == "(":
            depth += (piece == "(") - (piece == ")")
            if depth and len(comment) < 200 and not (depth == 1 and piece == "("):
                comment.append(piece)
        elif piece in ",;":
            found += _mailbox(name, comment, address)
            name, comment, address = [], [], None
            if len(found) >= MOST_MAILBOXES:
                return tuple(found)
        elif piece == ":":
            if "@" in "".join(name):
                name.append(piece)
            else:
                name = []  # the name of a group
        elif piece.startswith("<"):
            address = piece.strip("<> \t\r") if address is None else address
        else:
            name.append(piece)
    return tuple([*found, *_mailbox(name, comment, address)][:MOST_MAILBOXES])


def _mailbox(name: list[str], comment: list[str], address: str | None) -> Iterable[Mailbox]:
    # An address without brackets, `a@b` or `"a b"@c`, is all there is of it.
    bare = "".join(name).strip()
    if address is None and "@" in bare and (bare[0] != '"' or bare.count('"') > 1):
        pieces = bare.split()
        where = next((number for number, piece in enumerate(pieces) if "@" in piece), 0)
        address = bare if bare.startswith('"') else pieces[where]
        name = [] if bare.startswith('"') else [" ".join(pieces[:where] + pieces[where + 1 :])]
    shown = _shown(name) or _shown(comment)
    address = one_line((address or "").rpartition(":")[2])[:1_000]  # behind an obsolete route
    local, at, domain = address.rpartition("@")
    if shown or address:
        yield Mailbox(shown, f"{local}{at}{domain.lower()}" if at else address)


def _shown(tokens: list[str]) -> str:
    pieces = [re.sub(r"\\(.)", r"\1", token.strip('"')) if token.startswith('"') else token for token in tokens]
    text = "".join(pieces)
    return one_line(words(text) if "=?" in text else text)[:_LONGEST_NAME]


def only(fields: Iterable[tuple[str, bytes]], *, hint: str = "") -> Mailbox | None:
    """Return the one sender the From field names, or None where there is none, more than one, or any doubt:

    several From fields, or one whose name is spaced or folded · more than one address · comments, groups, routes,
    quoted local parts, address literals, control characters · a name that itself holds another address.

    Sender, Resent-From and Reply-To never count. The domain comes in lower case, an international one as xn--.
    """
    froms = []
    for name, value in fields:
        letters = re.sub(r"[^a-z]", "", name.lower())
        if letters == "from":
            froms.append((name, value))
        elif re.search(rb"\n[ \t]+from[ \t]*:", value[:LONGEST_FIELD], re.IGNORECASE):
            return None  # a From field that poses as the continuation of another
    if len(froms) != 1 or froms[0][0].lower() != "from":
        return None
    value = froms[0][1]
    if len(value) > 2_000 or any(byte < 32 and byte not in b"\t\n" for byte in value.rstrip(b"\r")):
        return None
    text = decoded(value, hint=hint).replace("\n", "").strip(" \t\r")
    phrase, address = _split(text)
    found = _ADDRESS.fullmatch(address)
    if found is None or "=?" in address or not (_PHRASE.fullmatch(phrase) or phrase == address):
        return None
    domain = _domain(found[1])
    name = _shown(re.findall(r'"(?:[^"\\]|\\.)*"|[^"]+', phrase))
    whole = f"{address.rpartition('@')[0]}@{domain}"
    posing = [one for one in _INSIDE.findall(name) if one.lower() not in (whole.lower(), address.lower())]
    if not domain or posing:
        return None
    return Mailbox(name, whole)


def _split(text: str) -> tuple[str, str]:
    """Part `phrase <address>` or a bare `address`."""
    if not text.endswith(">"):
        return "", text
    phrase, _, address = text[:-1].rpartition("<")
    return phrase.strip(), address


def _domain(domain: str) -> str:
    """Return a domain in lower case and ASCII; "" for what is none."""
    if not domain.isascii():
        import idna  # few mails need its tables

        try:
            domain = idna.encode(domain, uts46=False).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return ""
    labels = domain.lower().split(".")
    return ".".join(labels) if len(labels) > 1 and all(map(_LABEL.fullmatch, labels)) else ""
