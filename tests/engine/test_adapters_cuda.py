"""LoRA on a GPU: in the number format of the device, and beside matrices packed to 4 bits."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from atu_gui.core import events as ev
from atu_gui.core.config import ModelConfig, RunConfig
from atu_gui.core.control import RunControl
from atu_gui.core.materials import Materials
from atu_gui.engine.adapters import folded
from atu_gui.engine.export import Provenance, export
from atu_gui.engine.loading import load_encoder, load_language_model
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.packing import no_nf4
from atu_gui.engine.pipeline import Run
from tests.engine.draining import drain

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
]


def _logits(lm: LanguageModel) -> torch.Tensor:
    with torch.inference_mode(), lm.autocast():
        return lm.model(input_ids=torch.tensor([[5, 9, 33, 7, 61, 12]], device=lm.device)).logits.float()


@pytest.mark.parametrize("weights", ["full", "nf4"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_lora_run_on_cuda(
    tiny_model: Path,
    tiny_encoder: Path,
    materials: Materials,
    config: RunConfig,
    tmp_path: Path,
    weights: str,
    dtype: str,
) -> None:
    device = torch.device("cuda")
    if weights == "nf4" and (why := no_nf4(device)):
        pytest.skip(f"NF4: {why}")
    model = ModelConfig.model_validate(
        {"source": str(tiny_model), "device": "cuda", "dtype": dtype, "weights": weights}
    )
    config.model = model
    config.unlearn.training, config.unlearn.rank = "lora", 2
    lm: LanguageModel = drain(load_language_model(model))[1]
    encoder = drain(load_encoder(str(tiny_encoder), "", lm.device))[1]
    before = {name: value.detach().clone() for name, value in lm.model.named_parameters()}
    said = _logits(lm)
    run = Run(config, lm, encoder, materials, RunControl(), run_id="r", folder=tmp_path / "run")
    events = list(run.events())
    steps = [event for event in events if isinstance(event, ev.StepDone) and event.stage == "unlearn"]
    assert steps and all(torch.isfinite(torch.tensor((step.loss, step.gradient_norm))).all() for step in steps)
    assert all(step.gradient_norm > 0 for step in steps)
    scored = [event for event in events if isinstance(event, ev.RoundScored)]
    assert len({one.weights_hash for one in scored}) == len(scored) == 3
    with run.snapshots.applied(2):
        unlearned = _logits(lm)
        assert not torch.equal(unlearned, said)
        with folded(lm):
            assert torch.allclose(_logits(lm), unlearned, atol=1e-4 if dtype == "float32" else 2e-2)
        source = Provenance("r", 2, run.config, scored[0], scored[2], materials.probes, materials.fluency_prompts)
        assert drain(export(lm, source, tmp_path / "out", lambda: False))[1].answers == 4
    run.snapshots.let_go()
    assert torch.equal(_logits(lm), said) and not lm.adapters
    assert all(torch.equal(before[name], value) for name, value in lm.model.named_parameters())
