"""Where things live: also for an account without a home, and for names that begin with ~."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from atu_gui import app, cli
from atu_gui.core import paths
from atu_gui.core.config import RunConfig
from atu_gui.core.diagnostics import textless_settings
from atu_gui.core.errors import InputError, OutputError
from atu_gui.core.logbook import open_log
from atu_gui.core.redaction import redacted


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container whose user has no entry in the list of users."""

    def unknown(*_given: object, **_named: object) -> str:
        raise RuntimeError("could not determine the home directory")

    for kind in ("data", "cache", "config", "log"):
        monkeypatch.setattr(f"platformdirs.user_{kind}_dir", unknown)
        monkeypatch.delenv(f"ATU_{kind.upper()}", raising=False)


def test_the_home_of_somebody_unknown_is_a_name_like_any_other() -> None:
    assert paths.expanded("~nobody-at-all/model") == Path("~nobody-at-all/model")
    assert paths.expanded("~/model") == Path.home() / "model"
    assert paths.expanded(Path("model")) == Path("model")


@pytest.mark.parametrize("name", ["a\0b", "/tmp/" + "x" * 5000, "~/" + "y/" * 5000, "\ud800"])
def test_what_can_be_no_path_is_said(name: str) -> None:
    with pytest.raises(InputError, match=r"^“.{1,310}” is no path.*\. Check the path\.$"):
        paths.expanded(name)
    assert textless_settings(RunConfig.model_validate({"encoder": name})).count("no name of a model") == 1


@pytest.mark.parametrize("option", ["--model", "--encoder", "--texts", "--retain", "--probes", "--out"])
def test_options_with_names_that_are_too_long_are_refused(
    option: str, tiny_model: Path, tiny_encoder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = ["--model", str(tiny_model), "--encoder", str(tiny_encoder), "--concept", "Ada"]
    with pytest.raises(SystemExit) as caught:
        cli.main(["run", *named, option, "x" * 5000])
    assert caught.value.code == 2
    assert "is no path" in capsys.readouterr().err


def test_without_a_home_it_is_said_what_to_set(homeless: None, capsys: pytest.CaptureFixture[str]) -> None:
    for place in (paths.data_folder, paths.cache_folder, paths.config_folder, paths.store_file):
        with pytest.raises(OutputError, match=r"no home folder\. Set HOME, or ATU_DATA"):
            place()
    with pytest.raises(SystemExit) as caught:
        cli.main(["runs"])
    assert (caught.value.code, app.main(["atu-gui"])) == (2, 2)
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 2 and all(line.startswith("Error: This account has no home folder.") for line in told)


def test_without_a_home_there_is_no_log(homeless: None) -> None:
    handler = open_log(paths.log_folder())
    assert isinstance(handler, logging.NullHandler)


def test_a_process_without_a_home_still_tells_things(monkeypatch: pytest.MonkeyPatch) -> None:
    assert redacted(f"in {Path.home()}/x") == "in ~/x"

    def unknown(_kind: type[Path]) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", classmethod(unknown))
    assert redacted("in /here/x, hf_AbCdEfGhIjKlMnOp") == "in /here/x, [hidden]"


@pytest.mark.parametrize("option", ["--model", "--encoder", "--texts", "--retain", "--probes", "--out"])
def test_no_option_stumbles_over_the_home_of_somebody_unknown(
    option: str, tiny_model: Path, tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    named = ["--model", str(tiny_model), "--encoder", str(tiny_encoder), "--concept", "Ada", "--print-config"]
    with pytest.raises(SystemExit) as caught:
        cli.main(["run", *named, option, "~nobody-at-all/x"])
    assert caught.value.code == 0
