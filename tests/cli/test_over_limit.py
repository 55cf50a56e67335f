"""`sidelight ask` with a limit for the day: the real program, refused before anything leaves, and let through when told so."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.test_ask import serve, sidelight
from tests.faults.server import FaultServer

from sidelight.settings import BackendSetting, LaneSetting, Settings, save

PRICE = {"provider": "openai-compatible", "models": ["good", "served"], "prompt": 0, "output": 10_000}


def test_a_question_beyond_the_limit_is_refused_until_it_is_allowed(profile: Path) -> None:
    with FaultServer(serve) as server:
        # An odd spelling of this machine, which counts as elsewhere: what answers on loopback is free.
        elsewhere = server.url.replace("127.0.0.1", "127.1")
        backend = BackendSetting("paid", "openai-compatible", "Paid", f"{elsewhere}/v1", plain_http=True)
        lanes = (LaneSetting("paid", "good", max_tokens=1000),)
        save(
            profile / "config" / "settings.json",
            Settings(backends=(backend,), lanes=lanes, spend_limit=10.0, find_servers=False),
        )
        (profile / "config" / "prices.json").write_text(json.dumps({"prices": [PRICE]}))

        first = sidelight("ask", "2+2?")
        assert first.returncode == 0, first.stderr
        asked = len(server.requests)
        again = sidelight("ask", "3+3?")
        assert again.returncode == 2
        assert again.stdout == ""
        assert again.stderr.splitlines()[-1] == (
            "Not sent: $0.04 of $10.00 are spent today, and this would add ≈ $10.00."
            " With --over-limit it is sent all the same."
        )
        assert len(server.requests) == asked
        allowed = sidelight("ask", "3+3?", "--over-limit")
        assert allowed.returncode == 0, allowed.stderr
        assert len(server.requests) == asked + 1
