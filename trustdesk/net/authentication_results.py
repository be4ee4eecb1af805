"""Authentication-Results (RFC 8601), read to the letter.

Mail servers write text of strangers into this field (an address, a selector, a comment), and strangers write it so
that a lazy reader sees `dmarc=pass` in it. Hence a tokenizer: comments and quoted strings are taken apart first, and a
field that does not follow the grammar says nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LONGEST = 16 * 1024
_MOST_RESULTS = 100
_PLAIN = re.compile(r"[^\s();\"\\=]+")
_BLANK = re.compile(r"[ \t]+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_METHOD = re.compile(r"([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)(?:/([0-9]+))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Result:
    """What was found by one method: its properties, such as ``header.from``, in lower case with their values."""

    method: str
    result: str
    properties: tuple[tuple[str, str], ...]

    def values(self, name: str) -> list[str]:
        """Return every value of a property."""
        return [value for each, value in self.properties if each == name]


@dataclass(frozen=True, slots=True)
class Results:
    """One field: who wrote it (lower case) and what it says."""

    authserv_id: str
    results: tuple[Result, ...]


def parse(text: str) -> Results | None:
    """Read the value of one field, unfolded; None unless it follows the grammar and is of version 1."""
    tokens = _tokens(text) if len(text) <= _LONGEST else None
    if tokens is None:
        return None
    parts: list[list[tuple[str, bool]]] = [[]]
    for word, literal in tokens:
        if word == ";" and not literal:
            parts.append([])
        else:
            parts[-1].append((word, literal))
    head = [word for word, _ in _words(parts[0])]
    if not head or len(head) > 2 or head[1:] not in ([], ["1"]) or len(parts) > _MOST_RESULTS:
        return None
    bodies = [part for part in parts[1:] if _words(part)]
    if len(bodies) == 1 and [word.lower() for word, _ in _words(bodies[0])] == ["none"]:
        return Results(head[0].lower(), ())
    found = [_result(body) for body in bodies]
    if not found or any(each is None for each in found):
        return None
    return Results(head[0].lower(), tuple(each for each in found if each))


def _tokens(text: str) -> list[tuple[str, bool]] | None:
    """Words, quoted strings (literal), ``=``, ``;`` and blanks; comments become blanks. None when a comment or a
    quotation has no end."""
    tokens: list[tuple[str, bool]] = []
    at = 0
    while at < len(text):
        if text[at] == "(":
            end = _comment_end(text, at)
            if end is None:
                return None
            tokens.append((" ", False))
            at = end
        elif found := _BLANK.match(text, at):
            tokens.append((" ", False))
            at = found.end()
        elif found := _QUOTED.match(text, at):
            tokens.append((re.sub(r"\\(.)", r"\1", found[1]), True))
            at = found.end()
        elif found := _PLAIN.match(text, at):
            tokens.append((found[0], False))
            at = found.end()
        elif text[at] in "=;":
            tokens.append((text[at], False))
            at += 1
        else:  # a bracket or quotation mark on its own, a backslash, a control character
            return None
    return tokens


def _comment_end(text: str, at: int) -> int | None:
    """The place behind a comment; they nest (RFC 5322, 3.2.2)."""
    depth = 0
    while at < len(text):
        match text[at]:
            case "\\":
                at += 1
            case "(":
                depth += 1
            case ")":
                depth -= 1
                if not depth:
                    return at + 1
        at += 1
    return None


def _words(tokens: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    return [(word, literal) for word, literal in tokens if literal or word != " "]


def _result(tokens: list[tuple[str, bool]]) -> Result | None:
    """Read ``method=result`` and the properties behind it, each ``name=value``; a value ends at the next blank."""
    pairs: list[tuple[str, str]] = []
    at = 0
    while at < len(tokens):
        if tokens[at] == (" ", False):
            at += 1
            continue
        name, literal = tokens[at]
        at += 1
        while at < len(tokens) and tokens[at] == (" ", False):
            at += 1
        if literal or at == len(tokens) or tokens[at] != ("=", False):
            return None
        at += 1
        while at < len(tokens) and tokens[at] == (" ", False):
            at += 1
        value = ""
        start = at
        while at < len(tokens) and tokens[at] != (" ", False):
            value += tokens[at][0]
            at += 1
        if at == start:
            return None
        pairs.append((name.lower(), value))
    method = _METHOD.fullmatch(pairs[0][0])
    if not method or (method[2] or "1") != "1" or any("." not in name and name != "reason" for name, _ in pairs[1:]):
        return None
    return Result(method[1].lower(), pairs[0][1].lower(), tuple(pairs[1:]))
