"""What the trained tensors were before the run and after each round.

Only blocks up to the deepest hook layer change, so "before" is the original values of just those tensors, swapped in
by pointer, and each round's file holds only them. Where adapters were trained in the blocks' place, those are the
tensors: before the run they say nothing.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from atu_gui.core.errors import InputError, OutputError
from atu_gui.engine.adapters import Adapters, folded
from atu_gui.engine.formats import put, widen
from atu_gui.engine.hashing import combined_hash, tensor_digest, tensor_digests
from atu_gui.engine.models import LanguageModel
from atu_gui.engine.packing import matrix_of
from atu_gui.engine.replacing import replaced

_FOLDER = "rounds"
_ALPHA = "lora_alpha"


@dataclass(frozen=True, eq=False, slots=True)
class Start:
    """The weights of a round of an earlier run, with which a branch begins."""

    run_id: str
    round: int
    values: dict[str, Tensor]


class Snapshots:
    """The rounds of one run on one loaded model; round 0 is the untouched model.

    Args:
        lm: The model, untouched.
        parameters: What the run changes, the adapters' tensors among them.
        folder: The run's folder.
        adapters: Stand beside the model while a round is applied, and from `restore` or `begin_with` to `let_go`.
    """

    def __init__(
        self, lm: LanguageModel, parameters: dict[str, nn.Parameter], folder: Path, adapters: Adapters | None = None
    ) -> None:
        self._lm = lm
        self._parameters = parameters
        self._adapters = adapters
        self._folder = folder / _FOLDER
        self._untouched = {name: parameter.detach().clone() for name, parameter in parameters.items()}
        self._last: tuple[int, dict[str, Tensor]] | None = None
        self.rounds: list[int] = [0]

    @classmethod
    def open(cls, folder: Path, lm: LanguageModel) -> Snapshots:
        """The rounds of a finished run, on a freshly loaded (untouched) model.

        Raises:
            InputError: The run has no rounds, they are damaged, or they belong to other weights.
        """
        files = sorted((folder / _FOLDER).glob("round-*.safetensors"), key=_round_of)
        if not files:
            raise InputError(f"{folder} holds no finished round.")
        shapes, alpha = _content_of(files[0], lm)
        adapters = Adapters.like(lm, shapes, alpha) if alpha else None
        known = dict(lm.model.named_parameters()) | (adapters.parameters if adapters else {})
        unknown = [name for name in shapes if name not in known]
        if unknown:
            raise InputError(f"{files[0].name} does not fit {lm.name}: it has no tensor {unknown[0]}.")
        opened = cls(lm, {name: known[name] for name in shapes}, folder, adapters)
        opened.rounds = [0, *(_round_of(file) for file in files)]
        return opened

    def take_up(self, rounds: Sequence[int]) -> None:
        """Go on with these finished rounds; files of later ones, which will be done again, are removed."""
        self.rounds = [0, *rounds]
        for path in self._folder.glob("round-*.safetensors"):
            if _round_of(path) not in self.rounds:
                path.unlink()

    def save(self, round_: int) -> None:
        """Keep the current values as a round: written to a temporary name, then renamed.

        Raises:
            OutputError: The disk is full or the folder cannot be written.
        """
        path = self._path(round_)
        partial = path.with_suffix(".part")
        tensors = {name: parameter.detach().cpu().contiguous() for name, parameter in self._parameters.items()}
        metadata = {"weights_hash": self._lm.weights_hash, "round": str(round_)}
        if self._adapters:
            metadata[_ALPHA] = repr(self._adapters.alpha)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            save_file(tensors, partial, metadata=metadata)
            os.replace(partial, path)
        except (OSError, SafetensorError) as error:
            partial.unlink(missing_ok=True)
            raise OutputError(
                f"Round {round_} cannot be written to {path.parent}: {error}.",
                "Free some space or choose another folder.",
            ) from None
        if round_ not in self.rounds:
            self.rounds.append(round_)

    def values(self, round_: int) -> dict[str, Tensor]:
        """The tensors of a round on the model's device; the one read last stays in memory.

        Raises:
            InputError: There is no such round, or its file is damaged.
        """
        if round_ == 0:
            return self._untouched
        if round_ not in self.rounds:
            raise InputError(f"Round {round_} does not exist.", f"This run has rounds 0 to {self.rounds[-1]}.")
        if self._last is None or self._last[0] != round_:
            try:
                tensors = load_file(self._path(round_), device=str(self._lm.device))
            except (OSError, SafetensorError) as error:
                raise InputError(f"Round {round_} cannot be read: {error}.") from None
            self._last = (round_, tensors)
        return self._last[1]

    @contextlib.contextmanager
    def applied(self, round_: int | None) -> Iterator[None]:
        """Within the block the model has the weights of a round; None leaves the current ones."""
        if round_ is None:
            yield
            return
        values = self.values(round_)
        standing = self._adapters.attached() if self._adapters else contextlib.nullcontext()
        with standing, replaced([(parameter, values[name]) for name, parameter in self._parameters.items()]):
            yield

    def whole(self, round_: int) -> dict[str, Tensor]:
        """The values of a round of all parameters of the model that differ in it: what adapters add is folded in.

        Raises:
            InputError: There is no such round, its file is damaged, or the model's matrices are packed.
        """
        if not self._adapters:
            return self.values(round_)
        if self._lm.packed:
            raise InputError(
                "No run can begin with a round of weights packed to 4 bits.",
                "Begin with the untouched model, or export the round and load that.",
            )
        named = dict(self._lm.model.named_parameters())
        changed = [name for name in self._parameters if name in named]
        beside = [one.layer.weight_name for one in self._adapters]
        with self.applied(round_), folded(self._lm):
            return {name: named[name].data.clone() for name in dict.fromkeys((*changed, *beside))}

    def weights_hash(self, *others: Snapshots) -> str:
        """The hash of the weights that the model has now; what neither this run nor `others` train is as loaded."""
        names = {name for one in (self, *others) for name in one._parameters}
        known = self._lm.digests or tensor_digests(self._lm.model)
        beside = {
            one.layer.weight_name: tensor_digest(one.layer.weight_name, one.added_to(matrix_of(one.layer)))
            for adapters in self._lm.adapters
            for one in adapters
            if one.acts
        }
        return combined_hash({**known, **tensor_digests(self._lm.model, names), **beside})

    def restore(self, round_: int) -> None:
        """Make a round the current weights, for good; what was untouched is held as it was loaded."""
        if self._adapters:
            self._adapters.attach()
        for name, value in self.values(round_).items():
            put(self._parameters[name], value)

    def begin_with(self, values: dict[str, Tensor]) -> None:
        """Give the model values of some or all of these tensors, for good, to be trained on."""
        if self._adapters:
            self._adapters.attach()
        widen(self._parameters[name] for name in values)
        for name, value in values.items():
            self._parameters[name].data.copy_(value)

    def let_go(self) -> None:
        """Leave the model untouched, with nothing beside it."""
        self.restore(0)
        if self._adapters:
            self._adapters.detach()

    def _path(self, round_: int) -> Path:
        return self._folder / f"round-{round_}.safetensors"


def _round_of(path: Path) -> int:
    number = path.stem.removeprefix("round-")
    return int(number) if number.isascii() and number.isdigit() else -1


def _content_of(path: Path, lm: LanguageModel) -> tuple[dict[str, tuple[int, ...]], float]:
    """The shapes of a file's tensors, and the α of its adapters; 0 where there are none."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
            alpha = float(metadata.get(_ALPHA, 0))
    except (OSError, SafetensorError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from None
    if metadata.get("weights_hash") != lm.weights_hash:
        raise InputError(
            f"{path.parent.parent.name} was run on other weights than {lm.name} ({lm.weights_hash}).",
            "Load the model that the run was made with.",
        )
    return shapes, alpha
