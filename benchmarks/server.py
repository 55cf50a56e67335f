"""The model server of the measurements, in a process of its own: the loopback server, with text as `traces` makes it.

    python -m benchmarks.server        prints its port; a line on standard input is answered by what was written when, as JSON;
                                       it ends with its standard input

A prompt says what is wanted: "tokens=1200 rate=200 kind=talk seed=7"; rate is tokens a second, 0 at once.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from benchmarks import traces
from tests.proof.face import environment
from tests.proof.loopback import Asked, Loopback, Talk

__all__ = ["Server", "wish"]


def wish(tokens: int, rate: float, seed: int = 7, kind: str = "talk") -> str:
    """The prompt that asks for so much, so fast."""
    return f"tokens={tokens} rate={rate:g} kind={kind} seed={seed}"


def talk(asked: Asked) -> Talk:
    """What the prompt wishes for; each model says something else."""
    wanted = dict(part.split("=") for part in asked.prompt.split())
    make = traces.giant_line if wanted["kind"] == "line" else traces.talk
    trace, answer = make(f"{wanted['seed']}/{asked.model}", int(wanted["tokens"]))
    return Talk(trace, answer, float(wanted["rate"]) * traces.TOKEN, traces.TOKEN)


class Server:
    """A server process, while the `with` block lasts."""

    def __enter__(self) -> Server:
        command = [sys.executable, "-m", "benchmarks.server"]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(Path()),
            cwd=Path(__file__).resolve().parents[1],
        )
        self.url = f"http://127.0.0.1:{int(self._line())}/v1"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def written(self) -> dict[str, list[tuple[float, int]]]:
        """By model: when how many characters had been written, since the last time this was asked."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        found: dict[str, list[tuple[float, int]]] = json.loads(self._line())
        return found

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the server of the measurements ended")
        return line


def main() -> None:
    """Serve until standard input ends."""
    with Loopback(talk) as server:
        print(server.port, flush=True)
        for _ in sys.stdin:
            print(json.dumps({model: times for (model, _), times in server.written.items()}), flush=True)
            server.written.clear()


if __name__ == "__main__":
    main()
