"""Wheels through pip, and unpacking them safely."""

from __future__ import annotations

import threading
import zipfile
from pathlib import Path

import pytest

from atu_gui.core.errors import Cancelled
from atu_gui.engine import packages
from atu_gui.engine.packages import PackageProblem, fetch_wheel, find_wheel, unpack
from tests.engine.draining import drain

GO = threading.Event()


def wheel(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_wanted_members_only(tmp_path: Path) -> None:
    path = wheel(tmp_path / "a-1-py3-none-any.whl", {"a/x.json": b"1", "a/run.py": b"2", "a/deep/y.json": b"3"})
    unpack(path, lambda name: name[2:] if name.endswith(".json") else None, tmp_path / "out", GO)
    assert {file.relative_to(tmp_path / "out").as_posix() for file in (tmp_path / "out").rglob("*.*")} == {
        "x.json",
        "deep/y.json",
    }


@pytest.mark.parametrize("name", ["../evil.json", "/evil.json", "a/../../evil.json", "C:evil.json", "..\\evil.json"])
def test_no_member_leaves_the_folder(name: str, tmp_path: Path) -> None:
    path = wheel(tmp_path / "a-1-py3-none-any.whl", {"member": b"1"})
    with pytest.raises(PackageProblem, match="points outside its folder"):
        unpack(path, lambda _member: name, tmp_path / "out", GO)
    assert not list(tmp_path.rglob("*evil*"))


def test_a_damaged_wheel(tmp_path: Path) -> None:
    path = wheel(tmp_path / "a-1-py3-none-any.whl", {"x": b"content " * 100})
    path.write_bytes(path.read_bytes().replace(b"content", b"CONTENT", 1))
    with pytest.raises(PackageProblem, match="is damaged"):
        unpack(path, lambda name: name, tmp_path / "out", GO)


def test_unpacking_can_be_ended(tmp_path: Path) -> None:
    path = wheel(tmp_path / "a-1-py3-none-any.whl", {"x": b"1"})
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        unpack(path, lambda name: name, tmp_path / "out", stop)


def test_a_broken_wheel_is_not_kept(tmp_path: Path) -> None:
    broken = tmp_path / "a_b-1.0-py3-none-any.whl"
    broken.write_bytes(b"half a wheel")
    assert find_wheel("a-b==1.0", tmp_path) is None
    assert not broken.exists()
    whole = wheel(broken, {"x": b"1"})
    assert find_wheel("a-b==1.0", tmp_path) == whole
    assert find_wheel("a-b==1.1", tmp_path) is None


def test_without_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(PackageProblem, match="pip is not installed in this environment"):
        drain(fetch_wheel("a==1", tmp_path, 10, lambda: False))


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        ("/x/python: No module named pip\n", "pip is not installed in this environment"),
        ("WARNING: NewConnectionError(…)\nERROR: No matching distribution", "the package index cannot be reached"),
        (
            "WARNING: x\nERROR: a\nERROR: No matching distribution found for a==1\n",
            "pip says: No matching distribution",
        ),
        ("", "pip failed without saying why"),
    ],
)
def test_reasons(log: str, reason: str) -> None:
    assert packages._reason(log).startswith(reason)
