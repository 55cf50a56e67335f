"""The properties of the wire readers that the tests hold, over many more examples.

python -m tests.proof.fuzz EXAMPLES
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.backends.wire import test_sse, test_think_tags

__all__ = ["Report", "run"]

_PROPERTIES: Sequence[tuple[str, Any, Sequence[st.SearchStrategy[Any]]]] = (
    ("sse: any cut gives the same", test_sse.test_any_cut_gives_the_same, (test_sse.BODIES, st.data())),
    (
        "sse: any cut gives the same under a cap",
        test_sse.test_any_cut_gives_the_same_under_a_cap,
        (test_sse.BODIES, st.integers(1, 12), st.data()),
    ),
    (
        "think_tags: any cut gives the same",
        test_think_tags.test_any_cut_gives_the_same,
        (
            test_think_tags.TEXTS,
            test_think_tags.OPTIONS,
            st.sampled_from(["", "", "a", "Hm."]),
            st.data(),
        ),
    ),
    (
        "think_tags: trace and answer are the input less the tags",
        test_think_tags.test_what_comes_out_is_the_input_less_tags,
        (test_think_tags.TEXTS, test_think_tags.OPTIONS),
    ),
)


@dataclass(frozen=True, slots=True)
class Report:
    """One property: how many examples it was given, in how many seconds, and what broke it ("" where nothing did)."""

    name: str
    examples: int
    seconds: float
    broken: str


def run(examples: int, say: Callable[[str], object] = lambda _: None) -> tuple[Report, ...]:
    """Give each property so many examples; new ones each time."""
    many = settings(
        max_examples=examples, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    reports = []
    for name, test, strategies in _PROPERTIES:
        began, broken, count = time.monotonic(), "", 0
        inner = test.hypothesis.inner_test

        def counted(*drawn: Any, inner: Callable[..., None] = inner) -> None:
            nonlocal count
            count += 1
            inner(*drawn)

        try:
            many(given(*strategies)(_positional(counted, len(strategies))))()
        except Exception as error:  # the edge: whatever a hostile input raises is what we are looking for
            broken = f"{type(error).__name__}: {error}"[:2000]
        reports.append(Report(name, count, round(time.monotonic() - began, 1), broken))
        say(f"{name}: {count} examples, {broken or 'nothing found'}")
    return tuple(reports)


def _positional(test: Callable[..., None], count: int) -> Callable[..., None]:
    """With so many named arguments, as `given` wants them."""
    match count:
        case 2:
            return lambda a, b: test(a, b)
        case 3:
            return lambda a, b, c: test(a, b, c)
        case _:
            return lambda a, b, c, d: test(a, b, c, d)


if __name__ == "__main__":
    run(int(sys.argv[1]), print)
