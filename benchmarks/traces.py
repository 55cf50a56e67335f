"""Text as reasoning models write it, made up from a seed: a long trace of prose and sums, then an answer with maths, code,
lists and tables. A token is `TOKEN` characters, which is what six models' real answers came to.

Nothing here was written by a model; what matters is how much of what kind there is, for that is what rendering costs.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

__all__ = ["TOKEN", "TRACE_SHARE", "giant_line", "talk"]

TOKEN = 3
TRACE_SHARE = 0.6

_SUBJECTS = ("the remainder", "this bound", "the second case", "our recurrence", "the loop", "that estimate")
_VERBS = ("depends on", "follows from", "contradicts", "reduces to", "is smaller than", "agrees with")
_OBJECTS = ("the first equation", "what we assumed", "the parity of n", "the previous step", "an easy count")
_TURNS = ("Wait, ", "Hmm. ", "So ", "But then ", "Let me check: ", "Alternatively, ", "OK, ", "Therefore ")
_FORMULAS = (
    r"x^2 + {a}x - {b} = 0",
    r"\frac{{{a}}}{{{b}}} < \sqrt{{{c}}}",
    r"\sum_{{k=1}}^{{{a}}} k^2 = \frac{{n(n+1)(2n+1)}}{{6}}",
    r"a_{{n+1}} = {a} a_n + {b}",
)


def talk(seed: str, tokens: int) -> tuple[str, str]:
    """Trace and answer, together so many tokens."""
    chance = random.Random(seed)
    size = tokens * TOKEN
    trace = int(size * TRACE_SHARE)
    return _filled(chance, trace, (_thought,)), _filled(chance, size - trace, _ANSWER)


def giant_line(seed: str, tokens: int) -> tuple[str, str]:
    """A short trace and an answer that is one line without an end."""
    chance = random.Random(seed)
    line = " ".join(_sentence(chance) for _ in range(tokens * TOKEN // 20))
    return "One line was asked for.", line[: tokens * TOKEN]


def _filled(chance: random.Random, size: int, kinds: tuple[Callable[[random.Random], str], ...]) -> str:
    def parts() -> Iterator[str]:
        done = 0
        while done < size:
            part = chance.choice(kinds)(chance)
            done += len(part) + 2
            yield part

    return "\n\n".join(parts())[:size]


def _sentence(chance: random.Random) -> str:
    words = f"{chance.choice(_SUBJECTS)} {chance.choice(_VERBS)} {chance.choice(_OBJECTS)}"
    if chance.random() < 0.25:
        words += f", that is ${_formula(chance)}$"
    return chance.choice(_TURNS) + words + "."


def _thought(chance: random.Random) -> str:
    return " ".join(_sentence(chance) for _ in range(chance.randrange(2, 6)))


def _formula(chance: random.Random) -> str:
    a, b, c = (chance.randrange(2, 99) for _ in range(3))
    return chance.choice(_FORMULAS).format(a=a, b=b, c=c)


def _paragraph(chance: random.Random) -> str:
    text = " ".join(_sentence(chance) for _ in range(chance.randrange(2, 5)))
    return text.replace("follows", "**follows**").replace("the loop", "`for k in range(n)`")


def _heading(chance: random.Random) -> str:
    return f"### Step {chance.randrange(1, 9)}: {chance.choice(_SUBJECTS)}"


def _display(chance: random.Random) -> str:
    return f"$$\n{_formula(chance)}\n$$"


def _list(chance: random.Random) -> str:
    items = [f"{n}. {_sentence(chance)}" for n in range(1, chance.randrange(3, 7))]
    items[1] += f"\n   - {_sentence(chance)}\n   - {_sentence(chance)}"
    return "\n".join(items)


def _code(chance: random.Random) -> str:
    lines = [f"def step_{chance.randrange(99)}(n: int) -> int:", "    total = 0"]
    lines += [
        f"    total += n ** {k} % {chance.randrange(2, 99)}  # {chance.choice(_VERBS)}"
        for k in range(chance.randrange(3, 12))
    ]
    return "\n".join(["```python", *lines, "    return total", "```"])


def _table(chance: random.Random) -> str:
    rows = [
        f"| {n} | {chance.randrange(9999)} | {chance.choice(_OBJECTS)} |"
        for n in range(chance.randrange(3, 9))
    ]
    return "\n".join(["| n | value | why |", "| ---: | ---: | --- |", *rows])


_ANSWER = (_paragraph, _paragraph, _paragraph, _heading, _display, _list, _code, _table)
