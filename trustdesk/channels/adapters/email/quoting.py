"""What was said in a reply, told from the history and the signature beneath it, in the languages mail is written in.

A conservative reading: a line is folded only for a reason, nothing is thrown away, and whoever forwards something with
a word of their own means the forwarded text to be read. Every pattern looks at one line (or at most five joined), each
bounded in length, so the time is linear in the text.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from trustdesk.channels.adapters.email import phrases

LONGEST_SIGNATURE = 15  # lines that are not blank
MOST_LINES = 3_000  # lines that are looked at; those after them go where the last one went


@dataclass(frozen=True, slots=True)
class Said:
    """A text in two: `said` by the writer just now, and `folded`: quoted history, reply headers, signatures. Each holds
    its lines in order; every line that is not blank is in one of them."""

    said: str
    folded: str


def split(text: str) -> Said:
    """Part a plain text into what was said and what is folded away. Inline answers keep the lines they answer."""
    reader = _Reader(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    reader.read()
    reader.settle()
    return Said(_joined(reader.lines, reader.folded, False), _joined(reader.lines, reader.folded, True))


def _joined(lines: list[str], folded: list[bool], which: bool) -> str:
    chosen = [line for line, away in zip(lines, folded, strict=True) if away is which]
    start, end = 0, len(chosen)
    while start < end and not chosen[start].strip():
        start += 1
    while end > start and not chosen[end - 1].strip():
        end -= 1
    return "\n".join(chosen[start:end])


class _Reader:
    """One walk over the lines from the top."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.folded = [False] * len(lines)
        self._said = False  # something of the writer's own stands above
        self._folding = False  # inside a signature
        self._quotes: list[tuple[int, int, bool]] = []  # from, to, with a reply header above

    def read(self) -> None:
        place = 0
        while place < len(self.lines):
            line = self.lines[place]
            if place > MOST_LINES:
                self._fold(place, len(self.lines) if self._folding else place)
                return
            if not line.strip():
                self.folded[place] = self._folding
                place += 1
            elif phrases.is_quoted(line):
                place = self._quote(place, headed=False)
            else:
                place = self._unquoted(place)

    def _unquoted(self, place: int) -> int:
        """Deal with one line, or with all that a header found there rules; return where to go on."""
        if self._divide(place):
            return self._header(place + 1, place + 2)
        if phrases.is_forward(self.lines[place]):
            if self._said:
                return len(self.lines)  # forwarded with a word of one's own: it is there to be read
            return self._header(place, self._block_end(place + 1))
        end = self._header_end(place)
        if end:
            return self._header(place, end)
        if phrases.is_cut(self.lines[place]):
            return self._fold(place, len(self.lines)) if self._said else self._fold(place, place + 1)
        if phrases.is_mobile(self.lines[place]):
            self._folding = self._folding or self._said
            return self._fold(place, place + 1)
        if phrases.is_signature(self.lines[place]) and self._short_rest(place):
            self._folding = True
        self.folded[place] = self._folding
        self._said = self._said or (not self._folding and not phrases.is_rule(self.lines[place]))
        return place + 1

    def _header_end(self, place: int) -> int:
        """Return where a header of quoted text that begins here ends; 0 where none does."""
        if phrases.is_original(self.lines[place]):
            after = self._next(place + 1)
            return self._block_end(after) if self._labels(after) else place + 1
        if self._labels(place):
            return self._block_end(place)
        return phrases.reply_header(self.lines, place)

    def _labels(self, place: int) -> bool:
        return place < len(self.lines) and phrases.is_label_block(self.lines[place : place + 12])

    def _block_end(self, place: int) -> int:
        while place < len(self.lines) and self.lines[place].strip():
            place += 1
        return place

    def _next(self, place: int) -> int:
        while place < len(self.lines) and not self.lines[place].strip():
            place += 1
        return place

    def _header(self, start: int, end: int) -> int:
        self._fold(start, end)
        after = self._next(end)
        if after < len(self.lines) and phrases.is_quoted(self.lines[after]):
            self._folding = False
            return self._quote(after, headed=True)
        if self._said or self._folding:
            return self._fold(end, len(self.lines))
        return end  # nothing above: what follows is all there is to read

    def _quote(self, start: int, *, headed: bool) -> int:
        end = place = start
        while place < len(self.lines):
            line = self.lines[place]
            if phrases.is_quoted(line):
                end = place + 1
            elif line.strip() and not self._is_wrapped(place):
                break
            place += 1
        self._quotes.append((start, end, headed))
        if headed or self._folding:
            self._fold(start, end)
        return end

    def _is_wrapped(self, place: int) -> bool:
        """A quoted line that a mailer broke in two: the second half lost its mark."""
        before, line = self.lines[place - 1], self.lines[place].strip()
        following = self.lines[place + 1] if place + 1 < len(self.lines) else ""
        if not (phrases.is_quoted(before) and phrases.is_quoted(following)):
            return False
        if "://" in before[-500:]:
            return not any(map(str.isspace, line))
        return len(before) >= 70 and line[0].islower() and before.rstrip()[-1] not in ".!?:;"

    def _divide(self, place: int) -> bool:
        """Part a line that a reply header was written into (`Yes On Wed, … wrote:`)."""
        line = self.lines[place]
        cut = phrases.header_inside(line)
        if not cut or not (place + 1 < len(self.lines) and phrases.is_quoted(self.lines[place + 1])):
            return False
        self.lines[place : place + 1] = [line[:cut], line[cut:]]
        self.folded[place : place + 1] = [False, True]
        self._said = True
        return True

    def _short_rest(self, place: int) -> bool:
        """Whether what follows is short enough for a signature: to the end, or to the history."""
        count = 0
        for number in range(place + 1, len(self.lines)):
            line = self.lines[number]
            if phrases.is_quoted(line) or phrases.is_original(line) or phrases.reply_header(self.lines, number):
                break
            count += bool(line.strip())
            if count > LONGEST_SIGNATURE:
                return False
        return True

    def _fold(self, start: int, end: int) -> int:
        self.folded[start:end] = [True] * (min(end, len(self.lines)) - start)
        return end

    def settle(self) -> None:
        """Decide what could not be decided on the way: quotes are kept where the writer answers between them, and go
        with the history where nothing follows; rules above what is folded go with it."""
        own = [
            place
            for place, line in enumerate(self.lines)
            if line.strip() and not self.folded[place] and not phrases.is_quoted(line) and not phrases.is_rule(line)
        ]
        last = own[-1] if own else -1
        # Answers between quotes: an own line behind each of two quotes or more.
        numbers = {bisect_left(self._quotes, (place,)) for place in own} - {0}
        for start, end, headed in self._quotes:
            if start > last >= 0:
                self._fold(start, end)
            elif headed and len(numbers) > 1:
                self.folded[start:end] = [False] * (end - start)
        for place in range(len(self.lines) - 1, -1, -1):
            if self.folded[place] or not self.lines[place].strip():
                continue
            if not phrases.is_rule(self.lines[place]) or place < last:
                break
            self.folded[place] = True
