"""A server in a process of its own, to be stopped as a whole: it says "Hel" at once, and "lo" once it is told a line.

python -m tests.faults.stoppable        writes its address, and ends with its standard input
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

from tests.faults.server import END, SSE_HEAD, FaultServer, Seen, Step, chunk

FIRST = b'data: {"choices":[{"delta":{"content":"Hel"}}]}\n\n'
LAST = b'data: {"choices":[{"delta":{"content":"lo"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


def halves(told: threading.Event, seen: Seen) -> Iterator[Step]:
    """To everybody the same, in two halves."""
    yield SSE_HEAD + chunk(FIRST)
    told.wait(60)
    yield chunk(LAST) + END


if __name__ == "__main__":
    told = threading.Event()
    with FaultServer(lambda seen: halves(told, seen)) as server:
        sys.stdout.write(server.url + "\n")
        sys.stdout.flush()
        sys.stdin.readline()
        told.set()
        sys.stdin.read()
