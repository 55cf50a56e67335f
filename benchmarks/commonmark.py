"""How much of our HTML is that of others: CommonMark's own examples, and answers of models as cmark-gfm renders them.

    python -m benchmarks.commonmark [SPEC]

SPEC is spec.txt of the CommonMark specification; without it `npm pack commonmark-spec` fetches one. The answers are those
beside the checkout, if there are any. Both as `sidelight render` prints them and as `render --gfm` does, since in CommonMark
`\\(` is a bracket and no formula. Prints every difference, then the figures as one line of JSON.
"""

from __future__ import annotations

import difflib
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.render.reference import examples, normal_html, our_html
from tests.shared import SHARED


def main() -> None:
    """Compare and print."""
    told: dict[str, str] = {}
    spec = Path(sys.argv[1]).read_text(encoding="utf-8") if len(sys.argv) > 1 else fetched()
    cases = list(examples(spec))
    for name, gfm in (("commonmark, no raw HTML", False), ("commonmark, no raw HTML, --gfm", True)):
        told[name] = compared(
            (f"{name}: {section}: {source!r}", our_html(source, gfm=gfm), normal_html(expected))
            for section, source, expected in cases
        )
    if SHARED is not None:
        lines = (SHARED / "answers" / "answers.jsonl").read_text(encoding="utf-8").splitlines()
        answers = [json.loads(line) for line in lines]
        for name, gfm in (("answers", False), ("answers, --gfm", True)):
            told[name] = compared(
                (f"{name}: {a['id']}", our_html(a["markdown"], gfm=gfm), normal_html(a["cmark_gfm_html"]))
                for a in answers
            )
    print(json.dumps(told))


def fetched() -> str:
    """The specification's text from npm."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", "commonmark-spec@0.31.2"]
        subprocess.run(command, cwd=folder, check=True, timeout=60, capture_output=True)
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as packed:
            member = packed.extractfile("package/spec.txt")
            assert member is not None
            return member.read().decode()


def compared(cases: Iterable[tuple[str, str, str]]) -> str:
    """Print what differs; how many are equal, of how many."""
    equal = count = 0
    for name, ours, theirs in cases:
        count += 1
        equal += ours == theirs
        if ours != theirs:
            print(f"== {name}")
            difference = difflib.unified_diff(theirs.split("\n"), ours.split("\n"), lineterm="", n=0)
            print("\n".join(line[:200] for line in list(difference)[2:8]))
    return f"{equal} of {count} ({100 * equal / count:.1f} %)"


if __name__ == "__main__":
    main()
