"""Whether a folder holds a model that may and can be loaded, found out before anything of it is run.

Only headers and small JSON files are read here; a folder that passes can still fail to load.
"""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

from safetensors import SafetensorError, safe_open

from atu_gui.core.errors import ModelError

_PICKLES = {".bin", ".pt", ".pth", ".pkl", ".ckpt"}
_TEXTS = {".json", ".txt", ".model", ".jinja", ".tiktoken"}
_MODULE = re.compile(r"\d+_\w+")
_MODULES = "modules.json"
# The names under which architectures keep their number of layers, and more than any of them has.
_DEPTHS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
_DEEPEST = 2000


def is_wanted(path: str, *, pickles: bool = False, code: bool = False) -> bool:
    """Whether a file of a model repository is needed: weights, tokenizer and settings, neither programs nor pickle."""
    parts = PurePosixPath(path).parts
    if len(parts) > 2 or (len(parts) == 2 and not _MODULE.fullmatch(parts[0])):
        return False
    name = parts[-1]
    suffix = PurePosixPath(name).suffix
    # Mistral's repositories hold their weights a second time under this name.
    if name.startswith(("consolidated", ".", "training_args")):
        return False
    return suffix == ".safetensors" or suffix in _TEXTS or (pickles and suffix == ".bin") or (code and suffix == ".py")


def check_language_model(folder: Path, *, allow_pickle: bool, allow_remote_code: bool) -> None:
    """Refuse a folder that is no causal language model with safe, whole weights.

    Raises:
        ModelError: Says what is wrong.
    """
    if not any(folder.iterdir()):
        raise ModelError(f"The folder {folder} is empty.", "Choose a folder with a model: config.json and safetensors.")
    config = _config(folder)
    _check_code(folder, config, allow_remote_code)
    _check_causal(folder, config, allow_remote_code)
    _check_depth(folder, config)
    _check_weights(folder, allow_pickle, "Switch “Allow pickle weights” on for this model only if you trust it.")


def check_encoder(folder: Path) -> None:
    """Refuse a folder that is no text encoder with safe, whole weights.

    Raises:
        ModelError: Says what is wrong.
    """
    if not any(folder.iterdir()):
        raise ModelError(f"The folder {folder} is empty.", "Choose the folder of a sentence-transformers model.")
    root = folder / _first_module(folder)
    config = _config(root)
    _check_code(folder, config, allowed=False)
    _check_depth(root, config)
    _check_weights(root, False, "Choose an encoder with safetensors weights.")


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    if path.is_file():
        return read_settings(path)
    if (folder / "adapter_config.json").is_file():
        raise ModelError(f"{folder} holds an adapter, not a whole model.", "Merge it into its base model first.")
    ggufs = sorted(file.name for file in folder.glob("*.gguf"))
    if ggufs:
        raise ModelError(f"{folder} holds GGUF files.", f"Name the file itself, such as {folder / ggufs[0]}.")
    raise ModelError(f"{folder} holds no model: there is no config.json.", "Choose the folder with the safetensors.")


def read_settings(path: Path) -> dict[str, Any]:
    """A JSON file of a model, which must hold an object.

    Raises:
        ModelError: It is damaged.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        where = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise ModelError(f"{path}{where} is damaged.", "Get the model's files again.") from None
    if not isinstance(value, dict):
        raise ModelError(f"{path} is damaged: it holds no settings.", "Get the model's files again.")
    return value


def _first_module(folder: Path) -> str:
    path = folder / _MODULES
    if not path.is_file():
        return ""
    try:
        modules = json.loads(path.read_text(encoding="utf-8"))
        first = str(modules[0]["path"])
    except (OSError, ValueError, TypeError, KeyError, IndexError, RecursionError):
        raise ModelError(f"{path} is damaged.", "Get the encoder's files again.") from None
    if _leaves(first):
        raise ModelError(f"{path} points outside its folder.", "Choose another encoder.")
    return first


def _check_code(folder: Path, config: dict[str, Any], allowed: bool) -> None:
    """A model with `auto_map` is fine where transformers has its architecture built in: its own code is never run."""
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    if config.get("auto_map") and not allowed and str(config.get("model_type")) not in CONFIG_MAPPING:
        raise ModelError(
            f"{folder.name} can only be loaded by running Python code that comes with it.",
            "Switch “Allow remote code” on for this model only if you trust it, or choose another model.",
        )


def _check_causal(folder: Path, config: dict[str, Any], remote: bool) -> None:
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    )

    if remote and config.get("auto_map"):
        return
    kind = config.get("model_type")
    if not isinstance(kind, str):
        raise ModelError(f"config.json in {folder} does not say which architecture the model has (model_type).")
    named = config.get("architectures")
    classes = named if isinstance(named, list) else []
    causal = any(str(name).endswith(("ForCausalLM", "LMHeadModel")) for name in classes)
    encoder_only = kind in MODEL_FOR_MASKED_LM_MAPPING_NAMES and not causal
    if kind not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES or encoder_only or config.get("is_encoder_decoder"):
        raise ModelError(
            f"{folder.name} is of the kind “{kind}”, which is no causal language model.",
            "Choose a model that writes text, such as a Llama, Qwen or SmolLM.",
        )


def _check_depth(folder: Path, config: dict[str, Any]) -> None:
    """Refuse what would be built layer after layer before anybody could see that the files hold no such thing."""
    parts = [part for part in (config, config.get("text_config")) if isinstance(part, dict)]
    depth = max((part[name] for part in parts for name in _DEPTHS if isinstance(part.get(name), int)), default=0)
    if depth > _DEEPEST:
        raise ModelError(
            f"config.json in {folder} asks for {depth:,} layers, more than any model has.", "Get its files again."
        )


def _check_weights(folder: Path, allow_pickle: bool, hint: str) -> None:
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        pickles = [file.name for file in sorted(folder.iterdir()) if file.suffix in _PICKLES]
        if pickles and allow_pickle:
            return
        if pickles:
            raise ModelError(
                f"{folder.name} stores its weights as pickle ({pickles[0]}), which can run any program.", hint
            )
        raise ModelError(f"{folder} holds no weights.", "Choose a folder with safetensors files.")
    for index in folder.glob("*.safetensors.index.json"):
        shards = read_settings(index).get("weight_map")
        named = {str(name) for name in shards.values()} if isinstance(shards, dict) else set()
        if any(_leaves(name) for name in named):
            raise ModelError(f"{index} points outside its folder.", "Choose another model.")
        missing = sorted(name for name in named if not _is_there(folder / name))
        if missing:
            raise ModelError(
                f"{folder} lacks {len(missing)} of its weight files, such as {missing[0]}.", "Get them again."
            )
    for file in weights:
        try:
            # As "pt" torch would map the whole file as memory of its own, which fails where it does not fit.
            with safe_open(file, framework="np"):
                pass
        except (OSError, SafetensorError):
            raise ModelError(f"The weights {file} are damaged or incomplete.", "Get the file again.") from None


def _leaves(name: str) -> bool:
    """Whether a name out of a file of the folder would lead out of the folder, on any system."""
    parts = name.replace("\\", "/").split("/")
    return name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
