"""RWKU targets from a fake hub: what is fetched, the cache, and what is said when it does not work."""

from __future__ import annotations

from pathlib import Path

import pytest

from atu_gui.core.errors import Cancelled, DownloadError, InputError
from atu_gui.engine.probes.hub_target import REPO, fetch_target
from atu_gui.engine.probes.target import read_target
from tests.engine.draining import drain
from tests.engine.fake_hub import COMMIT, FakeHub
from tests.engine.hub_fixtures import hub, no_hub, own_cache  # noqa: F401 - fixtures
from tests.engine.rwku_maker import make_target

FILES = ("forget_level1.json", "forget_level2.json")


def fetched(name: str, files: tuple[str, ...] = FILES) -> Path:
    return drain(fetch_target(name, files, lambda: False))[1]


@pytest.fixture
def served(hub: FakeHub, tmp_path: Path) -> Path:  # noqa: F811
    """The data set with two targets, and a large file that nobody asks for."""
    root = tmp_path / "served"
    for name in ("7_Ada_Lovelace", "19_Grace_Hopper"):
        make_target(root / "Target" / name)
    (root / "All").mkdir()
    (root / "All" / "negative.json").write_text("[]", encoding="utf-8")
    hub.repos[f"datasets/{REPO}"] = root
    return root


@pytest.mark.parametrize("name", ["7_Ada_Lovelace", "Ada_Lovelace", "ada lovelace"])
def test_only_the_wanted_files_are_brought(hub: FakeHub, served: Path, name: str) -> None:  # noqa: F811
    folder = fetched(name)
    assert folder.name == "7_Ada_Lovelace"
    assert {path.name for path in folder.iterdir()} == set(FILES)
    assert read_target(folder, ("fb", "qa")) == read_target(served / "Target" / "7_Ada_Lovelace", ("fb", "qa"))
    asked = {path.rpartition("/")[2] for method, path, _range in hub.log if "/resolve/" in path}
    assert asked == set(FILES)
    assert COMMIT in folder.parts


def test_what_is_in_the_cache_needs_no_hub(
    hub: FakeHub,  # noqa: F811
    served: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = fetched("Ada Lovelace")
    requests = len(hub.log)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert fetched("Ada Lovelace") == folder
    assert len(hub.log) == requests
    with pytest.raises(DownloadError, match="switched off"):
        fetched("Ada Lovelace", (*FILES, "triviaqa.json"))
    monkeypatch.delenv("HF_HUB_OFFLINE")
    assert (fetched("Ada Lovelace", (*FILES, "triviaqa.json")) / "triviaqa.json").is_file()


def test_a_file_that_rwku_lacks_is_left_out(hub: FakeHub, served: Path) -> None:  # noqa: F811
    (served / "Target" / "7_Ada_Lovelace" / "forget_level2.json").unlink()
    assert {path.name for path in fetched("7_Ada_Lovelace").iterdir()} == {"forget_level1.json"}
    with pytest.raises(InputError, match="none of the files"):
        fetched("7_Ada_Lovelace", ("forget_level2.json",))


def test_an_unknown_target_is_told_with_those_that_are_close(hub: FakeHub, served: Path) -> None:  # noqa: F811
    with pytest.raises(InputError, match=r"no target “Ada Lovelac”\. Did you mean Ada_Lovelace") as caught:
        fetched("Ada Lovelac")
    assert "Grace" not in str(caught.value)
    with pytest.raises(InputError, match=r"no target “\.\./\.\./secret”"):
        fetched("../../secret")


def test_a_hub_that_does_not_help_is_one_sentence(
    hub: FakeHub,  # noqa: F811
    served: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hub.broken.add("Target/7_Ada_Lovelace/forget_level2.json")
    with pytest.raises(DownloadError, match=r"not in the hub cache, and the hub answered with an error \(410\)"):
        fetched("7_Ada_Lovelace")
    hub.repos.clear()
    with pytest.raises(DownloadError, match="no such data set any more"):
        fetched("Grace Hopper")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DownloadError, match=r"cannot be reached.*name a folder on this machine"):
        fetched("Grace Hopper")


def test_cancelling_ends_the_download(hub: FakeHub, served: Path) -> None:  # noqa: F811
    hub.delay = 0.3
    with pytest.raises(Cancelled):
        drain(fetch_target("7_Ada_Lovelace", FILES, lambda: bool(hub.ranges("forget_level1.json"))))
