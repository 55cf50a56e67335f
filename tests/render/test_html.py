"""The exporter: what others make of the same Markdown, and nothing but what the tree holds."""

from __future__ import annotations

import json
import os
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.render.reference import examples, normal_html, our_html
from tests.shared import SHARED

from sidelight.render.html import html
from sidelight.render.markdown import parse


@pytest.mark.skipif(SHARED is None, reason="the recorded answers are not beside the checkout")
def test_answers_come_out_as_from_cmark_gfm() -> None:
    assert SHARED is not None
    lines = (SHARED / "answers" / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    answers = [json.loads(line) for line in lines]
    expected = {a["id"]: normal_html(a["cmark_gfm_html"]) for a in answers}
    differ = [a["id"] for a in answers if our_html(a["markdown"], gfm=True) != expected[a["id"]]]
    assert len(differ) <= len(answers) // 100, differ
    # With formulas, only answers that hold some differ as well.
    more = [a for a in answers if our_html(a["markdown"]) != expected[a["id"]] and a["id"] not in differ]
    assert all("\\(" in a["markdown"] or "\\[" in a["markdown"] or "$" in a["markdown"] for a in more)


@pytest.mark.skipif("COMMONMARK_SPEC" not in os.environ, reason="COMMONMARK_SPEC names no spec.txt")
def test_the_examples_of_commonmark() -> None:
    cases = list(examples(Path(os.environ["COMMONMARK_SPEC"]).read_text(encoding="utf-8")))
    equal = sum(our_html(source) == normal_html(expected) for _, source, expected in cases)
    assert len(cases) > 500
    assert equal >= 0.97 * len(cases)


CASES = {
    "emphasis": (
        "a *b **c** d*\n__e__ f_g_h",
        "<p>a <em>b <strong>c</strong> d</em>\n<strong>e</strong> f_g_h</p>",
    ),
    "breaks": ("a  \nb\\\nc\nd", "<p>a<br />\nb<br />\nc\nd</p>"),
    "headings": ("# a #\nb\n===\nc\n---\n####### d", "<h1>a</h1>\n<h1>b</h1>\n<h2>c</h2>\n<p>####### d</p>"),
    "rules": ("***\n- - -\n___", "<hr />\n<hr />\n<hr />"),
    "escapes": ("\\*a\\* &amp; &copy; &#35; &nope;", "<p>*a* &amp; © # &amp;nope;</p>"),
    "code": ("`` a`b `` and `  c `", "<p><code>a`b</code> and <code> c</code></p>"),
    "fence": (
        "```c++ x\n<a>\n\n&\n```\n~~~\n~~~\n    d\n",
        (
            '<pre><code class="language-c++">&lt;a&gt;\n\n&amp;\n</code></pre>\n<pre><code></code></pre>\n'
            "<pre><code>d\n</code></pre>"
        ),
    ),
    "tight list": ("- a\n- b\n  - c\n", "<ul>\n<li>a</li>\n<li>b\n<ul>\n<li>c</li>\n</ul>\n</li>\n</ul>"),
    "loose list": ("7. a\n\n8. b", '<ol start="7">\n<li>\n<p>a</p>\n</li>\n<li>\n<p>b</p>\n</li>\n</ol>'),
    "code before text": (
        "- ```\n  a\n  ```\n\n  b",
        "<ul>\n<li>\n<pre><code>a\n</code></pre>\n<p>b</p>\n</li>\n</ul>",
    ),
    "code in a list": (
        "1. a\n\n   ```py\n   b\n   ```\n2. c",
        '<ol>\n<li>\n<p>a</p>\n<pre><code class="language-py">b\n</code></pre>\n</li>\n<li>\n<p>c</p>\n</li>\n</ol>',
    ),
    "tasks": (
        "- [x] a\n- [ ] b",
        (
            '<ul>\n<li><input type="checkbox" checked="" disabled="" /> a</li>\n'
            '<li><input type="checkbox" disabled="" /> b</li>\n</ul>'
        ),
    ),
    "quote": ("> a\nb\n>\n> c", "<blockquote>\n<p>a\nb</p>\n<p>c</p>\n</blockquote>"),
    "table": (
        "a|b|c\n:-|-:|:-:\n`d\\|e`|f\n",
        (
            '<table>\n<thead>\n<tr>\n<th align="left">a</th>\n<th align="right">b</th>\n<th align="center">c</th>\n</tr>\n'
            '</thead>\n<tbody>\n<tr>\n<td align="left"><code>d|e</code></td>\n<td align="right">f</td>\n'
            '<td align="center"></td>\n</tr>\n</tbody>\n</table>'
        ),
    ),
    "struck out": ("~~a~~ b", "<p><del>a</del> b</p>"),
    "links": (
        '[a *b*](https://c.d/ä?e=(f)&g "t") <http://h.i> www.j.k. [l]\n\n[l]: http://m.n',
        (
            '<p><a href="https://c.d/%C3%A4?e=(f)&amp;g">a <em>b</em></a> <a href="http://h.i">http://h.i</a> '
            '<a href="http://www.j.k">www.j.k</a>. <a href="http://m.n">l</a></p>'
        ),
    ),
    "links that may not be": ("[a](javascript:b) <c@d.e>", "<p>a (javascript:b) c@d.e</p>"),
    "images": (
        "![a *b* `c`](http://d.e/f.png)",
        '<p>a b c (<a href="http://d.e/f.png">http://d.e/f.png</a>)</p>',
    ),
    "html": (
        "<script>a</script>\n\n<!-- b -->",
        "<p>&lt;script&gt;a&lt;/script&gt;</p>\n<p>&lt;!-- b --&gt;</p>",
    ),
    "tags": (
        "H<sub>2</sub>O<br>x<sup>*2*</sup> <kbd>F1</kbd>",
        "<p>H<sub>2</sub>O<br />\nx<sup><em>2</em></sup> <kbd>F1</kbd></p>",
    ),
    "formulas": (
        "$a<b$ \\(c\\)\n\n$$\nd\n$$",
        '<p><span class="math">$a&lt;b$</span> <span class="math">\\(c\\)</span></p>\n<p class="math">$$d$$</p>',
    ),
    "footnotes": (
        "a[^y] b[^x] c[^y]\n\n[^x]: d\n[^y]: e\n[^z]: f",
        (
            '<p>a<sup class="footnote-ref"><a href="#fn-1">1</a></sup> b<sup class="footnote-ref"><a href="#fn-2">2</a></sup> '
            'c<sup class="footnote-ref"><a href="#fn-1">1</a></sup></p>\n<section class="footnotes">\n<ol>\n'
            '<li id="fn-1" value="1">\n<p>e</p>\n</li>\n<li id="fn-2" value="2">\n<p>d</p>\n</li>\n'
            '<li id="fn-3" value="3">\n<p>f</p>\n</li>\n</ol>\n</section>'
        ),
    ),
    "definitions": ("a\n: b\n: c\n", "<dl>\n<dt>a</dt>\n<dd>b</dd>\n<dd>c</dd>\n</dl>"),
    "details": (
        "<details><summary>a</summary>\n\n- b\n</details>",
        "<details>\n<summary>a</summary>\n<ul>\n<li>b</li>\n</ul>\n</details>",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_case(name: str) -> None:
    source, expected = CASES[name]
    assert html(parse(source)) == expected + "\n"


def test_what_was_cut_for_being_long_is_whole_again() -> None:
    code = "".join(f"line {n}\n" for n in range(2_000))
    items = "".join(f"- item {n} {'x' * 50}\n" for n in range(500))
    text = html(parse(f"```py\n{code}```\n\n{items}\n" + "word " * 4_000))
    assert text.count("<pre>") == text.count("<ul>") == text.count("<p>") == 1
    assert code in text
    assert text.count("<li>") == 500


def test_what_is_not_there_is_said() -> None:
    assert "Not shown: 50 more rows" in html(parse("|a|\n|-|\n" + "|b|\n" * 250))
    assert "more characters" in html(parse("word " * 60_000))


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.update([tag, *(f"{tag}.{name}" for name, _ in attrs)])
        for name, value in attrs:
            assert name != "href" or str(value).startswith(("http://", "https://", "#fn-"))
        if tag not in ("br", "hr", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag in ("br", "hr", "input") or self.open.pop() == tag


TAGS = """p h1 h2 h3 h4 h5 h6 pre code blockquote ul ol li table thead tbody tr th td hr br em strong del a input span sub
sup kbd dl dt dd details summary section"""
ATTRIBUTES = """code.class ol.start li.id li.value th.align td.align a.href span.class p.class sup.class section.class
input.type input.checked input.disabled"""
MARKUP = """<img src=x> <a href="x"> <script> </p> " ' & &lt; onclick=" [a]( ) javascript:x http://a.b/" ![ ] ``` - > | ---
<sub> </sub> <details> <summary> </details> [^1] [^1]: $ ** ~~ `"""
_PARTS = st.sampled_from([*MARKUP.split(), " ", "\n", "\n\n"])


@settings(max_examples=300, deadline=None)
@given(st.lists(_PARTS | st.text(max_size=3), max_size=30).map("".join))
def test_nothing_but_known_tags_and_attributes_in_good_order(text: str) -> None:
    tags = _Tags()
    tags.feed(html(parse(text)))
    tags.close()
    assert tags.open == []
    assert tags.seen <= {*TAGS.split(), *ATTRIBUTES.split()}
