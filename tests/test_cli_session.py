"""What a command prints goes anywhere, or the command says why it cannot."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from atu_gui import cli
from atu_gui.core.config import dump_config, parse_config


def _atu(*arguments: str, stdout: int | None = None, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "atu_gui.cli", *arguments]
    out = subprocess.PIPE if stdout is None else stdout
    return subprocess.run(command, stdout=out, stderr=subprocess.PIPE, env={**os.environ, **environment}, check=False)


@pytest.fixture
def config_file(tmp_path: Path) -> str:
    config = parse_config({"concepts": [{"name": "Zoë – τ 漢"}]})
    (tmp_path / "run.toml").write_text(dump_config(config), encoding="utf-8")
    return str(tmp_path / "run.toml")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_a_stream_that_is_not_utf_8_gets_every_sign_all_the_same(encoding: str, config_file: str) -> None:
    done = _atu("run", config_file, "--print-config", PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "Zoë – τ 漢" in done.stdout.decode("utf-8")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no such device")
def test_a_full_disk_behind_the_output_is_a_sentence(config_file: str) -> None:
    with open("/dev/full", "wb") as full:
        done = _atu("run", config_file, "--print-config", stdout=full.fileno())
    assert done.returncode == 1
    assert done.stderr.decode() == "Error: What is printed cannot be written: No space left on device.\n"


@pytest.mark.parametrize("command", [["report", "--to", "r.html"], ["resume"], ["record", "r.gz"]])
def test_a_run_named_by_bytes_that_are_no_text(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as caught:
        cli.main([command[0], os.fsdecode(b"sp\xc3\xa4\xff"), *command[1:]])
    assert caught.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("Error: ") and "Traceback" not in told
