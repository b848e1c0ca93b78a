"""What any long work says: progress, remarks, faults, and what became of loading and writing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % interval (percentile bootstrap over items) and the number of items behind it."""

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far long work is; `job` is "download", "load", "write", "prepare", "scan", "probe", "eval", "export", "audit"
    or "paused"."""

    job: str
    what: str
    done: float
    total: float
    unit: str = ""
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A line for the log."""

    level: Level
    text: str


@dataclass(frozen=True, slots=True)
class ModelLoaded:
    """A model and an encoder are ready, or the model alone.

    Attributes:
        source: What the user asked for.
        layers: Number of blocks.
        width: Hidden width d.
        device: "cpu", "cuda:0", "mps".
        dtype: Number format of the computation.
        memory_bytes: Bytes of the weights.
        weights_hash: Short content hash of the weights as loaded.
        encoder: Its name; "" where none was loaded.
        embedding_width: Width e of the encoder's embeddings.
        chat_template: Whether the tokenizer has one.
        block_parameters: Parameters of each block, for estimates; empty where they were not counted.
        block_activations: Inputs and outputs of a block's linear layers, floats for each position.
        embedding_parameters: Parameters of the token embeddings.
        encoder_bytes: Bytes of the encoder's weights.
        weight_bytes: Bytes that a weight of a block takes, on average; what a run trains takes 4 while it does.
        program_bytes: What the program takes of the processor's memory besides; 0 where the model is elsewhere.
    """

    name: str
    source: str
    layers: int
    width: int
    parameters: int
    device: str
    dtype: str
    memory_bytes: int
    weights_hash: str
    encoder: str
    embedding_width: int
    chat_template: bool
    seconds: float
    block_parameters: tuple[int, ...] = ()
    block_activations: int = 0
    embedding_parameters: int = 0
    encoder_bytes: int = 0
    weight_bytes: float = 4.0
    program_bytes: int = 0


@dataclass(frozen=True, slots=True)
class TextWritten:
    """The model wrote a passage, named a neighbour or made a question ahead of the run."""

    what: Literal["passage", "retain", "neighbour", "question"]
    about: str
    text: str


@dataclass(frozen=True, slots=True)
class LayerScored:
    """What a probe at one layer of the untouched model can do (see `engine.scan`).

    Attributes:
        depth: Number of layers of the model.
        cosine: Held-out align cosine.
        auc: How well its similarity tells texts about the concept from others, 0.5 to 1; None without others.
    """

    layer: int
    depth: int
    cosine: float
    auc: float | None


@dataclass(frozen=True, slots=True)
class StoreMended:
    """The run store was damaged or gone: the list of runs was made again from their folders.

    Attributes:
        aside: Where the damaged file is kept; "" where there was none.
        runs: How many were found.
        unread: Folders of runs that could not be read.
    """

    aside: str
    runs: int
    unread: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What happened, as sentences."""
        lost = f" These could not be read: {', '.join(self.unread)}." if self.unread else ""
        made = f"the list was made again from the folders of {self.runs} run{'' if self.runs == 1 else 's'}"
        if not self.aside:
            return f"The run store was gone; {made}.{lost}"
        return f"The run store was damaged. It is kept as {self.aside}; {made}.{lost}"

    @property
    def hint(self) -> str:
        """What is left to do."""
        return "Nothing needs to be done" + ("; the damaged file can be removed." if self.aside else ".")


@dataclass(frozen=True, slots=True)
class JobFailed:
    """A job other than a run ended with an error."""

    job: str
    message: str
    hint: str
    details: str
