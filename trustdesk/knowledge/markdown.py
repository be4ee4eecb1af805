"""Markdown to an article's blocks and back, so that content can live in a folder under version control.

CommonMark with GitHub's tables and alerts. What an article cannot hold is cleaned away, never passed on: raw HTML goes
through the same sieve as a page's text. Links between articles are written `article:<slug>`, to a form `form:<code>`.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdownify import markdownify

from trustdesk.knowledge.blocks import CalloutKind

PAGES: Final = {"contact:": "/contact/", "check:": "/official/"}
FORM: Final = "/tickets/new/"
_FORM_ADDRESS: Final = re.compile(r"/tickets/new/([a-z0-9_-]+)/")
_IMG: Final = re.compile(r"<img\b[^>]*?\bsrc\s*=\s*[\"']?([^\"'\s>]*)", re.IGNORECASE)
_ADDRESS: Final = re.compile(r'<a href="([^"]*)"')
_ALERT: Final = re.compile(r"\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION|DANGER)\]\s*", re.IGNORECASE)
_KINDS: Final = {"important": CalloutKind.NOTE, "caution": CalloutKind.WARNING}
_TAGS: Final = frozenset({"p", "h2", "h3", "h4", "b", "i", "code", "a", "ul", "ol", "li", "br", "hr", "blockquote"})
_ATTRIBUTES: Final = {"a": {"href"}}
_SCHEMES: Final = frozenset({"http", "https", "mailto", "article", "form", "contact", "check"})
_SAME: Final = {"strong": "b", "em": "i", "h1": "h2", "h5": "h4", "h6": "h4"}
_RENAMED: Final = re.compile(r"<(/?)(strong|em|h1|h5|h6)\b")

_markdown: Final = MarkdownIt("commonmark").enable("table")
# The reader takes what it is asked to follow from here; no other scheme becomes a link at all.
_markdown.validateLink = lambda url: not re.match(r"\s*(?:javascript|vbscript|data|file)\s*:", url, re.IGNORECASE)  # type: ignore[method-assign]


@dataclass(frozen=True, slots=True)
class Image:
    """A picture as the text names it; `address` is relative to the file."""

    address: str
    alt: str
    caption: str


# A block as Wagtail stores it: {"type": …, "value": …}; a picture's value is an `Image` until it has a row.
Block = dict[str, Any]


def to_blocks(text: str) -> tuple[list[Block], str]:
    """Return the blocks of a text, and its first heading of the first level, which becomes the title."""
    tokens = _markdown.parse(text)
    title = ""
    if tokens and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        title = _plain(tokens[1])
        tokens = tokens[3:]
    blocks: list[Block] = []
    prose: list[Token] = []

    def flush() -> None:
        source = clean(_html(prose))
        if source:
            blocks.append({"type": "text", "value": source})
        prose.clear()

    for group in _groups(tokens):
        made = _block(group)
        if made is None:
            prose.extend(group)
            continue
        flush()
        blocks.extend(made)
    flush()
    return [block for block in blocks if block["value"]], title


def unkept(text: str) -> Iterator[str]:
    """Go through what `to_blocks` takes apart or leaves out: "table" and "code" within lists and quotes, "picture …" in HTML."""
    for group in _groups(_markdown.parse(text)):
        inside = group[0].type in ("ordered_list_open", "bullet_list_open", "blockquote_open")
        for token in group:
            if inside and token.type == "table_open":
                yield "table"
            elif inside and token.type in ("fence", "code_block"):
                yield "code"
            for part in (token, *(token.children or ())):
                if part.type in ("html_block", "html_inline"):
                    yield from (f"picture {found}" for found in _IMG.findall(part.content))


def rewritten(block: Block, link: Callable[[str], str]) -> Block:
    """Return a block whose links lead where `link` says; "" makes plain text of one."""

    def one(found: re.Match[str]) -> str:
        address = link(html.unescape(found[1]))
        return f'<a href="{html.escape(address)}"' if address else "<a"

    def walk(value: Any) -> Any:
        if isinstance(value, str):
            return _ADDRESS.sub(one, value)
        if isinstance(value, list):
            return [walk(part) for part in value]
        return {name: walk(part) for name, part in value.items()} if isinstance(value, Mapping) else value

    return block if block["type"] == "code" else {"type": block["type"], "value": walk(block["value"])}


def clean(source: str) -> str:
    """Return rich text that holds nothing but what an editor could have written."""
    source = _RENAMED.sub(lambda found: f"<{found[1]}{_SAME[found[2]]}", source)
    return nh3.clean(
        source, tags=set(_TAGS), attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        url_schemes=set(_SCHEMES), link_rel=None,
    ).strip()  # fmt: skip


def inline(text: str) -> str:
    """Return one line of Markdown as rich text, without a paragraph around it."""
    return clean(str(_markdown.renderInline(text)))


def to_markdown(blocks: Sequence[Mapping[str, Any]], image: Callable[[int], str]) -> str:
    """Return the Markdown of stored blocks; `image` gives the address of a picture by its id."""
    parts = []
    for block in blocks:
        kind, value = block["type"], block["value"]
        if kind == "text":
            parts.append(_prose(value))
        elif kind == "steps":
            items = [item["value"] if isinstance(item, Mapping) else item for item in value]
            parts.append("\n".join(f"{number}. {_indented(_prose(item))}" for number, item in enumerate(items, 1)))
        elif kind == "callout":
            parts.append("\n".join(f"> {line}".rstrip() for line in [f"[!{value['kind'].upper()}]", *_prose(value["text"]).split("\n")]))
        elif kind == "table":
            parts.append(_table_text(value))
        elif kind == "picture":
            caption = f' "{_quoted(value["caption"])}"' if value["caption"] else ""
            parts.append(f"![{value['alt']}]({image(value['image'])}{caption})")
        elif kind == "code":
            fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", value)), 3)
            parts.append(f"{fence}\n{value}\n{fence}")
    return "\n\n".join(part for part in parts if part) + "\n"


def links(block: Block) -> Iterator[str]:
    """Go through the addresses a block links to."""
    for address in re.findall(r'href=\\?"([^"\\]*)', json.dumps(block["value"], default=str)):
        yield html.unescape(address)


def _groups(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Part the tokens at the top level."""
    group: list[Token] = []
    for token in tokens:
        group.append(token)
        if token.level == 0 and token.nesting != 1:
            yield group
            group = []


def _block(group: list[Token]) -> list[Block] | None:
    """Return the blocks a top-level element makes, or None when it is prose."""
    first = group[0]
    if first.type in ("fence", "code_block"):
        return [{"type": "code", "value": first.content.rstrip("\n")}]
    if first.type == "table_open":
        return [{"type": "table", "value": _table(group)}, *_images(group)]
    if first.type == "ordered_list_open":
        images = list(_images(group))
        steps = [clean(_html(item)) for item in _inside(group, "list_item_open", "list_item_close")]
        return [{"type": "steps", "value": [_step(step) for step in steps if step]}, *images]
    if first.type == "blockquote_open" and (callout := _callout(group)):
        return callout
    if images := list(_images(group)):  # they have no place within a text: below it
        rest = clean(_html(group))
        text = re.sub(r"<p>\s*</p>", "", rest)
        return [*([{"type": "text", "value": text}] if text else []), *images]
    return None


def _callout(group: list[Token]) -> list[Block] | None:
    text = next((token for token in group if token.type == "inline"), None)
    found = _ALERT.match(text.content) if text else None
    if text is None or found is None:
        return None
    images = list(_images(group))
    inner = "\n".join(token.content for token in _markdown.parse(text.content[found.end() :]) if token.type == "inline")
    text.children = _markdown.parseInline(inner)[0].children
    text.content = inner
    name = found[1].lower()
    source = clean(_html(group[1:-1]))
    return [{"type": "callout", "value": {"kind": str(_KINDS.get(name, name)), "text": source}}, *images]


def _table(group: list[Token]) -> dict[str, Any]:
    head, rows = [], []
    for row in _inside(group, "tr_open", "tr_close"):
        cells = [token for token in row if token.type == "inline"]
        if any(token.type == "th_open" for token in row):
            head = [_plain(cell) for cell in cells]
        else:
            rows.append({"values": [clean(_html([cell])) for cell in cells]})
    return {"columns": [{"type": "text", "heading": text} for text in head], "rows": rows, "caption": ""}


def _inside(tokens: Sequence[Token], opening: str, closing: str) -> Iterator[list[Token]]:
    """Go through what stands between two tokens of the outermost level they have here."""
    level = next((token.level for token in tokens if token.type == opening), 0)
    part: list[Token] | None = None
    for token in tokens:
        if token.type == opening and token.level == level:
            part = []
        elif token.type == closing and token.level == level and part is not None:
            yield part
            part = None
        elif part is not None:
            part.append(token)


def _images(tokens: Sequence[Token]) -> Iterator[Block]:
    for token in tokens:
        for child in token.children or ():
            if child.type == "image":
                image = Image(str(child.attrGet("src") or ""), child.content.strip(), str(child.attrGet("title") or ""))
                yield {"type": "picture", "value": image}


def _html(tokens: Sequence[Token]) -> str:
    """Return the HTML of tokens, without their pictures."""
    kept = []
    for token in tokens:
        if token.children and any(child.type == "image" for child in token.children):
            token = token.copy(children=[child for child in token.children if child.type != "image"])
        kept.append(token)
    return str(_markdown.renderer.render(kept, _markdown.options, {}))


def _plain(token: Token) -> str:
    return "".join(child.content for child in token.children or () if child.type in ("text", "code_inline")).strip()


def _step(source: str) -> str:
    """Return a step in one shape: a lone paragraph without its tags, text before a list as a paragraph."""
    if found := re.fullmatch(r"<p>((?:(?!</?p>).)*)</p>", source, re.DOTALL):
        return found[1]
    return re.sub(r"\A((?:(?!<(?:p|[uo]l|blockquote|h\d)\b).)+?)\s*(?=<[uo]l>)", r"<p>\1</p>\n", source, flags=re.DOTALL)


def _prose(source: str) -> str:
    source = _FORM_ADDRESS.sub(r"form:\1", source)
    for short, address in PAGES.items():
        source = source.replace(f'href="{address}"', f'href="{short}"')
    text = markdownify(source, heading_style="ATX", bullets="-", escape_underscores=False, strong_em_symbol="*")
    return re.sub(r"\n{3,}", "\n\n", str(text)).strip()


def _indented(text: str) -> str:
    return text.replace("\n", "\n   ")


def _table_text(value: Mapping[str, Any]) -> str:
    def row(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    head = [column["heading"] for column in value["columns"]]
    lines = [row(head), row(["---"] * len(head))]
    lines += [row([_prose(cell) for cell in line["values"]]) for line in value["rows"]]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
