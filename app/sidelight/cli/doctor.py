"""`sidelight doctor`: what is found, what is missing and what to do, where files are. Never a key."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping

from sidelight import __version__, messages
from sidelight.cli import display, json_lines
from sidelight.cli.house import OpenHouse
from sidelight.engine.terms import Fact

__all__ = ["doctor", "lines"]


def doctor(open_house: OpenHouse, *, as_json: bool) -> int:
    """Print all facts. Fails where one of them is not well."""
    house = open_house()
    try:
        facts = (_version(), _window(), *house.doctor())
    finally:
        house.close()
    for line in lines(facts, as_json=as_json):
        print(line)
    return 0 if all(well for _, _, well in facts) else 1


def lines(facts: Iterable[Fact], *, as_json: bool) -> tuple[str, ...]:
    """One line a fact: marked `ok` or `!!`, or as JSON."""
    if as_json:
        return tuple(
            json_lines.write({"code": c, "ok": well, "text": messages.text(c, **p), "facts": _values(p)})
            for c, p, well in facts
        )
    return tuple(f"{'ok' if well else '!!'}  {messages.text(c, **p)}" for c, p, well in facts)


def _values(parameters: Mapping[str, object]) -> dict[str, object]:
    return {k: v if isinstance(v, int | float | None) else str(v) for k, v in parameters.items()}


def _version() -> Fact:
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    facts = {"version": __version__, "python": platform.python_version(), "system": system}
    return ("cli.doctor.version", facts, True)


def _window() -> Fact:
    reason = display.obstacle() or display.trial()
    if reason is None:
        return ("cli.doctor.display", {}, True)
    return ("cli.doctor.no_display", {"reason": reason}, False)
