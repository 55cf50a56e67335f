"""The man page and the completions are those of the program's own commands."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.packaging.recipes import script

from sidelight.cli.commands import parser

manual = script("manual")
KNOWN = manual.commands(parser())


def test_every_command_and_option_is_in_all_of_them() -> None:
    names = {command.name for command in KNOWN}
    assert {"ask", "models", "export", "import", "doctor"} <= names
    page = manual.man_page(KNOWN, "1.2.3", "May 1, 2020").replace("\\-", "-")
    bash, zsh, fish = manual.bash(KNOWN), manual.zsh(KNOWN), manual.fish(KNOWN)
    for command in KNOWN:
        assert f".It Ic {command.name}" in page
        assert f"{command.name}) words=" in bash
        for option in command.options:
            for name in option.names:
                assert f"Fl {name[1:]}" in page
                assert name in bash
            if option.names:
                assert option.names[-1] in zsh
                assert option.names[-1].lstrip("-") in fish
    assert "@" not in page


def test_the_man_page_is_clean(tmp_path: Path) -> None:
    if shutil.which("mandoc") is None:
        pytest.skip("mandoc is not here")
    page = tmp_path / "sidelight.1"
    page.write_text(manual.man_page(KNOWN, "1.2.3", "May 1, 2020"), encoding="utf-8")
    done = subprocess.run(
        ["mandoc", "-Tlint", "-W", "warning", str(page)], capture_output=True, text=True, check=False
    )
    assert done.stdout == ""


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not here")
def test_bash_completes(tmp_path: Path) -> None:
    file = tmp_path / "sidelight"
    file.write_text(manual.bash(KNOWN), encoding="utf-8")
    ask = 'COMP_WORDS=({}); COMP_CWORD={}; _sidelight; echo "${{COMPREPLY[*]}}"'
    script_text = "\n".join(
        [f"source {file}", ask.format("sidelight do", 1), ask.format("sidelight ask --effort m", 3)]
    )
    done = subprocess.run(["bash", "-c", script_text], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["doctor", "medium max"]
