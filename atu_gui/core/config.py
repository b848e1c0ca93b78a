"""Everything a run can be told, in one pydantic model: the command line, the file and the window share it.

Each field has a description, a range where one exists and, in `json_schema_extra`, its label and unit; forms and the
glossary are made from them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

import tomlkit
from pydantic import Field, ValidationError, field_validator, model_validator

from atu_gui.core.concepts import Concept
from atu_gui.core.config_base import Part as _Part
from atu_gui.core.config_base import ui as _ui
from atu_gui.core.errors import InputError
from atu_gui.core.faults import faults_of
from atu_gui.core.files import read_at_most
from atu_gui.core.guarding import OFF, GuardConfig
from atu_gui.core.probing import ProbingConfig

STARTER = "starter"
# Bytes of a config; ours have about two thousand.
_LARGEST = 4_000_000
Recipe = Literal["default", "paper"]


class ModelConfig(_Part):
    """Which language model, where and how it is held."""

    source: str = Field(
        STARTER,
        description="“starter”, a hub id, a local folder with safetensors, or a GGUF file.",
        json_schema_extra=_ui("Language model"),
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", description="Where the model runs.", json_schema_extra=_ui("Device", advanced=True)
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto",
        description="Number format of the computation; auto is bfloat16 on CUDA and float32 elsewhere.",
        json_schema_extra=_ui("Number format", advanced=True),
    )
    weights: Literal["full", "nf4"] = Field(
        "full",
        description="nf4: the blocks' matrices packed to 4 bits, for models that do not fit otherwise; needs the extra "
        "bitsandbytes, and is trained with LoRA.",
        json_schema_extra=_ui("Weights", advanced=True),
    )
    allow_pickle: bool = Field(
        False,
        description="Load weights stored as pickle. Such files can run any program; only for files you trust.",
        json_schema_extra=_ui("Allow pickle weights", advanced=True),
    )
    allow_remote_code: bool = Field(
        False,
        description="Run Python code that comes with the model, with all your rights. Only for models you trust.",
        json_schema_extra=_ui("Allow remote code", advanced=True),
    )


class TextsConfig(_Part):
    """Texts to forget and texts to keep."""

    concept: list[Path] = Field(
        default_factory=list,
        description="Files or RWKU target folders with passages about the concept. Empty: the model writes them.",
        json_schema_extra=_ui("Concept texts"),
    )
    retain: list[Path] = Field(
        default_factory=list,
        description="Files or other RWKU target folders with texts to keep. Empty: the model writes them.",
        json_schema_extra=_ui("Retain texts"),
    )
    probes: list[Path] = Field(
        default_factory=list,
        description="RWKU target folders or pack files with questions. Empty: the model writes them.",
        json_schema_extra=_ui("Questions"),
    )
    neighbours: list[str] = Field(
        default_factory=list,
        description="Related entities that must survive. Empty: the model is asked for some.",
        json_schema_extra=_ui("Neighbours"),
    )
    passages: int = Field(
        128,
        ge=8,
        le=100_000,
        description="Concept passages used at most, drawn by the seed.",
        json_schema_extra=_ui("Concept passages", "passages", advanced=True),
    )
    retain_passages: int = Field(
        192,
        ge=8,
        le=100_000,
        description="Retain passages used at most, drawn by the seed.",
        json_schema_extra=_ui("Retain passages", "passages", advanced=True),
    )
    probes_limit: int = Field(
        100,
        ge=1,
        le=100_000,
        description="Questions of each group (forget, neighbour) asked after every round, at most.",
        json_schema_extra=_ui("Questions per group", "questions", advanced=True),
    )


class WindowConfig(_Part):
    """How texts become positions and windows."""

    k: int = Field(
        8,
        ge=1,
        le=256,
        description="Window length: how many of the next encoder pieces a prediction stands for.",
        json_schema_extra=_ui("Window k", "pieces", advanced=True),
    )
    max_tokens: int = Field(
        96,
        ge=8,
        le=8192,
        description="Passages are cut to this many tokens.",
        json_schema_extra=_ui("Passage length", "tokens", advanced=True),
    )
    batch: int = Field(
        8, ge=1, le=1024, description="Passages per step.", json_schema_extra=_ui("Batch", "passages", advanced=True)
    )


class HeadConfig(_Part):
    """The embedding prediction head E."""

    kind: Literal["causal", "published"] = Field(
        "causal",
        description="causal: sees the past only. published: the paper's decoder; its second attention sees the future.",
        json_schema_extra=_ui("Head", advanced=True),
    )
    layers: int = Field(2, ge=1, le=48, description="Depth.", json_schema_extra=_ui("Head layers", advanced=True))
    width: int = Field(384, ge=8, le=8192, description="Width.", json_schema_extra=_ui("Head width", advanced=True))
    heads: int = Field(
        6, ge=1, le=128, description="Attention heads; divide the width.", json_schema_extra=_ui("Heads", advanced=True)
    )

    @model_validator(mode="after")
    def _heads_divide_width(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"{self.heads} attention heads do not divide the width {self.width}")
        return self


class AlignConfig(_Part):
    """Training of the head on the frozen model."""

    learning_rate: float = Field(
        1e-3, gt=0, le=1, description="Adam step size of the head.", json_schema_extra=_ui("Align learning rate")
    )
    clip: float = Field(
        1.0, gt=0, le=1e6, description="Gradient norm limit.", json_schema_extra=_ui("Align clip", advanced=True)
    )
    concept_share: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Share of concept passages in an align batch; the rest are retain passages.",
        json_schema_extra=_ui("Concept share", advanced=True),
    )
    held_out: float = Field(
        0.1,
        ge=0,
        lt=0.9,
        description="Share of the passages kept out of training to measure the align cosine.",
        json_schema_extra=_ui("Held out", advanced=True),
    )


class UnlearnConfig(_Part):
    """Fine-tuning of the model against the frozen head."""

    training: Literal["full", "lora"] = Field(
        "full",
        description="full: all weights of the blocks. lora: two small matrices beside each of their linear layers; "
        "takes less memory, and rounds are smaller files.",
        json_schema_extra=_ui("Training"),
    )
    rank: int = Field(
        8,
        ge=1,
        le=1024,
        description="LoRA: rank of the two matrices.",
        json_schema_extra=_ui("LoRA rank", advanced=True),
    )
    alpha: float = Field(
        16.0,
        gt=0,
        le=1e6,
        description="LoRA: what the two matrices say counts α / rank times.",
        json_schema_extra=_ui("LoRA α", advanced=True),
    )
    optimizer: Literal["adamw", "adamw8bit", "sgd"] = Field(
        "adamw",
        description="The published code uses SGD. adamw8bit remembers in 8 bits, on CUDA with the extra bitsandbytes.",
        json_schema_extra=_ui("Optimizer", advanced=True),
    )
    recompute: Literal["auto", "on", "off"] = Field(
        "auto",
        description="Compute blocks again for the backward pass (gradient checkpointing): less memory, a third more "
        "work. auto: where a GPU's memory is short.",
        json_schema_extra=_ui("Recompute blocks", advanced=True),
    )
    compile: Literal["auto", "on", "off"] = Field(
        "auto",
        description="Compile the blocks of unlearn steps: faster after a wait, losses equal up to rounding. auto: on "
        "CUDA where the planned steps win the wait back. Not with LoRA.",
        json_schema_extra=_ui("Compile blocks", advanced=True),
    )
    learning_rate: float = Field(
        2e-4,
        gt=0,
        le=1,
        description="Step size of the model; with LoRA ten times as large unless it is set.",
        json_schema_extra=_ui("Unlearn learning rate"),
    )
    clip: float = Field(
        1.0, gt=0, le=1e6, description="Gradient norm limit.", json_schema_extra=_ui("Unlearn clip", advanced=True)
    )
    retain_weight: float = Field(
        20.0,
        ge=0,
        le=1e6,
        description="λ: how strongly hidden states on retain texts are held at their untouched values.",
        json_schema_extra=_ui("Retain weight λ"),
    )
    blocks: int | None = Field(
        None,
        ge=1,
        le=10_000,
        description="Train only this many blocks below each hook; those under them are computed once. Empty: all.",
        json_schema_extra=_ui("Trained blocks", "blocks", advanced=True),
    )
    train_embeddings: bool = Field(
        False, description="Also train the token embeddings.", json_schema_extra=_ui("Train embeddings", advanced=True)
    )
    pad_mean: bool = Field(
        False,
        description="Average over padding too, as the published code does.",
        json_schema_extra=_ui("Average over padding", advanced=True),
    )


class RoundPlan(_Part):
    """One round: align, then unlearn at τ. τ is a number, or a quantile of the similarity on retain texts."""

    align_steps: int = Field(ge=0, le=10_000_000, description="Align steps.", json_schema_extra=_ui("Align", "steps"))
    unlearn_steps: int = Field(
        ge=0, le=10_000_000, description="Unlearn steps.", json_schema_extra=_ui("Unlearn", "steps")
    )
    tau: float | None = Field(
        None,
        gt=-1,
        lt=1,
        description="τ: no prediction should come closer to the concept than this cosine.",
        json_schema_extra=_ui("τ"),
    )
    quantile: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Sets τ after aligning to this quantile of the similarity of retain texts to the concept.",
        json_schema_extra=_ui("τ quantile"),
    )

    @model_validator(mode="after")
    def _one_margin(self) -> Self:
        if (self.tau is None) == (self.quantile is None):
            raise ValueError("a round needs either tau or quantile")
        return self


class RunConfig(_Part):
    """One run, completely."""

    name: str = Field("", max_length=200, description="Name of the run.", json_schema_extra=_ui("Name"))
    model: ModelConfig = Field(default_factory=ModelConfig)
    encoder: str = Field(
        "auto",
        description="A sentence-transformers model by hub id or folder; auto: the starter's with the starter model, "
        "otherwise all-mpnet-base-v2.",
        json_schema_extra=_ui("Text encoder"),
    )
    concepts: list[Concept] = Field(default_factory=list, description="What is to be forgotten.")
    texts: TextsConfig = Field(default_factory=TextsConfig)
    layers: list[int] = Field(
        default_factory=list,
        description="Hook layers, 1 to the model's depth, one head each. Empty: a third of the depth.",
        json_schema_extra=_ui("Layers"),
    )
    recipe: Recipe = Field(
        "default",
        description="default: ours. paper: as published, quirks included.",
        json_schema_extra=_ui("Recipe"),
    )
    windows: WindowConfig = Field(default_factory=WindowConfig)
    head: HeadConfig = Field(default_factory=HeadConfig)
    align: AlignConfig = Field(default_factory=AlignConfig)
    unlearn: UnlearnConfig = Field(default_factory=UnlearnConfig)
    schedule: str = Field(
        "adaptive",
        description="Name of the preset the rounds came from, or “custom”.",
        json_schema_extra=_ui("Schedule"),
    )
    paper_scale: float = Field(
        0.01,
        gt=0,
        le=1,
        description="Factor on all step counts of the paper's schedule (15,000 and 1,000 as published).",
        json_schema_extra=_ui("Paper steps", "factor"),
    )
    rounds: list[RoundPlan] = Field(default_factory=list, description="The rounds, in order.", max_length=1000)
    guards: GuardConfig = Field(default_factory=GuardConfig)
    probing: ProbingConfig = Field(default_factory=ProbingConfig)
    seed: int = Field(0, ge=0, le=2**31 - 1, description="Seed of everything random.", json_schema_extra=_ui("Seed"))
    budget_seconds: float | None = Field(
        None,
        gt=0,
        description="No round begins that would exceed this time; a stage ends when it is up.",
        json_schema_extra=_ui("Budget", "s"),
    )
    checkpoint_minutes: float = Field(
        1.0,
        ge=0,
        le=1440,
        description="A checkpoint is written this often within a stage, besides the ends of stages. 0: only there.",
        json_schema_extra=_ui("Checkpoint every", "min", advanced=True),
    )
    out: Path | None = Field(None, description="Folder for the results.", json_schema_extra=_ui("Out"))

    @field_validator("layers")
    @classmethod
    def _layers_from_one(cls, values: list[int]) -> list[int]:
        for value in values:
            if value < 1:
                raise ValueError(f"layer {value} does not exist; layers count from 1")
        return sorted(set(values))

    @property
    def title(self) -> str:
        """The run's name, or its concepts."""
        return self.name or ", ".join(concept.name for concept in self.concepts) or "Untitled"


def parse_config(data: dict[str, Any]) -> RunConfig:
    """Validate plain data.

    Raises:
        InputError: With every fault, each named by its field.
    """
    try:
        return RunConfig.model_validate(data)
    except ValidationError as error:
        raise InputError.of(faults_of(error)) from None


def load_config(path: Path) -> dict[str, Any]:
    """Read a TOML config as plain data.

    Raises:
        InputError: The file is missing, not text or not TOML (with the line).
    """
    try:
        return dict(tomlkit.parse(read_at_most(path, _LARGEST).decode("utf-8-sig")).unwrap())
    except FileNotFoundError:
        raise InputError(f"There is no config file {path}.") from None
    except OSError as error:
        raise InputError(f"The config file {path} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise InputError(f"The config file {path} is not UTF-8.", "Save it as plain text in UTF-8.") from None
    except Exception as error:  # on odd files the parser raises what it likes
        line = f", line {error.line}" if isinstance(error, tomlkit.exceptions.ParseError) else ""
        raise InputError(f"{path}{line}: not valid TOML ({error}).") from None


def dump_config(config: RunConfig) -> str:
    """The config as TOML that `parse_config` reads back to an equal config."""
    data = _without_none(config.model_dump(mode="json"))
    # TOML has no null: a guard that is switched off is written as a word, because its default is on.
    data["guards"] = {key: OFF if value is None else value for key, value in config.guards.model_dump().items()}
    document = tomlkit.document()
    document.update(data)
    return tomlkit.dumps(document)


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_none(item) for item in value]
    return value
