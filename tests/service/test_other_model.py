"""A model folder that was changed or has vanished since a run is noticed when the model is next needed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from atu_gui.core.config import RunConfig
from atu_gui.core.errors import InputError, ModelError, UserError
from atu_gui.core.events import Event, StepDone
from atu_gui.core.ports import Weights
from tests.service.test_resuming import Seen, _config


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def _change(model: Path) -> None:
    """Other weights, written over the old ones as `cp` would."""
    (file,) = model.glob("*.safetensors")
    tensors = {name: tensor.clone() for name, tensor in load_file(file).items()}
    next(iter(tensors.values())).add_(1.0)
    save_file(tensors, model / "other", metadata={"format": "pt"})
    file.write_bytes((model / "other").read_bytes())
    (model / "other").unlink()


def _vanish(model: Path) -> None:
    shutil.rmtree(model)


def _made(seen: Seen, config: RunConfig) -> str:
    return seen.bench.run(config).result(60).run_id


@pytest.mark.parametrize("spoil", [_change, _vanish])
def test_a_run_under_way_is_not_disturbed(model: Path, tiny_encoder: Path, tmp_path: Path, spoil: object) -> None:
    config = _config(model, tiny_encoder, tmp_path / "inputs")
    with Seen() as seen:
        whole = seen.bench.run(config).result(60)
        seen.bench.load(config.model, config.encoder).result(60)

        def act(event: Event) -> None:
            if isinstance(event, StepDone) and event.step == 3 and model.exists():
                spoil(model)  # type: ignore[operator]

        seen.bench.subscribe(act)
        other = seen.bench.run(config).result(60)
    for name in ("round-1", "round-2"):
        first, second = (load_file(one.folder / "rounds" / f"{name}.safetensors") for one in (whole, other))
        assert all(torch.equal(value, second[name]) for name, value in first.items())


@pytest.mark.parametrize(("spoil", "words"), [(_change, "on other weights than"), (_vanish, "model")])
def test_a_round_of_another_model_is_refused(
    model: Path, tiny_encoder: Path, tmp_path: Path, spoil: object, words: str
) -> None:
    config = _config(model, tiny_encoder, tmp_path / "inputs")
    with Seen() as seen:
        run_id = _made(seen, config)
    spoil(model)  # type: ignore[operator]
    with Seen() as seen:
        with pytest.raises(UserError, match=words) as caught:
            seen.bench.export_round(Weights(run_id, 1), tmp_path / "exported").result(60)
        assert caught.value.hint
        assert not (tmp_path / "exported").exists()


@pytest.mark.parametrize(
    ("spoil", "kind", "words"),
    [(_change, InputError, "are not those that the run was begun with"), (_vanish, ModelError, "model")],
)
def test_a_run_does_not_go_on_with_another_model(
    model: Path, tiny_encoder: Path, tmp_path: Path, spoil: object, kind: type[UserError], words: str
) -> None:
    config = _config(model, tiny_encoder, tmp_path / "inputs")
    with Seen() as seen:

        def leave(event: Event) -> None:
            if isinstance(event, StepDone) and event.step == 6:
                seen.bench.control.suspend()

        seen.bench.subscribe(leave)
        with pytest.raises(BaseException):  # noqa: B017 - the future of a run that is left is cancelled
            seen.bench.run(config).result(60)
    kept = shutil.copytree(model, tmp_path / "kept")
    spoil(model)  # type: ignore[operator]
    with Seen() as seen:
        with pytest.raises(kind, match=words):
            seen.bench.resume_run("last").result(60)
        (record,) = seen.bench.runs().result(10)
        assert record.can_resume, "it waits for its model"
    shutil.rmtree(model, ignore_errors=True)
    shutil.copytree(kept, model)
    with Seen() as seen:
        assert seen.bench.resume_run("last").result(60).stopped_because == "all rounds done"
