"""Models by hub id: the cache, a fake hub, and what is said when it does not work."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
import torch

from atu_gui.core.config import ModelConfig
from atu_gui.core.errors import ModelError
from atu_gui.engine.loading import load_encoder, load_language_model
from atu_gui.engine.models import LanguageModel
from tests.engine.draining import drain
from tests.engine.fake_hub import FakeHub
from tests.engine.hub_fixtures import hub, no_hub, own_cache  # noqa: F401 - fixtures

REPO = "someone/tiny-model"


def load(source: str = REPO, **options: bool) -> LanguageModel:
    return drain(load_language_model(ModelConfig(source=source, device="cpu", **options)))[1]  # type: ignore[arg-type]


@pytest.fixture
def served(hub: FakeHub, tiny_model: Path, tmp_path: Path) -> Path:  # noqa: F811
    """The folder behind the repository, for a test to spoil."""
    hub.repos[REPO] = Path(shutil.copytree(tiny_model, tmp_path / "served"))
    (hub.repos[REPO] / "modeling_evil.py").write_text("raise SystemExit")
    (hub.repos[REPO] / "training_args.bin").write_bytes(b"pickle")
    return hub.repos[REPO]


def test_from_the_hub_then_from_the_cache(
    hub: FakeHub,  # noqa: F811
    served: Path,
    tiny_model: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lm = load()
    assert lm.name == "tiny-model"
    assert lm.source == REPO
    assert lm.weights_hash == load(str(tiny_model)).weights_hash
    asked = {path.rpartition("/")[2] for _method, path, _range in hub.log}
    assert not asked & {"modeling_evil.py", "training_args.bin"}
    assert capfd.readouterr() == ("", "")

    requests = len(hub.log)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert load().weights_hash == lm.weights_hash
    assert len(hub.log) == requests


def test_an_encoder_from_the_hub(hub: FakeHub, tiny_encoder: Path) -> None:  # noqa: F811
    hub.repos["someone/encoder"] = tiny_encoder
    encoder = drain(load_encoder("someone/encoder", "starter", torch.device("cpu")))[1]
    assert (encoder.name, encoder.width) == ("encoder", 24)


def test_auto_encoder_is_the_papers(no_hub: None) -> None:  # noqa: F811
    with pytest.raises(ModelError, match="sentence-transformers/all-mpnet-base-v2") as caught:
        drain(load_encoder("auto", "someone/model", torch.device("cpu")))
    assert "“starter”" in caught.value.hint


def test_unknown(hub: FakeHub) -> None:  # noqa: F811
    with pytest.raises(ModelError, match="There is no folder someone/else, and the hub has no such model"):
        load("someone/else")


def test_gated(hub: FakeHub, served: Path) -> None:  # noqa: F811
    hub.gated.add(REPO)
    with pytest.raises(ModelError, match="someone/tiny-model is gated") as caught:
        load()
    assert "hf auth login" in caught.value.hint


def test_a_file_the_hub_cannot_deliver(hub: FakeHub, served: Path) -> None:  # noqa: F811
    hub.broken.add("model.safetensors")
    with pytest.raises(
        ModelError, match=r"could not be brought from the hub: the hub answered with an error \(410\)\."
    ):
        load()


def test_out_of_reach_fails_fast(no_hub: None) -> None:  # noqa: F811
    begun = time.monotonic()
    with pytest.raises(ModelError, match="not in the hub cache, and the hub cannot be reached"):
        load("someone/else")
    assert time.monotonic() - begun < 5


def test_offline(hub: FakeHub, served: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="the network is switched off"):
        load()
    assert hub.log == []


def test_nothing_is_brought_of_pickles(hub: FakeHub, served: Path) -> None:  # noqa: F811
    (served / "model.safetensors").rename(served / "pytorch_model.bin")
    with pytest.raises(ModelError, match="on the hub stores its weights as pickle"):
        load()
    (served / "pytorch_model.bin").rename(served / "tiny.gguf")
    with pytest.raises(ModelError, match="holds GGUF files only"):
        load()
    (served / "tiny.gguf").unlink()
    (served / "training_args.bin").unlink()
    with pytest.raises(ModelError, match="on the hub holds no weights"):
        load()
    assert not any("/resolve/" in path for _method, path, _range in hub.log)


def test_closing_ends_a_download(hub: FakeHub, served: Path) -> None:  # noqa: F811
    hub.delay = 0.3
    work = load_language_model(ModelConfig(source=REPO, device="cpu"))
    while next(work).unit != "B":
        pass
    begun = time.monotonic()
    work.close()
    assert time.monotonic() - begun < 1


def test_a_file_that_is_not_what_the_hub_says_is_refused_and_brought_again(hub: FakeHub, served: Path) -> None:  # noqa: F811
    hub.wrong.add("model.safetensors")
    with pytest.raises(ModelError, match=r"model\.safetensors arrived damaged \(its checksum differs\)"):
        load()
    hub.wrong.clear()
    assert load().name == "tiny-model"
    assert sum(method == "GET" and path.endswith("/model.safetensors") for method, path, _range in hub.log) == 2


def test_the_kept_token_goes_to_the_hub_and_what_the_environment_says_wins(
    hub: FakeHub,  # noqa: F811
    served: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("atu_gui.engine.hub.kept_token", lambda: "hf_kept0123456789")
    load()
    assert set(hub.tokens) == {"Bearer hf_kept0123456789"}
