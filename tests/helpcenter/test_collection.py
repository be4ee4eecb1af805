"""Every row of a public collection of markup that runs, wherever an editor, a folder or a reader can put it.

The collection is not part of the project: TRUSTDESK_CORPORA names the folder that `xss.jsonl` lies in, one object a line with
"html". What comes out is parsed: no script but ours, no handler, no address that is code, no element that fetches.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from django.test import Client

from tests.helpcenter import shelves
from tests.helpcenter.shelves import Shelf
from tests.helpcenter.test_hostile import Running, is_harmless
from trustdesk.customers import limits
from trustdesk.helpcenter import pages
from trustdesk.knowledge import library, markdown, rendering, search
from trustdesk.knowledge.index import Document
from trustdesk.knowledge.library import Library, Node
from trustdesk.knowledge.models import Article

FOLDER = Path(os.environ.get("TRUSTDESK_CORPORA", ""))
pytestmark = pytest.mark.skipif(
    "TRUSTDESK_CORPORA" not in os.environ or not (FOLDER / "xss.jsonl").exists(),
    reason="TRUSTDESK_CORPORA names no folder with xss.jsonl: the collection is not part of this repository",
)
TOGETHER = 10  # rows of one list or page: one that breaks out must not hide the next


@pytest.fixture(scope="module")
def rows() -> list[str]:
    lines = (FOLDER / "xss.jsonl").read_text(encoding="utf-8").split("\n")
    found = [str(json.loads(line)["html"]) for line in lines if line]
    assert len(found) > 1000
    return found


def runs(page: str) -> list[str]:
    looked = Running()
    looked.feed(page)
    looked.close()
    return looked.found


def test_a_page_that_would_run_is_seen(rows: list[str]) -> None:
    """Else what follows would prove nothing: most rows run where they are put into a page as they are."""

    def would_run(row: str) -> bool:
        try:
            return bool(runs(f"<p>{row}</p>"))
        except AssertionError:  # of the parser: declarations it does not know
            return True

    assert sum(map(would_run, rows)) > len(rows) / 2


def test_in_every_block_of_an_article_and_in_markdown(shelf: Shelf, rows: list[str]) -> None:
    image, now = shelves.picture(), library.current()
    for row in rows:
        told = f"{row}\n\n- {row}\n\n1. {row}\n\n> {row}\n\n> [!NOTE]\n> {row}\n\n| {row} |\n|---|\n| {row} |\n\n"
        told += f"[{row}]({row}) [x](<{row}>)\n\n```\n{row}\n```\n"
        read, _title = markdown.to_blocks(told)
        _pictures, _ = markdown.to_blocks(f"![{row}](x.svg '{row}')")
        table = {"columns": [{"type": "text", "heading": row}], "rows": [{"values": [row]}], "caption": row}
        article = Article(body=json.dumps([
            {"type": "text", "value": row},
            {"type": "text", "value": f'<h2>{row}</h2><a href="{row}">x</a><a id="1" linktype="page" {row}>x</a>'},
            {"type": "steps", "value": [row]},
            {"type": "callout", "value": {"kind": row, "text": row}},
            {"type": "code", "value": row},
            {"type": "table", "value": table},
            {"type": "picture", "value": {"image": image.pk, "alt": row, "caption": row}},
            *[block for block in read if block["type"] != "picture"],
        ]), guide=json.dumps([{"type": "panel", "value": {"image": image.pk, "alt": row, "text": row}}]))  # fmt: skip
        drawn = rendering.render(article, now, "en")
        [panel] = drawn.guide
        for part in (drawn.body, panel.text):
            assert runs(part) == [], row
            assert "<script" not in part.lower(), row


@pytest.fixture
def named(shelf: Shelf, rows: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Node]]:
    """A help center whose sections and articles are all called, summed up and found by such rows."""
    late = library.current().nodes[shelf.late.pk]
    deposits = library.current().nodes[shelf.deposits.pk]
    sections: list[Node] = []
    nodes: dict[int, Node] = {}
    below: dict[int, tuple[int, ...]] = {}
    for at in range(0, len(rows), TOGETHER):
        some, id = rows[at : at + TOGETHER], 1_000_000 + at
        section = replace(deposits, id=id, key=f"s{at}", path=f"s{at}", title=some[0], summary=some[-1], description=some[0])
        held = [
            replace(
                late, id=2_000_000 + at + n, key=f"a{at + n}", path=f"s{at}/a{n}", title=row, summary=row, above=(id,),
                seo_title=row, description=row, search_words=(row,), related=(), request_type="",
            )
            for n, row in enumerate(some)
        ]  # fmt: skip
        sections.append(section)
        nodes |= {node.id: node for node in (section, *held)}
        below[id] = tuple(node.id for node in held)
    before = library.current()
    made = Library(
        version="collection", nodes=nodes, order=tuple(nodes), homes=before.homes, intros={"en": rows[0]}, figures=before.figures,
        synonyms=(), _paths={(node.language, node.path): node.id for node in nodes.values()},
        _translations={node.key: {node.language: node.id} for node in nodes.values()},
        _below=below | {before.homes["en"]: tuple(section.id for section in sections[:TOGETHER])},
    )  # fmt: skip
    monkeypatch.setattr(library, "current", lambda: made)
    yield sections
    search.forget()


def test_in_the_names_of_sections_and_articles(shelf: Shelf, named: list[Node], rows: list[str]) -> None:
    now = library.current()
    article = Article.objects.get(pk=shelf.late.pk)
    assert runs(pages.first_page(now, "en").content.decode()) == []
    for section in named:
        page = pages.section_page(section, now, "en").content.decode()
        assert runs(page) == [], section.path
    for node in list(now.nodes.values())[:: TOGETHER + 3]:  # a whole page takes its time
        if node.article:
            assert runs(pages.article_page(article, node, now, "en").content.decode()) == [], node.title


def test_in_what_a_search_is_asked_and_finds(
    named: list[Node], rows: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits.limiter, "note", lambda **_: 1.0)  # nothing is noted: that is another test
    index = search._keeper.index(library.current())
    index.replace(_documents(list(library.current().nodes.values())))
    for section in named[::4]:
        is_harmless(f"/help/en/search?q=sesame{section.id}")
        assert "hit" in Client().get(f"/help/en/_hits.html?q=sesame{section.id}").content.decode()
    for row in rows[::12]:
        is_harmless(f"/help/en/search?q={quote(row[:1500], safe='')}")


def _documents(nodes: Sequence[Node]) -> Iterator[Document]:
    for node in nodes:
        if node.article:
            words = f"sesame{node.above[0]}"
            yield Document(node.id, "en", f"{node.title} {words}", (node.title,), f"{words} {node.summary} {words}", (words,))
