"""What a mail looks like as it was sent, kept so that showing it harms nobody.

Three steps, in this order. `_Writer` reads the mail with a small reader of its own and writes it anew: few elements, fewer
attributes, balanced, with every link through the desk's page that names its host and no picture that loads by itself. That
bounds what comes next (an HTML parser is made to copy open elements around, and does so without end) but is trusted with
nothing: nh3 then takes away all that is not on the list below. And what is left is only ever shown in a frame that may run
no script (`desk.mail`). Linear in the length of the mail, which is bounded.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode, urlsplit

import nh3

LONGEST = 300_000  # characters of HTML that are looked at; a longer mail is shown as text alone
MOST_TAGS = 10_000
DEEPEST = 100  # elements inside each other
LEAVE = "/desk/leave/?"  # the page that shows where a link leads (desk.urls): no link leads anywhere else
TOO_LARGE = '<div data-missing="too_large"></div>'
_LONGEST_ADDRESS = 2_000
_HEAD = re.compile(r'<div data-(pictures|missing)="(\w+)">')

_FORMATTING = frozenset(
    "b big code em i s small strike strong tt u".split()
)  # a parser copies these: kept shallow, bare
_VOID = frozenset("br col hr img wbr".split())
_INLINE = frozenset("a abbr bdi bdo cite del dfn ins kbd mark q rp rt ruby samp span sub sup time var".split())
_CELLS = frozenset("td th".split())
_TABLE = frozenset("caption colgroup tbody td tfoot th thead tr".split())
_BLOCKS = frozenset(
    "address article aside blockquote center dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header li main nav ol p "
    "pre section table ul".split()
)
_TAGS = _FORMATTING | _VOID | _INLINE | _TABLE | _BLOCKS
# With all that is in them: code, other languages, and what would be read as text by one parser and as markup by the next.
_SKIPPED = frozenset(
    "applet audio canvas frameset iframe math noembed noframes noscript object script select style svg template textarea "
    "title video xmp".split()
)
# A start of the first ends what is still open of the others, up to the boundary.
_ENDS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "li": (frozenset({"li", "p"}), frozenset({"ul", "ol", "table"})),
    "dt": (frozenset({"dt", "dd", "p"}), frozenset({"dl", "table"})),
    "dd": (frozenset({"dt", "dd", "p"}), frozenset({"dl", "table"})),
    "td": (_CELLS, frozenset({"tr", "table"})),
    "th": (_CELLS, frozenset({"tr", "table"})),
    "tr": (_CELLS | {"tr"}, frozenset({"table"})),
} | dict.fromkeys(("tbody", "thead", "tfoot"), (_TABLE, frozenset({"table"})))

_MARKUP = re.compile(r"<(?:(?P<end>/)?(?P<name>[A-Za-z][A-Za-z0-9]*)|(?P<comment>!--)|[!?/])")
_ATTRIBUTE = re.compile(r"""[\s/]*(?:>|([^\s/>=][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"'][^\s>]*))?)?|=)""")
_SIZES = {"align", "bgcolor", "border", "cellpadding", "cellspacing", "colspan", "height", "rowspan", "valign", "width"}
_SIZED = {"col", "colgroup", "img", "table", "tbody", "td", "tfoot", "th", "thead", "tr"}
_SIZE = re.compile(
    r"[0-9]{1,3}%?|1[0-9]{3}|left|right|center|justify|top|middle|bottom|baseline|#?[a-z0-9]{3,20}", re.I
)
_STYLES = frozenset(
    "background-color border border-bottom border-collapse border-color border-left border-right border-style border-top "
    "border-width color font-style font-weight padding padding-bottom padding-left padding-right padding-top text-align "
    "text-decoration vertical-align".split()
)
_STYLE = re.compile(r"[#a-z0-9 .,%-]{1,60}|rgba?\([0-9 .,%]{1,40}\)", re.IGNORECASE)
_SITE = re.compile(r"(?:https?://)?([\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,24})(?=[/:?#\s]|$)", re.IGNORECASE)
_UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]+")
_BLANKS = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]+")


def clean(source: str, *, files: Mapping[str, str] | None = None) -> str:
    """Return the HTML of a mail as it may be stored; "" where nothing is left of it, TOO_LARGE for what is not looked at.

    Pictures lie in `data-remote` (an address elsewhere), `data-file` (the key of an attachment, for a Content-ID that is in
    `files`) or `data-cid` (any other): none is loaded before `shown` says from where.
    """
    if len(source) > LONGEST or source.count("<") > 2 * MOST_TAGS:
        return TOO_LARGE
    writer = _Writer(files or {})
    if not writer.read(source):
        return TOO_LARGE
    body = nh3.clean(
        writer.written(),
        tags=set(_TAGS),
        attributes=_ALLOWED,
        attribute_filter=_checked,
        filter_style_properties=set(_STYLES),
        url_schemes=set(),
        link_rel=None,  # written by us, and checked
        strip_comments=True,
    )
    if not re.sub(r"<[^>]*>|&nbsp;|\s", "", body) and "<img" not in body:
        return ""
    return f'<div data-pictures="{body.count(" data-remote=")}">{body}</div>'


def words(cleaned: str) -> tuple[str, str]:
    """Return what a reader, or a scanner, may see in it: its text with tags as nothing and as blanks, names of pictures and
    links with it. A secret that stands nowhere else is found in one of the two."""
    named = " ".join(re.findall(r' (?:alt|href|data-remote)="([^"]*)"', cleaned))
    joined = html.unescape(re.sub(r"<[^>]*>", "", cleaned))
    return joined, html.unescape(f"{re.sub(r'<[^>]*>', ' ', cleaned)} {named}")


def pictures(beginning: str) -> int:
    """Read from the beginning of what `clean` returned how many pictures lie elsewhere; 0 for HTML of any other origin."""
    found = _HEAD.match(beginning)
    return int(found[2]) if found and found[1] == "pictures" and found[2].isdecimal() else 0


def is_missing(beginning: str) -> bool:
    """Whether the HTML of this mail was too large to be kept."""
    return beginning.startswith(TOO_LARGE[:20])


def shown(cleaned: str, *, at: Callable[[str, str], str]) -> str:
    """Return what `clean` returned with pictures: `at(kind, value)` says from where one is loaded, "" for not at all.

    `kind` is remote (value: its address), file (the key of an attachment) or cid (a Content-ID nobody knows).
    """

    def load(found: re.Match[str]) -> str:
        source = at(found[2], html.unescape(found[3]))
        return f'{found[1]}src="{html.escape(source)}" loading="lazy"' if source else found[0]

    return re.sub(r'(<img (?:[a-z]+="[^"]*" )*)data-(remote|file|cid)="([^"]*)"', load, cleaned)


_ALLOWED: dict[str, set[str]] = {
    "*": {"style", "dir", "lang"},
    "a": {"href", "target", "rel", "class"},
    "span": {"class"},
    "img": {"alt", "width", "height", "data-remote", "data-file", "data-cid"},
    "ol": {"start"},
} | {name: set(_SIZES) for name in _SIZED - {"img"}}


def _checked(tag: str, attribute: str, value: str) -> str | None:
    """Take away what the writer cannot have written, whatever the parser made of its text."""
    rules = {
        "href": value.startswith(f"{LEAVE}to=http"),
        "class": value == "odd",
        "target": value == "_blank",
        "rel": value == "noopener noreferrer nofollow",
    }
    return value if rules.get(attribute, tag != "a" or attribute in ("style", "dir", "lang")) else None


class _Writer:
    """Reads the HTML of a mail token by token and writes what may stay."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files
        self._out: list[str] = []
        self._open: list[str] = []
        self._link: tuple[int, str, int] | None = None  # of the link that is open: place in _out, address, depth
        self._tags = 0

    def read(self, source: str) -> bool:
        """Take a mail in; False when it holds more than is looked at."""
        lower = source.lower()  # same length for what we look for in it: ASCII
        if len(lower) != len(source):
            lower = re.sub("[A-Z]+", lambda found: found[0].lower(), source)
        at = 0
        while at < len(source):
            found = _MARKUP.search(source, at)
            self._text(source[at : found.start() if found else len(source)])
            if found is None:
                break
            at = self._markup(source, lower, found)
            if self._tags > MOST_TAGS:
                return False
        return True

    def written(self) -> str:
        """Return the whole, with everything closed."""
        while self._open:
            self._close_last()
        return "".join(self._out)

    def _markup(self, source: str, lower: str, found: re.Match[str]) -> int:
        """Take one piece of markup in; return where to go on."""
        if found["comment"]:
            end = source.find("-->", found.end() - 2)
            return end + 3 if end >= 0 else len(source)
        if not found["name"]:
            end = source.find(">", found.end())
            return end + 1 if end >= 0 else len(source)
        self._tags += 1
        name = found["name"].lower()
        attributes, end = _attributes(source, found.end())
        if name == "plaintext":
            return len(source)
        if name in _SKIPPED:
            closing = -1 if found["end"] else lower.find(f"</{name}", end)
            return end if found["end"] else len(source) if closing < 0 else closing
        name = "span" if name == "font" else name
        if name in _TAGS:
            self._end(name) if found["end"] else self._start(name, attributes)
        return end

    def _text(self, text: str) -> None:
        if text:
            self._out.append(html.escape(html.unescape(text), quote=False))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "img":
            self._out.append(self._image(attributes))
            return
        if name in _VOID:
            self._out.append(f"<{name}>")
            return
        self._end_implied(name)
        if len(self._open) >= DEEPEST or (name in _FORMATTING and sum(one in _FORMATTING for one in self._open) >= 8):
            return
        if name == "a":
            if self._link is None and (address := _web_address(attributes.get("href", ""))):
                self._link = (len(self._out), address, len(self._open))
                self._out.append("")  # written once its text is known
                self._open.append(name)
            return
        self._open.append(name)
        self._out.append(f"<{name}{'' if name in _FORMATTING else _kept(name, attributes)}>")

    def _end_implied(self, name: str) -> None:
        """Close what the start of this element ends, as browsers do."""
        if name in _ENDS:
            ended, boundary = _ENDS[name]
        elif name in _BLOCKS:
            ended, boundary = frozenset({"p"}), _CELLS | {"table", "li", "blockquote", "div"}
        else:
            return
        for depth in range(len(self._open) - 1, -1, -1):
            if self._open[depth] in boundary:
                return
            if self._open[depth] in ended and not any(one in ended for one in self._between(depth, boundary)):
                self._close_to(depth)
                return

    def _between(self, depth: int, boundary: frozenset[str]) -> list[str]:
        """Return what is open outside `depth`, up to the boundary."""
        outside: list[str] = []
        for one in reversed(self._open[:depth]):
            if one in boundary:
                break
            outside.append(one)
        return outside

    def _end(self, name: str) -> None:
        for depth in range(len(self._open) - 1, -1, -1):
            if self._open[depth] == name:
                self._close_to(depth)
                return
            if self._open[depth] in _CELLS | {"table"} and name not in _TABLE | {"table"}:
                return  # an end inside a cell ends nothing outside it

    def _close_to(self, depth: int) -> None:
        while len(self._open) > depth:
            self._close_last()

    def _close_last(self) -> None:
        name = self._open.pop()
        if self._link is not None and self._link[2] == len(self._open):
            self._close_link(*self._link[:2])
            self._link = None
        else:
            self._out.append(f"</{name}>")

    def _close_link(self, place: int, address: str) -> None:
        said = html.unescape(re.sub(r"<[^>]*>", "", "".join(self._out[place:])))
        host = _host(address)
        odd = _reads_as_another(said, host)
        to = html.escape(LEAVE + urlencode({"to": address}))
        marked = ' class="odd"' if odd else ""
        self._out[place] = f'<a href="{to}" target="_blank" rel="noopener noreferrer nofollow"{marked}>'
        # What reads like one site and leads to another is said at once.
        self._out.append(f'</a> <span class="odd">{html.escape(host)}</span>' if odd else "</a>")

    def _image(self, attributes: dict[str, str]) -> str:
        if {attributes.get("width"), attributes.get("height")} & {"0", "1"}:
            return ""  # seen by nobody: it counts who reads
        source, where = _BLANKS.sub("", attributes.get("src", "")), ""
        if source[:4].lower() == "cid:":
            cid = source[4:][:200].strip("<>")
            where = f' data-file="{html.escape(self._files[cid])}"' if cid in self._files else ""
            where = where or f' data-cid="{quote(cid, safe="@.-_+")}"'
        elif address := _web_address(source):
            where = f' data-remote="{html.escape(address)}"'
        alt = html.escape(re.sub("[<>]", "", attributes.get("alt", ""))[:200])
        return f'<img alt="{alt}"{_kept("img", {k: attributes[k] for k in ("width", "height") if k in attributes})}{where}>'


def _attributes(source: str, at: int) -> tuple[dict[str, str], int]:
    """Read the attributes of a tag; return them with where it ends. The first of a name counts, as in browsers."""
    found: dict[str, str] = {}
    while (one := _ATTRIBUTE.match(source, at)) is not None:
        at = one.end()
        if one[0].endswith(">") and one[1] is None:
            return found, at
        if one[1] is not None and len(found) < 50:
            value = next((part for part in one.groups()[1:] if part is not None), "")
            found.setdefault(one[1].lower(), html.unescape(value) if len(value) < 10_000 else "")
    end = source.find(">", at)
    return found, end + 1 if end >= 0 else len(source)


def _kept(name: str, attributes: Mapping[str, str]) -> str:
    kept = {}
    if name in _SIZED:
        kept = {key: value for key, value in attributes.items() if key in _SIZES and _SIZE.fullmatch(value.strip())}
    if name == "ol" and attributes.get("start", "").isdecimal():
        kept["start"] = attributes["start"][:4]
    if attributes.get("dir", "").lower() in ("ltr", "rtl", "auto"):
        kept["dir"] = attributes["dir"].lower()
    if style := _style(attributes.get("style", "")):
        kept["style"] = style
    return "".join(f' {key}="{html.escape(value.strip())}"' for key, value in kept.items())


def _style(declared: str) -> str:
    """Keep colours, weights, borders and inner space: nothing that moves, covers, hides or loads."""
    pairs = (part.partition(":") for part in declared[:5_000].split(";"))
    return ";".join(
        f"{name.strip().lower()}:{value.strip()}"
        for name, _, value in pairs
        if name.strip().lower() in _STYLES and _STYLE.fullmatch(value.strip())
    )


def _web_address(address: str) -> str:
    """Return an address of the web as it is, "" for any other: no script, no file, no page of ours."""
    address = _BLANKS.sub("", address)
    address = f"https:{address}" if address.startswith("//") else address
    if not address[:8].lower().startswith(("http://", "https://")) or len(address) > _LONGEST_ADDRESS:
        return ""
    scheme, rest = address.split(":", 1)
    address = f"{scheme.lower()}:{rest}"
    return quote(address, safe=":/?#[]@!$&'()*+,;=%~-._") if _host(address) else ""


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _reads_as_another(said: str, host: str) -> bool:
    """Whether the text of a link names a site, and the link leads to another one."""
    named = _SITE.match(_BLANKS.sub(" ", _UNSEEN.sub("", said)).strip())
    if named is None or "@" in said:
        return False
    a, b = (name.lower().removeprefix("www.") for name in (named[1], host))
    return not (a == b or a.endswith(f".{b}") or b.endswith(f".{a}"))
