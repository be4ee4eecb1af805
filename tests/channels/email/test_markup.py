"""HTML made into text."""

from __future__ import annotations

import pytest

from trustdesk.channels.adapters.email.markup import to_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>one<p>two", "one\n\ntwo"),
        ("a<br>b<br/><br>c", "a\nb\n\nc"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("  spread \n over\tlines ", "spread over lines"),
        ('see <a href="https://x.example/p?a=1&amp;b=2">our page</a>.', "see our page <https://x.example/p?a=1&b=2>."),
        ('<a href="https://x.example/">https://x.example</a>', "https://x.example"),
        ('<a href="mailto:a@x.example">a@x.example</a>', "a@x.example"),
        ('<a href="javascript:alert(1)">click</a>', "click"),
        ("<ul><li>a<li>b<ul><li>c</ul></ul>", "- a\n- b\n  - c"),
        ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"),
        ("<ol start=3><li>a</ol>", "3. a"),
        ("<table><tr><th>Coin<th>Amount<tr><td>BTC<td>0.5</table>", "Coin | Amount\nBTC | 0.5"),
        ("a<blockquote>b<blockquote>c</blockquote></blockquote>d", "a\n\n> b\n>\n> > c\n\nd"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("a<hr>b", "a\n--------------------\nb"),
        ("<img src=x alt=chart><img src=y>", "[chart]"),
        ("&lt;b&gt; &amp; &#20013;&nbsp;!", "<b> & 中\xa0!"),
        ("<head><title>t</title><style>p{}</style></head><body>b", "b"),
        ("a<script>alert('<p>x')</script><style>p{}</style><!-- c --><![if x]>b", "ab"),
        ("", ""),
    ],
)
def test_what_a_person_reads(markup: str, text: str) -> None:
    assert to_text(markup) == text


def test_what_is_too_deep_still_leaves_its_words() -> None:
    assert "words" in to_text("<div>" * 30_000 + "words")
