"""What an opaquely signed mail carries (CMS SignedData, RFC 5652; RFC 8551, 3.5.2): its content, without asking who signed.

Nothing is verified: who sent a mail is a matter of DMARC. Only the few elements on the way to the content are looked at, so that
neither length nor nesting of the rest matters.
"""

from __future__ import annotations

from collections.abc import Iterator

_SIGNED = bytes.fromhex("2a864886f70d010702")  # 1.2.840.113549.1.7.2
_DATA = bytes.fromhex("2a864886f70d010701")
_SEQUENCE, _OID, _OCTETS, _PIECES, _CONTENT = 0x30, 0x06, 0x04, 0x24, 0xA0
_MOST = 50_000  # elements that are looked at: a long content comes in pieces of a kilobyte
_DEEPEST = 8  # elements in elements whose end nothing says but a mark


class _NotSound(ValueError):
    """Not BER, or more of it than is looked at."""


def signed_content(body: bytes) -> bytes | None:
    """Return the content that a SignedData holds; None where it is something else (encrypted, certificates), or broken."""
    try:
        reader = _Reader(body)
        [info, *_] = reader.elements(0, len(body), most=1)
        kind, signed = reader.elements(*_inside(info, _SEQUENCE), most=2)
        if body[slice(*_inside(kind, _OID))] != _SIGNED:
            return None
        [whole] = reader.elements(*_inside(signed, _CONTENT), most=1)
        _version, _digests, carried = reader.elements(*_inside(whole, _SEQUENCE), most=3)
        kind, content = reader.elements(*_inside(carried, _SEQUENCE), most=2)
        if body[slice(*_inside(kind, _OID))] != _DATA:
            return None
        return b"".join(reader.octets(*_inside(content, _CONTENT)))
    except ValueError:  # also fewer elements than there have to be
        return None


_Element = tuple[int, int, int]  # tag, and where its content begins and ends


def _inside(element: _Element, tag: int) -> tuple[int, int]:
    if element[0] != tag:
        raise _NotSound
    return element[1], element[2]


class _Reader:
    """Walks through BER (ITU-T X.690); DER is some of it."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._left = _MOST

    def elements(self, start: int, end: int, *, most: int = _MOST, depth: int = 0) -> list[_Element]:
        """Return the first `most` elements between two places, or as many as there are before an end mark."""
        found: list[_Element] = []
        while start < end and len(found) < most:
            tag, begin, stop, start = self._element(start, end, depth)
            if tag == 0:
                break
            found.append((tag, begin, stop))
        return found

    def octets(self, start: int, end: int, depth: int = 0) -> Iterator[bytes]:
        """Yield the pieces of an octet string, which may be one of several."""
        for tag, begin, stop in self.elements(start, end, depth=depth):
            if tag == _OCTETS:
                yield self._body[begin:stop]
            elif tag == _PIECES and depth < _DEEPEST:
                yield from self.octets(begin, stop, depth + 1)
            else:
                raise _NotSound

    def _element(self, place: int, end: int, depth: int) -> tuple[int, int, int, int]:
        """Return tag, beginning and end of the content of one element, and where the next one begins."""
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST or place + 2 > end:
            raise _NotSound
        tag, length = self._body[place], self._body[place + 1]
        begin = place + 2
        if tag & 0x1F == 0x1F:
            raise _NotSound  # a long tag: none that leads to the content has one
        if length == 0x80:
            return tag, begin, *self._marked(begin, end, depth)
        if length > 0x80:
            begin += length & 0x7F
            if length > 0x84 or begin > end:
                raise _NotSound
            length = int.from_bytes(self._body[place + 2 : begin])
        if begin + length > end:
            raise _NotSound
        return tag, begin, begin + length, begin + length

    def _marked(self, place: int, end: int, depth: int) -> tuple[int, int]:
        """Find the end mark of an element that does not say its length: through all that is in it."""
        while True:
            tag, _, _, after = self._element(place, end, depth + 1)
            if tag == 0:
                return place, after
            place = after
