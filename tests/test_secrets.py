"""A token that is planted where the program finds tokens is in nothing that the program writes or says."""

from __future__ import annotations

from pathlib import Path

import pytest

from atu_gui import cli
from atu_gui.core.errors import ModelError
from atu_gui.engine.hub import problem_of
from atu_gui.engine.packages import _reason
from atu_gui.service.failures import details_of, explained
from atu_gui.service.workbench import Workbench
from tests.fake_keyring import fake_keyring
from tests.service.fakes import FakeEngine

TOKEN = "hf_PlantedPlantedPlanted0123"
# What libraries say when they fail; some repeat what they were given.
LEAKY = (
    RuntimeError(f"401 for https://user:{TOKEN}@hub.example/model"),
    ValueError(f"Authorization: Bearer {TOKEN}"),
    OSError(5, "Input/output error", f"/tmp/{TOKEN}"),
    ModelError(f"The hub refused {TOKEN}."),
)


@pytest.mark.parametrize("error", LEAKY, ids=lambda error: type(error).__name__)
def test_a_run_that_fails_over_it_tells_nobody(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    engine = FakeEngine()
    engine.fail_at_step, engine.failure = 4, error
    monkeypatch.setattr(cli, "Workbench", lambda: Workbench(engine=engine))
    said = ""
    with fake_keyring() as ring:
        ring.kept["atu-gui", "model hub"] = TOKEN
        for command in (["run", "--concept", "Ada", "--out", str(tmp_path / "out")], ["runs"], ["diagnostics"]):
            with pytest.raises(SystemExit):
                cli.main(command)
            printed = capsys.readouterr()
            said += printed.out + printed.err
    written = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    names = {path.name for path in written}
    assert {"config.toml", "events.jsonl", "atu.sqlite3", "atu-gui.log"} <= names
    assert b"RunFailed" in written[tmp_path / "out" / "events.jsonl"]
    # A failing disk is told without one, as what was raised on purpose.
    assert "Traceback" in said or isinstance(error, (ModelError, OSError))
    assert [path for path, content in written.items() if TOKEN.encode() in content] == []
    assert TOKEN not in said


@pytest.mark.parametrize("error", LEAKY, ids=lambda error: type(error).__name__)
def test_no_sentence_repeats_it(error: Exception) -> None:
    assert TOKEN not in str(problem_of(error))
    assert TOKEN not in str(explained(error))
    assert TOKEN not in details_of(error)


def test_what_pip_says_is_told_without_it() -> None:
    told = _reason(f"ERROR: Could not find a version at https://user:{TOKEN}@index.example/simple")
    assert "Could not find a version" in told and TOKEN not in told
