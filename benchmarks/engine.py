"""Engine and store without a window: a session in a process of its own that drains like a face and draws nothing.

python -m benchmarks.engine WISH        prints one line of JSON
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import closing
from pathlib import Path

from benchmarks.processes import memory
from tests.proof.face import Face, text_of


def main() -> None:
    """Ask all lanes, drain until all is there."""
    with closing(Face(Path(os.environ["SIDELIGHT_PROFILE"]))) as face:
        began, cpu = time.monotonic(), time.process_time()
        face.session.send(sys.argv[1])
        deadline = began + 120
        while face.session.streaming and time.monotonic() < deadline:
            face.session.drain()
            time.sleep(0.016)
        told = {
            "seconds": time.monotonic() - began,
            "cpu": time.process_time() - cpu,
            "characters": sum(len(text_of(reply)) for reply in face.replies),
            "states": sorted({str(reply.state) for reply in face.replies}),
            **memory(),
        }
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
