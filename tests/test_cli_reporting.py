"""The command `atu report`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from atu_gui import cli
from atu_gui.service.workbench import Workbench
from tests.service.fakes import FakeEngine


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A finished run."""
    engine = FakeEngine()
    monkeypatch.setattr(cli, "Workbench", lambda: Workbench(engine=engine))
    assert atu("run", "--model", "starter", "--concept", "Ada", "--yes", "--out", tmp_path / "run") == 0
    capsys.readouterr()
    return tmp_path / "run"


def atu(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as caught:
        cli.main([str(argument) for argument in arguments])
    return int(caught.value.code or 0)


def test_the_page_is_written_by_id_and_by_folder(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("last", run):
        assert atu("report", name, "--to", tmp_path / "report.html", "--force") == 0
        assert f"The report is in {tmp_path / 'report.html'} (" in capsys.readouterr().out
    assert "<title>Ada – run " in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "to", "words"),
    [
        ("nothing", "new.html", "There is no run “nothing”."),
        ("last", "taken.html", "exists already. Name another file, or say that it may be replaced (--force)."),
        ("last", "nowhere/new.html", "cannot be written"),
        ("last", ".", "is a folder."),
    ],
)
def test_bad_input_is_one_sentence(
    run: Path, tmp_path: Path, name: str, to: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken.html").write_text("mine", encoding="utf-8")
    assert atu("report", name, "--to", tmp_path / to) == 2
    printed = capsys.readouterr()
    assert words in printed.err and "Traceback" not in printed.err and printed.out == ""
    assert (tmp_path / "taken.html").read_text(encoding="utf-8") == "mine"


def test_it_needs_neither_torch_nor_a_window(run: Path, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "for name in ('torch', 'transformers', 'sentence_transformers', 'PySide6'): sys.modules[name] = None\n"
        "from atu_gui import cli\n"
        f"cli.main(['report', {str(run)!r}, '--to', {str(tmp_path / 'report.html')!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report.html").is_file()
