"""The hub's token: in the keyring, or nowhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from atu_gui.core.errors import InputError, OutputError
from atu_gui.core.hub_token import forget_token, in_environment, keep_token, kept_token
from tests.fake_keyring import FakeKeyring, fake_keyring

TOKEN = "hf_AbCdEfGhIjKlMnOp"


@pytest.fixture(autouse=True)
def ring(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKeyring]:
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with fake_keyring() as made:
        yield made


def test_a_token_is_kept_and_forgotten(ring: FakeKeyring) -> None:
    assert kept_token() is None
    keep_token(f" {TOKEN}\n")
    assert kept_token() == TOKEN
    forget_token()
    assert kept_token() is None and ring.kept == {}
    forget_token()


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_token(TOKEN)
    monkeypatch.setenv("HF_TOKEN", "hf_another0")
    assert kept_token() is None and in_environment()


@pytest.mark.parametrize("token", ["", "password", "hf_", "hf_Abc DefGhi", "hf_äöüäöüäöü"])
def test_what_is_no_token_is_refused_without_being_repeated(ring: FakeKeyring, token: str) -> None:
    with pytest.raises(InputError) as caught:
        keep_token(token)
    assert not token or token not in caught.value.message
    assert ring.kept == {}


def test_a_keyring_that_cannot_be_used_is_said(ring: FakeKeyring) -> None:
    ring.locked = True
    assert kept_token() is None
    forget_token()
    with pytest.raises(OutputError, match="no keyring that can be used") as caught:
        keep_token(TOKEN)
    assert TOKEN not in str(caught.value) and caught.value.__suppress_context__
