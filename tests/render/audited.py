"""Rendering in a process that ends at the first file opened, socket touched or process started; run by test_hostile.

python -m tests.render.audited render     the whole corpus; prints what it took as JSON
python -m tests.render.audited worker     a worker like any other, but watched
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from tests.render.corpus import inputs

FORBIDDEN = 99
"""Exit code after what is forbidden; stderr names it."""
_EVENTS = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.spawn",
    "os.posix_spawn",
    "os.fork",
    "os.startfile",
    "os.remove",
    "os.rename",
    "os.mkdir",
    "shutil.",
    "urllib.",
    "ctypes.dlopen",
    "webbrowser.",
)
_CODE = (".py", ".pyc", ".so", ".pyd")
"""What a late import reads: lexers come one by one."""


def watch() -> None:
    """From now on. Cannot be undone."""
    roots = tuple(str(Path(p).resolve()) for p in {sys.prefix, sys.base_prefix, *sys.path} if p)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            name, mode = arguments[0], arguments[1]
            reads = mode is None or not set(str(mode)) & set("wax+")
            if reads and isinstance(name, str) and name.endswith(_CODE) and name.startswith(roots):
                return
        elif not event.startswith(_EVENTS):
            return
        os.write(2, f"{event} {arguments!r}\n".encode())
        os._exit(FORBIDDEN)

    sys.dont_write_bytecode = True
    sys.addaudithook(hook)


def render() -> None:
    """Every input as a whole, as HTML, as text, and as a stream in pieces; the dearest CPU time of each, in seconds."""
    from sidelight.render.blocks import plain_all
    from sidelight.render.html import html
    from sidelight.render.markdown import parse
    from sidelight.render.stream import BlockStream

    html(parse("a $b$ [^1] www.a.b\n\n[^1]: &amp;"))  # everything imported
    before = peak()
    watch()
    worst: dict[str, tuple[float, str]] = {}

    def note(what: str, began: float, name: str) -> None:
        worst[what] = max(worst.get(what, (0.0, "")), (time.process_time() - began, name))

    count = 0
    for case in inputs():
        count += 1
        began = time.process_time()
        blocks = parse(case.text)
        note("parse", began, case.name)
        began = time.process_time()
        html(blocks)
        plain_all(blocks)
        note("html", began, case.name)
        stream = BlockStream()
        step = max(1, len(case.text) // (2 if len(case.text) > 10_000 else 10))
        for at in range(0, len(case.text), step):
            began = time.process_time()
            stream.feed(case.text[at : at + step])
            _ = stream.tail
            note("stream", began, case.name)
        assert stream.finish() == blocks, case.name
    print(json.dumps({"count": count, "growth": peak() - before, "worst": worst}))


def peak() -> float:
    """The most memory this process has had, in MB."""
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def worker() -> None:
    """The child of a Worker, watched from its first job on; by then it has imported what its jobs import."""
    from sidelight.render import highlight, maths
    from sidelight.workers import child

    highlight.colourer()
    maths.typesetter()
    served, watched = child._Server.job, list[bool]()

    def job(self: child._Server, job: Any) -> None:
        if not watched:
            watched.append(True)
            watch()
        served(self, job)

    child._Server.job = job  # type: ignore[method-assign]
    child.run()


if __name__ == "__main__":
    {"render": render, "worker": worker}[sys.argv[1]]()
