"""The heads of a finished round, kept beside its weights, so that any text can be looked at later.

Optimizer states are not kept: a resumed run takes them from its checkpoint, not from here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from atu_gui.core.config import HeadConfig
from atu_gui.core.errors import InputError, OutputError
from atu_gui.engine.head import build_head
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.setting import Setting

_FOLDER = "heads"
_VECTORS = "concept_vectors"


@dataclass(frozen=True, slots=True, eq=False)
class KeptHeads:
    """What predicted in a round.

    Attributes:
        round: The round.
        tau: The τ that was applied last in it.
        heads: One per hook layer, on the model's device, in evaluation mode.
        concept_vectors: Embeddings of the concepts, [c, e].
    """

    round: int
    tau: float
    heads: dict[int, nn.Module]
    concept_vectors: Tensor


def save_heads(folder: Path, round_: int, setting: Setting, tau: float) -> None:
    """Keep the heads of a round: written to a temporary name, then renamed.

    Raises:
        OutputError: The disk is full or the folder cannot be written.
    """
    tensors = {_VECTORS: setting.concept_vectors.detach().cpu().contiguous()}
    for layer, head in setting.heads.items():
        for name, value in head.state_dict().items():
            tensors[f"{layer}.{name}"] = value.detach().cpu().contiguous()
    head_config = setting.config.head.model_dump_json()
    metadata = {"head": head_config, "tau": repr(tau), "weights_hash": setting.lm.weights_hash}
    path = _path(folder, round_)
    partial = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, partial, metadata=metadata)
        os.replace(partial, path)
    except (OSError, SafetensorError) as error:
        partial.unlink(missing_ok=True)
        raise OutputError(
            f"The heads of round {round_} cannot be written to {path.parent}: {error}.",
            "Free some space or choose another folder.",
        ) from None


def drop_heads_after(folder: Path, round_: int) -> None:
    """Remove the heads of later rounds, which will be done again."""
    for path in (folder / _FOLDER).glob("round-*.safetensors"):
        if int(path.stem.removeprefix("round-")) > round_:
            path.unlink()


def load_heads(folder: Path, round_: int | None, lm: LanguageModel) -> KeptHeads:
    """The heads of a round; None takes the newest round that kept any.

    Raises:
        InputError: None were kept, they are damaged, or they belong to another model.
    """
    kept = sorted(int(path.stem.removeprefix("round-")) for path in (folder / _FOLDER).glob("round-*.safetensors"))
    if not kept:
        raise InputError(
            "This run has kept no heads, so its tokens cannot be coloured.",
            "Heads are kept with every finished round; runs of earlier versions have none.",
        )
    number = kept[-1] if round_ is None else round_
    if number not in kept:
        raise InputError(f"Round {number} has kept no heads.", f"Choose one of round {kept[0]} to {kept[-1]}.")
    path = _path(folder, number)
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
        tensors = load_file(path)
        config = HeadConfig.model_validate_json(metadata["head"])
        tau = float(metadata["tau"])
        vectors = tensors.pop(_VECTORS)
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise InputError(f"The heads of round {number} cannot be read: {error}.") from None
    if metadata.get("weights_hash") != lm.weights_hash:
        raise InputError(
            f"The run was made on other weights than {lm.name}.", "Load the model that the run was made with."
        )
    heads = {}
    for layer in sorted({int(name.partition(".")[0]) for name in tensors}):
        head = build_head(config, lm.width, vectors.shape[-1], seed=0)
        prefix = f"{layer}."
        head.load_state_dict({name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)})
        heads[layer] = head.to(lm.device)
    return KeptHeads(number, tau, heads, vectors.to(lm.device))


def heads_bytes(config: HeadConfig, layers: int, lm: LanguageModel, width: int) -> int:
    """Bytes that the heads of one round take."""
    head = build_head(config, lm.width, width, seed=0)
    each: int = sum(value.numel() * value.element_size() for value in head.state_dict().values())
    return layers * each


def _path(folder: Path, round_: int) -> Path:
    return folder / _FOLDER / f"round-{round_}.safetensors"
