"""`sidelight export` and `sidelight import`, on a profile of their own."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from tests.transfer.importers.sources import chatgpt_plain
from tests.transfer.made import Profile, attached, fill, sky

from sidelight import cli
from sidelight.main import open_house
from sidelight.paths import standard_paths
from sidelight.store.database import Store

FILES = {attached("x", b"notes").digest: b"notes"}


@pytest.fixture
def filled(profile: Path) -> Path:
    paths = standard_paths({"SIDELIGHT_PROFILE": str(profile)})
    paths.make()
    store = Store.open(paths.database)
    fill(store, Profile((sky(),), FILES, {}))
    store.close()
    return profile


def sidelight(*arguments: str) -> int:
    return cli.run(arguments, open_house)


@pytest.mark.usefixtures("filled")
def test_to_standard_output_or_into_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sidelight("export", "--all") == 0
    markdown = capsys.readouterr().out
    assert markdown.startswith("Exported from Sidelight.")
    assert sidelight("export", "-c", "c1", "-o", str(tmp_path / "a.html")) == 0
    assert capsys.readouterr().out == ""
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "<svg" in page
    assert sidelight("export", "-c", "c1", "-f", "md", "--traces", "out", "-o", str(tmp_path / "b.html")) == 0
    assert "was left out of this export" in (tmp_path / "b.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("filled")
def test_out_into_another_profile_and_out_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, again = tmp_path / "a.json", tmp_path / "b.json"
    assert sidelight("export", "--all", "-o", str(first)) == 0
    monkeypatch.setenv("SIDELIGHT_PROFILE", str(tmp_path / "other"))
    assert sidelight("import", str(first)) == 0
    assert capsys.readouterr().out == f"{first} (Sidelight export):\n  1 conversation was taken in.\n"
    assert sidelight("export", "--all", "-o", str(again)) == 0
    assert again.read_bytes() == first.read_bytes()
    assert sidelight("import", str(first)) == 0
    assert capsys.readouterr().out == (
        f"{first} (Sidelight export):\n"
        "  0 conversations were taken in.\n  1 conversation is here already and was left as it is.\n"
    )


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["export", "-c", "nobody"], 2, "There is no conversation 'nobody'."),
        (["export", "--all", "-o", "/nowhere/a.md"], 1, "/nowhere/a.md could not be written: No such file"),
        (["export"], 2, "required"),
        (["import", "/nowhere/a.json"], 1, "It is not there, or is no file."),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sidelight(*arguments) == code
    assert said in capsys.readouterr().err


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": 9}, "It was written by a newer Sidelight (version 9, known up to 1)"),
        ({"format": "other"}, "Its conversations are of no kind that is known here."),
        (
            {"conversations": [{"id": 1}]},
            "It is damaged or was changed: Expected `str`, got `int` - at `$.id`",
        ),
    ],
)
def test_a_file_that_is_refused(
    tmp_path: Path, change: dict[str, object], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    value = {"format": "sidelight.conversations", "version": 1, "conversations": [], "contents": []}
    (tmp_path / "a.json").write_text(json.dumps(value | change))
    assert sidelight("import", str(tmp_path / "a.json")) == 1
    assert said in capsys.readouterr().err


def test_a_file_whose_picture_is_lost_is_taken_without_it(
    filled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sidelight("export", "--all", "-o", str(tmp_path / "a.json")) == 0
    value = json.loads((tmp_path / "a.json").read_bytes())
    (tmp_path / "b.json").write_text(json.dumps(value | {"contents": []}))
    monkeypatch.setenv("SIDELIGHT_PROFILE", str(filled.with_name("other")))
    assert sidelight("import", str(tmp_path / "b.json")) == 0
    assert "1 file of a prompt did not come along" in capsys.readouterr().out


@pytest.mark.usefixtures("filled")
def test_several_files_of_several_programs_and_a_report_for_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "chats.json").write_text(json.dumps([chatgpt_plain(), {"title": "Strange"}]))
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04")
    names = [str(tmp_path / "chats.json"), str(tmp_path / "x.zip")]
    assert sidelight("import", *names) == 1
    told = capsys.readouterr()
    assert told.out == (
        f"{names[0]} (ChatGPT export):\n"
        "  1 conversation was taken in.\n"
        "  Of 1 conversation the export does not say what the model was told beforehand.\n"
        f"{names[1]}:\n"
    )
    assert told.err == (
        "  1 conversation was left out.\n"
        "    “Strange”: It is no conversation of a kind that is known here.\n"
        "  The archive is damaged, or not all of it is there. Fetch it again.\n"
    )
    assert sidelight("import", "--json", *names) == 1
    value = json.loads(capsys.readouterr().out)
    assert [f["file"] for f in value["files"]] == names
    assert [f["here"] for f in value["files"]] == [1, 0]
    assert value["files"][0]["left_out"]["no_conversation"]["count"] == 1
    assert value["files"][1]["trouble"]["code"] == "transfer.refused.zip_broken"
    assert sidelight("import", names[0]) == 1
    (tmp_path / "chats.json").write_text(json.dumps([chatgpt_plain()]))
    assert sidelight("import", names[0]) == 0


@pytest.mark.usefixtures("filled")
def test_on_a_terminal_it_is_shown_how_far_it_is_and_wiped_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    (tmp_path / "a.json").write_text(json.dumps([chatgpt_plain()]))
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    assert sidelight("import", str(tmp_path / "a.json")) == 0
    lines = screen.getvalue().split("\r")
    assert f"{tmp_path / 'a.json'} (ChatGPT export): 0 %" in lines
    assert f"{tmp_path / 'a.json'} (ChatGPT export): 100 %" in lines
    assert lines[-2].strip() == lines[-1] == ""
    assert "1 conversation was taken in." in capsys.readouterr().out
