"""What a report may say: no token, no text, no name of the home folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from atu_gui.core.errors import InputError
from atu_gui.core.redaction import HIDDEN, redacted, textless_traceback, textless_words

TOKEN = "hf_AbCdEfGhIjKlMnOpQrStUvWxYz0123"


@pytest.mark.parametrize(
    "words",
    [
        f"token={TOKEN}",
        f"Authorization: Bearer {TOKEN}",
        f"https://user:{TOKEN}@hub.example/model",
        f"https://{TOKEN}@hub.example/model",
        f"{{'token': '{TOKEN}'}}",
        f"('{TOKEN}',)",
    ],
)
def test_a_hub_token_is_hidden_wherever_it_stands(words: str) -> None:
    assert TOKEN not in redacted(words) and HIDDEN in redacted(words)


def test_tokens_of_another_form_are_hidden_when_they_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "company-secret-7")
    assert redacted("sent company-secret-7 and more") == f"sent {HIDDEN} and more"


def test_passwords_of_an_index_are_hidden() -> None:
    assert redacted("Looking at https://me:hunter2@index.example/simple") == (
        f"Looking at https://{HIDDEN}@index.example/simple"
    )


@pytest.mark.parametrize("words", ["token loss 3.429", "each token embedding", "a secret garden", "round 4 of 8"])
def test_ordinary_words_stay(words: str) -> None:
    assert redacted(words) == words


def test_the_home_folder_is_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ada"))
    assert redacted('File "/home/ada/x.py"') == 'File "~/x.py"'
    assert redacted("in /home/ada") == "in ~"
    assert redacted("/home/adam/x") == "/home/adam/x"


def _raise(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:
        return caught


@pytest.mark.parametrize(
    "error",
    [
        ValueError("bad passage: Leonardo was born in Vinci"),
        KeyError("Leonardo"),
        RuntimeError("cannot take “Leonardo was born in Vinci”"),
        InputError("texts.txt: “Leonardo” is no name."),
        FileNotFoundError(2, "No such file", "/data/Leonardo.txt"),
        json.JSONDecodeError("Leonardo", "Leonardo", 0),
    ],
)
def test_what_the_user_wrote_is_in_no_traceback(error: BaseException) -> None:
    told = textless_traceback(_raise(error))
    assert "Leonardo" not in told
    assert type(error).__name__ in told and "in _raise" in told


def test_words_about_the_program_stay() -> None:
    assert textless_words(AttributeError("'NoneType' object has no attribute 'size'")) == (
        "AttributeError: 'NoneType' object has no attribute 'size'"
    )
    assert textless_words(RuntimeError("CUDA error: out of memory")) == "RuntimeError: CUDA error: out of memory"


def test_causes_are_told_first() -> None:
    try:
        try:
            raise TypeError("the first")
        except TypeError as inner:
            raise RuntimeError("the second") from inner
    except RuntimeError as error:
        told = textless_traceback(error)
    assert told.index("the first") < told.index("and so:") < told.index("the second")
