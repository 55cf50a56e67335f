"""Hostile answers, the same ones every time: what tries to load, to run, to be followed, to blow up, to mislead the eye.

Values only. What each may cost and do is said where they are used (test_hostile, and whoever draws them).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["ADDRESSES", "Input", "inputs", "links"]


@dataclass(frozen=True)
class Input:
    """An answer of a model. `name` says what it tries."""

    name: str
    text: str


ADDRESSES = (
    "file:///etc/passwd",
    "file://host/share",
    "/etc/passwd",
    "../../etc/passwd",
    "/dev/zero",
    "\\\\host\\share",
    "//host/share",
    "C:\\x.exe",
    "http:///etc/passwd",
    "https:evil.example",
    "http://user:pw@evil.example/",
    "http://good.example\\@evil.example/",
    "http://0x7f000001:9/x",
    "javascript:alert(1)",
    "vbscript:x",
    "data:text/html,<script>x</script>",
    "data:image/svg+xml;base64,PHN2Zy8+",
    "qrc:/icons/app.svg",
    ":/icons/app.svg",
    "smb://host/share",
    "ssh://host",
    "ms-msdt:/id",
    "search-ms:query=x",
    "vscode://x",
    "mailto:a@b.c?attach=/etc/passwd",
    "x-apple.systempreferences:",
    "blob:http://a.b/c",
    "about:blank",
    "sidelight:more",
    "tel:1",
)

_ELEMENTS = (
    '<img src="{}">',
    "<img src={} />",
    '<img srcset="{} 2x">',
    '<a href="{}">x</a>',
    '<area href="{}">',
    '<link rel="stylesheet" href="{}">',
    '<iframe src="{}"></iframe>',
    '<frame src="{}">',
    '<object data="{}"></object>',
    '<embed src="{}">',
    '<video src="{}" poster="{}"></video>',
    '<audio src="{}"></audio>',
    '<source src="{}">',
    '<track src="{}">',
    '<script src="{}"></script>',
    '<svg><image href="{}"/></svg>',
    '<svg><use xlink:href="{}#x"/></svg>',
    '<table background="{}"><tr><td background="{}">x</td></tr></table>',
    '<body background="{}">',
    '<base href="{}">',
    '<form action="{}"><button>x</button></form>',
    '<input type="image" src="{}">',
    '<button formaction="{}">x</button>',
    '<meta http-equiv="refresh" content="0;url={}">',
    '<style>@import "{}";</style>',
    "<style>* {{ background: url({}) }}</style>",
    '<p style="background-image:url({})">x</p>',
    '<ul style="list-style-image:url({})"><li>x</ul>',
    '<math href="{}"><mi>x</mi></math>',
    "<details open ontoggle=\"location='{}'\">",
    "<sub onclick=\"location='{}'\">x</sub>",
    "<!--<img src={}>-->",
    "<![CDATA[<img src={}>]]>",
    '<?xml-stylesheet href="{}"?>',
)

_TRICKS: dict[str, Callable[[str], str]] = {
    "as it is": lambda s: s,
    "upper case": lambda s: s.upper(),
    "mixed case": lambda s: "".join(c.upper() if i % 2 else c for i, c in enumerate(s)),
    "entities": lambda s: "".join(
        f"&#{ord(c)};" if c.isalpha() and i % 3 == 0 else c for i, c in enumerate(s)
    ),
    "hex entities": lambda s: "".join(f"&#x{ord(c):x};" if c in ":/<" else c for c in s),
    "named entities": lambda s: s.replace(":", "&colon;").replace("/", "&sol;"),
    "percent": lambda s: s.replace(":", "%3A").replace("/", "%2F"),
    "a tab within": lambda s: s[:4] + "\t" + s[4:],
    "a line end within": lambda s: s[:4] + "\n" + s[4:],
    "a NUL within": lambda s: s[:4] + "\0" + s[4:],
    "nothing seen within": lambda s: s[:4] + "\u200b" + s[4:],
    "turned round": lambda s: "\u202e" + s + "\u202c",
    "full width": lambda s: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in s),
    "a space before": lambda s: " " + s,
    "a control before": lambda s: "\x01" + s,
    "backslashes": lambda s: s.replace(":", "\\:"),
}

_CARRIERS = {
    "link": "[x]({})",
    "link, pointed": "[x](<{}>)",
    "link with a title": '[x]({} "t")',
    "reference": "[x]\n\n[x]: {}\n",
    "image": "![x]({})",
    "image in a link": "[![x]({})](http://a.example)",
    "image by reference": "![x][y]\n\n[y]: {}\n",
    "autolink": "<{}>",
    "bare": "see {} there",
    "line": "{}",
    "heading": "# [x]({})",
    "list": "- [x]({})\n  - {}",
    "task": "- [ ] [x]({})",
    "quote": "> [x]({})",
    "table": "| [x]({}) |\n|---|\n| {} |",
    "emphasis": "**[x]({})** ~~{}~~",
    "code": "`{}`",
    "fence": "```{}\n{}\n```",
    "formula": "$\\href{{{}}}{{x}}$ $$\\includegraphics{{{}}}$$",
    "footnote": "x[^1]\n\n[^1]: [x]({})",
    "definition": "term\n: [x]({})",
    "details": "<details><summary>[x]({})</summary>\n\n{}\n</details>",
    "tags": "<sub>[x]({})</sub><kbd>{}</kbd>",
}


def _loading() -> Iterator[Input]:
    """Every element with every kind of address in turn, every carrier with every trick and many addresses."""
    tricks = list(_TRICKS.items())
    for n, element in enumerate(_ELEMENTS):
        for k in range(8):
            address = ADDRESSES[(n * 7 + k * 11) % len(ADDRESSES)]
            trick, change = tricks[(n + k) % len(tricks)]
            text = element.replace("{}", change(address)).replace("{{", "{").replace("}}", "}")
            yield Input(f"element {n} {trick} {k}", text if k % 2 else f"before {text} after")
    for n, (carrier, form) in enumerate(_CARRIERS.items()):
        for k, (trick, change) in enumerate(tricks):
            address = change(ADDRESSES[(n * 5 + k * 3) % len(ADDRESSES)])
            text = form.replace("{}", address).replace("{{", "{").replace("}}", "}")
            yield Input(f"{carrier}, {trick}", text)


_LARGE = {
    "links that never close": "[a](" * 5_000,
    "very many links that never close": "[a](" * 70_000,
    "images that never close": "![" * 128_000,
    "brackets": "[" * 10_000,
    "closing brackets": "]" * 100_000,
    "links in links": "[" * 3_000 + "x" + "](http://a.example)" * 3_000,
    "declarations": "<![" * 80_000,
    "tags that never close": "<b>" * 80_000,
    "subs that never close": "<sub>" * 50_000,
    "subs": "<sub>" * 5_000 + "x" + "</sub>" * 5_000,
    "closing tags": "</a>" * 50_000,
    "tags with spaces": "<a" + " " * 200_000,
    "nested tables of HTML": "<table><tr><td>" * 30 + "x",
    "details in details": "<details>\n" * 5_000 + "x",
    "closed details in details": "<details>\n" * 2_000 + "x\n" + "</details>\n" * 2_000,
    "details side by side": "<details>\nx\n</details>\n" * 3_000,
    "autolinks that never close": "<http://" * 30_000,
    "addresses with an at": "<a@" * 50_000,
    "addresses": "http://a.example " * 15_000,
    "www": "www.a.b " * 30_000,
    "one address": "http://a.example/" + "x" * 200_000,
    "address with brackets": "http://a.example/" + "(" * 50_000 + ")" * 50_000,
    "one word": "x" * 1_000_000,
    "one word of CJK": "中" * 300_000,
    "one word of Arabic": "\u0634" * 200_000,
    "words with a soft hyphen": "x\u00ad" * 200_000,
    "paragraphs": "a\n\n" * 100_000,
    "lines": "a\n" * 200_000,
    "hard breaks": "a  \n" * 60_000,
    "br": "<br>" * 100_000,
    "rules": "---\n\n" * 100_000,
    "headings": "# a\n" * 60_000,
    "setext headings": "a\n-\n" * 60_000,
    "quotes": ">" * 1_000 + "a",
    "quotes, lines": (">" * 1_000 + "a\n") * 250,
    "quotes, deep and lazy": "> " * 500 + "a\n" + "b\n" * 5_000,
    "lists": "- " * 1_000 + "a",
    "lists by indent": "\n".join(" " * (2 * i) + "- a" for i in range(500)),
    "lists by indent, deeper": "\n".join(" " * (2 * (i % 400)) + "- a" for i in range(5_000)),
    "numbered": "\n".join(f"{i}. a" for i in range(50_000)),
    "numbers that grow": "\n\n".join(f"{10**i}. a" for i in range(9)),
    "list and quote": "> - " * 300 + "a",
    "emphasis": "*a " * 100_000,
    "emphasis, mixed": "*a _b **c __d " * 15_000,
    "strong": "**a*" * 60_000,
    "stars": "*" * 250_000,
    "underscores": "a_" * 128_000,
    "tildes": "~~a" * 80_000,
    "backslashes": "\\" * 250_000,
    "backticks": "`".join("`" * (i % 300) for i in range(2_000)),
    "one backtick each": "`a" * 100_000,
    "fences": "```\n" * 60_000,
    "fences that never close": "```a\n~~~b\n" * 30_000,
    "fence in lists": "- ```\n" * 20_000,
    "code by indent": "    a\n" * 60_000,
    "one line of code": "```\n" + "x" * 250_000 + "\n```",
    "lines of code": "```py\n" + "x = 1\n" * 40_000 + "```",
    "table": "|a" * 50 + "\n" + "|-" * 50 + "\n" + ("|a" * 50 + "\n") * 5_000,
    "wide table": "|a" * 5_000 + "|\n" + "|-" * 5_000 + "|\n" + "|b" * 5_000 + "|\n",
    "ragged table": "|a|b|\n|-|-|\n" + "".join("|x" * (i % 90) + "|\n" for i in range(3_000)),
    "rows": "|a|\n|-|\n" + "|b|\n" * 60_000,
    "tables": "|a|\n|-|\n|b|\n\n" * 15_000,
    "bars": "|" * 250_000,
    "rules of tables": "|-" * 100_000,
    "dollars": "$a " * 80_000,
    "double dollars": "$$a\n" * 60_000,
    "formulas": "$x$ " * 60_000,
    "one long formula": "$" + "x+" * 100_000 + "$",
    "brackets of formulas": "\\[" * 100_000,
    "parentheses of formulas": "\\(a\\) " * 40_000,
    "definitions of links": "[a]: b\n" * 40_000,
    "definitions of links, all other": "".join(f"[a{i}]: http://a.example/{i}\n" for i in range(10_000)),
    "uses of a link": "[a]: http://a.example\n\n" + "[a] " * 60_000,
    "footnotes": "".join(f"x[^{i}]\n\n[^{i}]: y\n\n" for i in range(10_000)),
    "marks of footnotes": "[^a]: b\n\n" + "[^a]" * 60_000,
    "footnotes that never close": "[^" * 60_000,
    "footnote in footnote": "".join("    " * i + f"[^{i}]: a\n\n" for i in range(200)),
    "definitions": "a\n: b\n\n" * 30_000,
    "definition in definition": "".join("  " * i + "a\n" + "  " * i + ": b\n" for i in range(200)),
    "colons": ": " * 100_000,
    "ampersands": "&" * 1_000_000,
    "entities": "&amp;" * 50_000,
    "endless entity": "&#" + "1" * 1_000_000,
    "entities that are none": "&abcdefgh;" * 25_000,
    "zalgo": "a" + "\u0301" * 100_000,
    "zalgo on every letter": ("a" + "\u0301" * 30) * 8_000,
    "directions": "a\u0634" * 100_000,
    "overrides": "\u202e" * 100_000 + "a",
    "isolates": "\u2066" * 100_000 + "a",
    "embeddings that never end": ("\u202bא\u202aa") * 50_000,
    "joiners": "\U0001f469\u200d" * 60_000,
    "flags": "\U0001f1e9\U0001f1ea" * 60_000,
    "nothing seen": "\u200b" * 250_000,
    "every control": "".join(map(chr, range(0x20))) * 2_000 + "".join(map(chr, range(0x7F, 0xA0))) * 2_000,
    "what is no letter": "\ufdd0\ufdd1\uffff\ufffe\ufffc\ufeff" * 10_000,
    "line ends of every kind": "a\r\nb\rc\u2028d\u2029e\u0085f\x0bg\x0ch\x1ci\n" * 5_000,
    "tabs": "\t" * 100_000,
    "spaces": " " * 250_000 + "a",
    "spaces and line ends": " \n" * 100_000,
    "private letters": "\ue000\U000f0000" * 50_000,
}  # fmt: skip

_FORMULAS = {
    "fractions": "\\frac{1}{" * 40 + "x" + "}" * 40,
    "fractions, just allowed": "\\frac{1}{" * 8 + "x" + "}" * 8,
    "roots": "\\sqrt{" * 30 + "x" + "}" * 30,
    "roots, just allowed": "\\sqrt{" * 8 + "x" + "}" * 8,
    "scripts": "x^{" * 30 + "x" + "}" * 30,
    "scripts, just allowed": "x_{" * 8 + "x" + "}" * 8,
    "fences": "\\left(" * 20 + "x" + "\\right)" * 20,
    "fences, just allowed": "\\left(" * 8 + "x" + "\\right)" * 8,
    "fences that never close": "\\left(" * 200,
    "matrix": "\\begin{matrix}" + "\\\\".join(["&".join("a" * 100)] * 100) + "\\end{matrix}",
    "matrix, just allowed": "\\begin{matrix}" + "\\\\".join(["&".join("a" * 20)] * 19) + "\\end{matrix}",
    "matrices in matrices": "\\begin{pmatrix}" * 8 + "x" + "\\end{pmatrix}" * 8,
    "long": "x+" * 990,
    "fractions in a row": "\\frac{1}{2}+" * 160,
    "roots of fractions in a row": "\\sqrt{\\frac{1}{\\frac{a}{b}}}" * 60,
    "macro that grows": "\\def\\a{\\a\\a}\\a",
    "macros that double": "".join(f"\\def\\{chr(98 + i)}{{\\{chr(97 + i)}\\{chr(97 + i)}}}" for i in range(20)) + "\\u",
    "macro of itself": "\\newcommand{\\x}{\\x}\\x",
    "braces": "{" * 1_000 + "x" + "}" * 1_000,
    "braces that never close": "{" * 1_900,
    "hats": "\\hat{" * 8 + "x" + "}" * 8,
    "overline": "\\overline{" * 8 + "x" + "}" * 8,
    "binomials": "\\binom{" * 30 + "a" + "}{b}" * 30,
    "wide space": "\\hspace{1e9em}x",
    "negative space": "\\hspace{-1e9em}x",
    "wide rule": "\\rule{1e9em}{1e9em}",
    "huge": "\\Huge" * 300 + "x",
    "file": "\\input{/etc/passwd}\\include{/etc/passwd}\\includegraphics{/dev/zero}",
    "write": "\\immediate\\write18{id}\\openout1=x",
    "link": "\\href{file:///etc/passwd}{x}\\url{javascript:x}",
    "markup": "\\text{</mtext><image href='/etc/passwd'/>}",
    "entity": "\\text{&lt;!DOCTYPE x [<!ENTITY a 'b'>]&gt;&a;}",
    "colour": '\\color{url(/etc/passwd)}{x}\\colorbox{#fff" onload="x}{y}',
    "controls": "x\x00\x01\x1b[31m\u202ey",
    "letters": "中文مرحبا\U0001f600",
    "primes": "x" + "'" * 1_900,
    "carets": "x" + "^" * 1_900,
    "backslashes": "\\" * 1_900,
    "environment that never ends": "\\begin{aligned}" * 50 + "x",
    "environment nobody knows": "\\begin{tikzpicture}\\draw (0,0) -- (1,1);\\end{tikzpicture}",
}  # fmt: skip

_CODE = {
    "csharp": "ab\n" * 8_000,
    "make": "<!--" * 8_000,
    "java": "ab " * 8_000,
    "console": "$ " * 10_000,
    "typescript": "a<" * 10_000,
    "ocaml": "(*" * 10_000,
    "python": '"""' + "\\" * 30_000,
    "html": "<" * 30_000,
    "php": "<?php " * 5_000,
    "javascript": "/" * 30_000,
    "jsx": "<a" * 15_000,
    "perl": "q(" * 10_000,
    "ruby": "%w(" * 10_000,
    "bash": "$(" * 15_000,
    "c++": "template<" * 5_000,
    "json": "[" * 60_000,
    "yaml": "- " * 30_000,
    "markdown": "`" * 30_000,
    "tex": "{" * 30_000,
    "sql": "(" * 30_000,
    "xml": "<a>" * 20_000,
    "css": "a{" * 20_000,
    "haskell": "{-" * 20_000,
    "rust": "/*" * 20_000,
    "lisp": "(" * 60_000,
    "regex": "(a+)+" * 5_000,
    "diff": "@" * 60_000,
    "nginx": "a{" * 20_000,
    "scala": "${" * 10_000,
    "kotlin": "a<b>" * 10_000,
    "../../etc/passwd": "x",
    "python -c 'import os'": "x = 1",
    "<img src=x>": "x",
    "\u202egnp": "x",
    "x" * 5_000: "x",
}  # fmt: skip


def _chance() -> Iterator[Input]:
    """Markup thrown together, from a fixed seed."""
    chance = random.Random(20)
    parts = [
        *"*_`~$|<>[](){}#-+.!\\\n \t:^&;\"'=",
        *(
            "\n\n",
            "    ",
            "```",
            "~~~",
            "$$",
            "\\[",
            "\\]",
            "<details>\n",
            "</details>\n",
            "<sub>",
            "</sub>",
            "<br>",
        ),
        *(
            "[^1]",
            "[^1]: ",
            "|---|---|\n",
            "[ ] ",
            "1. ",
            "> ",
            "# ",
            "http://",
            "file:///etc/passwd",
            "www.a.b",
        ),
        *("word", "wörter ", "中文", "\u202e", "\u0301", "\x00", "\u2028", "\U0001f469\u200d"),
    ]
    for n in range(60):
        count = chance.choice([50, 400, 4_000])
        yield Input(f"chance {n}", "".join(chance.choice(parts) for _ in range(count)))


def inputs() -> Iterator[Input]:
    """All of them, more than 500."""
    yield from _loading()
    for name, text in _LARGE.items():
        yield Input(name, text)
    for name, source in _FORMULAS.items():
        yield Input(f"formula: {name}", f"a ${source}$ b\n\n$$\n{source}\n$$\n")
    for label, code in _CODE.items():
        yield Input(f"code: {label[:30]}", f"```{label}\n{code}\n```\n")
    yield from _chance()


def links(count: int) -> Iterator[tuple[str, str]]:
    """Addresses of every kind and how a model might write them, as (address, Markdown)."""
    chance = random.Random(7)
    tricks = list(_TRICKS.values())
    carriers = [form for form in _CARRIERS.values() if "{}" in form]
    schemes = [
        "http",
        "https",
        "HTTP",
        "hTTps",
        "file",
        "javascript",
        "data",
        "ftp",
        "mailto",
        "ms-msdt",
        "x",
        "",
    ]
    hosts = [
        "a.example",
        "localhost",
        "127.0.0.1",
        "[::1]",
        "user@a.example",
        "a..b",
        "",
        "xn--a",
        "аpple.example",
        "1",
    ]
    ends = [
        "",
        "/",
        "/x?y=z#w",
        ":80/",
        ":99999/",
        "\\x",
        "/../etc/passwd",
        "/\u202ex",
        "/ x",
        "/%00",
        "?<script>",
    ]
    for _ in range(count):
        if chance.random() < 0.3:
            address = chance.choice(ADDRESSES)
        else:
            colon = chance.choice(["://", "://", ":/", ":", "//", ":\\\\"])
            address = chance.choice(schemes) + colon + chance.choice(hosts) + chance.choice(ends)
        if chance.random() < 0.5:
            address = chance.choice(tricks)(address)
        form: str = chance.choice(carriers)
        yield address, form.replace("{}", address).replace("{{", "{").replace("}}", "}")
