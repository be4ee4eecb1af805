"""A mail read: bytes in, plain data out. Nothing here fails but with `Unreadable`, and everything is bounded.

Which parts are the text and which are files follows RFC 8621, 4.1.4; where a rule and a reader disagree, the reader
wins (a text part that says "see the HTML" is not the text).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from trustdesk.channels.adapters.email import addresses, calendars, claims, fields, markup, mime, smime, winmail
from trustdesk.channels.adapters.email.letter import File, Letter, Mailbox

LONGEST_TEXT = 1_000_000  # characters; what is longer is a file as well
MOST_HEADERS = 300
MOST_FROMS = 20
MOST_WRAPPINGS = 3  # signed parts of a mail that are opened


class Unreadable(Exception):
    """A mail that could not be read; trying again does not help. `code`: ``empty``, ``too_many_parts``, ``too_complex``
    (the process that read it hit a limit), ``broken`` (it ended in a way nobody foresaw)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read(content: bytes) -> Letter:
    """Read a mail (RFC 5322, MIME). Raises Unreadable.

    Whoever needs time and memory bounded goes through `confined.Pool`: the standard codecs and the HTML parser under
    this are not ours.
    """
    if not content.strip(b"\0 \t\r\n"):
        raise Unreadable("empty")
    try:
        root = mime.parse(content)
        _unwrap(root)
    except mime.TooManyParts:
        raise Unreadable("too_many_parts") from None
    bodies = _Bodies(root)
    text, html, files = bodies.read()
    hint = bodies.charset
    found: dict[str, list[bytes]] = {}
    for name, value in root.fields:
        found.setdefault(name.rstrip(" \t\0").lower(), []).append(value)

    def boxes(name: str) -> tuple[Mailbox, ...]:
        values = found.get(name, [])[:MOST_FROMS]
        return tuple(box for value in values for box in addresses.mailboxes(value, hint=hint))

    references = [one for name in ("references", "in-reply-to") for value in found.get(name, [])[:5]
                  for one in fields.message_ids(value)]  # fmt: skip
    ids = [one for value in found.get("message-id", [])[:1] for one in fields.message_ids(value)]
    return Letter(
        subject=_first(found, "subject", hint)[:2_000],
        sender=addresses.only(root.fields, hint=hint),
        senders=boxes("from"),
        reply_to=boxes("reply-to"),
        to=boxes("to"),
        cc=boxes("cc"),
        sent_at=fields.date(found["date"][0]) if "date" in found else None,
        message_id=ids[0] if ids else "",
        references=tuple(dict.fromkeys(reversed(references)))[: fields.MOST_REFERENCES][::-1],
        text=text,
        html=html,
        files=files,
        headers=tuple(
            claims.stripped((name.rstrip(" \t\0"), fields.plain(value, hint=hint)) for name, value in root.fields)
        )[:MOST_HEADERS],
    )


def _unwrap(root: mime.Part) -> None:
    """Put what is signed opaquely in the place of its wrapping; what is signed twice, twice."""
    waiting, left = [root], MOST_WRAPPINGS
    while waiting and left:
        part = waiting.pop(0)
        waiting += part.children
        if part.children or part.media_type not in _WRAPPINGS:
            continue
        inner = smime.signed_content(part.body())
        if inner and inner.strip():
            left -= 1
            part.children = [mime.parse(inner)]
            waiting += part.children


def _first(found: dict[str, list[bytes]], name: str, hint: str) -> str:
    return fields.plain(found[name][0], hint=hint) if name in found else ""


class _Bodies:
    """The parts of one mail, told apart: text, HTML, files."""

    def __init__(self, root: mime.Part) -> None:
        self._root = root
        self._files: list[mime.Part] = []
        self.charset = ""  # of the first text, to guess what raw 8-bit headers are in

    def read(self) -> tuple[str, str, tuple[File, ...]]:
        """Return text, HTML and files."""
        text_parts, html_parts = self._sorted()
        for part in text_parts + html_parts:
            self.charset = self.charset or part.type_parameters.get("charset", "")
        texts = {id(part): _decoded(part) for part in text_parts + html_parts if part.media_type in _TEXTS}
        self._files += [part for part in {id(one): one for one in text_parts + html_parts}.values() if part.damaged]
        html = _html([(part, texts[id(part)]) for part in html_parts if id(part) in texts])
        text = "\n".join(
            markup.to_text(texts[id(part)]) if part.media_type == "text/html" else texts[id(part)]
            for part in text_parts
            if id(part) in texts
        )
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if html and (not text.strip() or _SEE_HTML.fullmatch(text.strip()[:400])):
            text = markup.to_text(html) or text
        files: list[File] = []
        if signed := _clear_signed(text):
            files.append(File("signed.asc", "application/pgp", text.encode("utf-8", "replace"), said=True))
            text = signed
        if len(text) > LONGEST_TEXT:
            files.append(File("message.txt", "text/plain", text.encode("utf-8", "replace")))
            text = text[:LONGEST_TEXT]
        if len(html) > markup.LONGEST:
            files.append(File("message.html", "text/html", html.encode("utf-8", "replace")))
        for part in self._files:
            made, more = self._file(part, html, text)
            files += made
            text = f"{text.rstrip()}\n\n{more}" if more and more not in text else text
        return text.lstrip("\n") if not text.strip() else text, html[: markup.LONGEST], tuple(files)

    def _sorted(self) -> tuple[list[mime.Part], list[mime.Part]]:
        text: list[mime.Part] = []
        html: list[mime.Part] = []
        self._walk([self._root], "mixed", text, html, alternative=False)
        # A part the mail broke off in is kept as a file; it is the text where there is no other and one edge is torn.
        torn = [part for part in {id(one): one for one in text + html}.values() if part.cut_off]
        for part in torn:
            self._files.append(part)
            others = [one for one in text if one is not part and one.media_type in _TEXTS]
            if others or part.cut_off > 1:
                text = [one for one in text if one is not part]
            if part.cut_off > 1 or part.media_type != "text/html":
                html = [one for one in html if one is not part]
        return text, html

    def _walk(
        self,
        parts: Sequence[mime.Part],
        kind: str,
        text: list[mime.Part] | None,
        html: list[mime.Part] | None,
        *,
        alternative: bool,
    ) -> None:
        """RFC 8621, 4.1.4, but that whatever is no text is a file as well. `text` and `html` are None where an
        enclosing alternative has the other already."""
        before = (len(text or ()), len(html or ()))
        for number, part in enumerate(parts):
            media = part.media_type
            if part.children or (media.startswith("multipart/") and not part.raw.strip()):
                inner = media.partition("/")[2]
                self._walk(part.children, inner, text, html, alternative=alternative or inner == "alternative")
                continue
            if media.startswith("multipart/"):
                media = part.retype("text/plain")  # a multipart without a delimiter is what a reader sees
            if not self._is_shown(part, media, number, kind):
                self._files.append(part)
                continue
            if kind == "alternative":
                bodies = [text if media == "text/plain" else html]
            else:
                if alternative and media == "text/plain":
                    html = None
                elif alternative and media == "text/html":
                    text = None
                bodies = [text, html]
            if media not in _TEXTS or not any(body is not None for body in bodies):
                self._files.append(part)
            if media in _TEXTS or kind != "alternative":
                for body in bodies:
                    if body is not None:
                        body.append(part)
        if kind == "alternative" and text is not None and html is not None:
            if len(text) == before[0] and len(html) != before[1]:
                text += html[before[1] :]
            elif len(html) == before[1] and len(text) != before[0]:
                html += text[before[0] :]

    def _is_shown(self, part: mime.Part, media: str, number: int, kind: str) -> bool:
        picture = media.startswith(("image/", "audio/", "video/"))
        if not (picture or media in _TEXTS) or part.disposition()[0] == "attachment":
            return False
        return number == 0 or (kind != "related" and (picture or not _name(part)))

    def _file(self, part: mime.Part, html: str, text: str) -> tuple[list[File], str]:
        """Return the files a part holds, and a line of text it adds."""
        media, name, content = part.media_type, _name(part), part.body()
        if media in ("application/ms-tnef", "application/vnd.ms-tnef") or name.lower() == "winmail.dat":
            unpacked = winmail.unpacked(content)
            if unpacked is not None:
                return unpacked
        line = ""
        if media == "message/rfc822" or media == "message/global":
            if not name.lower().endswith(".eml"):
                inside, _ = mime.header(content, 0, len(content))
                titles = [value for field, value in inside if field.lower() == "subject"]
                name = f"{(fields.plain(titles[0]) if titles else name)[:150] or 'message'}.eml"
        elif media == "text/calendar":
            name, line = name or "invite.ics", calendars.line(_decoded(part), beside=text)
        elif media in _NAMES:
            name = name or _NAMES[media]
        content_id = fields.plain(part.get("content-id")).strip("<> ")[:500]
        word = part.disposition()[0]
        inline = (bool(content_id) and f"cid:{content_id}" in html) or (word == "inline" and not html)
        return [File(name[:1_000], media, content, content_id, inline, said=bool(line) or media in _SIGNATURES)], line


_TEXTS = ("text/plain", "text/html")
_WRAPPINGS = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_SIGNATURES = ("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature")
_NAMES = {
    "application/pkcs7-mime": "smime.p7m",
    "application/x-pkcs7-mime": "smime.p7m",
    "application/pkcs7-signature": "smime.p7s",
    "application/x-pkcs7-signature": "smime.p7s",
    "application/pgp-signature": "signature.asc",
    "application/pgp-encrypted": "version.asc",
}
_DASHED = re.compile(r"^- (?=-)", re.MULTILINE)  # RFC 9580, 7.2
_SEE_HTML = re.compile(
    r"(?:(?:this|the) (?:e-?mail|message)[^\n.]{0,40}(?:in|is|as|an?|requires?) [^\n.]{0,20}html\b[^\n]{0,120}"
    r"|(?:your|to view|please|if you)[^\n]{0,60}(?:mail|client|reader|program|viewer|browser|view|see)[^\n]{0,80}html\b[^\n]{0,120}"
    r"|\(?see (?:the )?html(?: part| version)?\)?\.?|html (?:only|version|e-?mail|message)\.?|\[?no text(?: part| body)?\]?\.?"
    r"|(?:您的|此|该|本)?[^\n]{0,20}(?:邮件|客户端)[^\n]{0,30}(?:html|超文本)[^\n]{0,60})",
    re.IGNORECASE,
)


def _clear_signed(text: str) -> str:
    """Return a text without the armour of its PGP signature (RFC 9580, 7); "" where it has none."""
    start = text.find("-----BEGIN PGP SIGNED MESSAGE-----")
    inside = text.find("\n\n", start) if start >= 0 else -1
    end = text.find("\n-----BEGIN PGP SIGNATURE-----", inside) if inside >= 0 else -1
    close = text.find(_CLOSING, end) if end >= 0 else -1
    if close < 0 or (start and text[start - 1] != "\n"):
        return ""
    return text[:start] + _DASHED.sub("", text[inside + 2 : end]) + text[close + len(_CLOSING) :]


_CLOSING = "-----END PGP SIGNATURE-----"


def _name(part: mime.Part) -> str:
    return part.disposition()[1].get("filename") or part.type_parameters.get("name") or ""


_META = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)


def _decoded(part: mime.Part) -> str:
    raw = part.body()
    charset = part.type_parameters.get("charset", "")
    if not charset and part.media_type == "text/html" and (found := _META.search(raw[:4_000])):
        charset = found[1].decode("ascii")
    return fields.decoded(raw, charset)


def _html(parts: Sequence[tuple[mime.Part, str]]) -> str:
    """Put the HTML of a mail together; text that stands between becomes HTML, text alone does not."""
    if not any(part.media_type == "text/html" for part, _ in parts):
        return ""
    return "\n".join(
        text if part.media_type == "text/html" else f'<div style="white-space:pre-wrap">{escape(text)}</div>'
        for part, text in parts
    )
