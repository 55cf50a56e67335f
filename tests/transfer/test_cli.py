"""`sidelight export` and `sidelight import`, on a profile of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
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
    assert capsys.readouterr().out == "1 conversation was taken in.\n"
    assert sidelight("export", "--all", "-o", str(again)) == 0
    assert again.read_bytes() == first.read_bytes()
    assert sidelight("import", str(first)) == 0
    assert capsys.readouterr().out == (
        "0 conversations were taken in.\n1 conversation is here already and was left as it is.\n"
    )


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["export", "-c", "nobody"], 2, "There is no conversation 'nobody'."),
        (["export", "--all", "-o", "/nowhere/a.md"], 1, "/nowhere/a.md could not be written: No such file"),
        (["export"], 2, "required"),
        (["import", "/nowhere/a.json"], 1, "/nowhere/a.json is not there, or is no file."),
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
        ({"version": 9}, "was written by a newer Sidelight (version 9, known up to 1). Nothing was taken."),
        ({"format": "other"}, "is no export of Sidelight's"),
        ({"conversations": [{"id": 1}]}, "is damaged or was changed: Expected `str`, got `int` - at `$.id`."),
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
    assert "1 file of a prompt did not come along" in capsys.readouterr().err
