"""The user's token for the model hub, in the system's keyring and nowhere else.

The environment (`HF_TOKEN`) and `hf auth login` go on to work: where nothing is kept here, the hub's own library looks
there.
"""

from __future__ import annotations

import os
import re

from atu_gui.core.errors import InputError, OutputError

_SERVICE, _USER = "atu-gui", "model hub"
_FORM = re.compile(r"hf_[A-Za-z0-9]{8,200}")
_VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")


def in_environment() -> bool:
    """Whether the environment names a token; it wins."""
    return any(os.environ.get(name, "").strip() for name in _VARIABLES)


def kept_token() -> str | None:
    """The token to send; None leaves it to the hub's library. May ask the user to unlock the keyring."""
    if in_environment():
        return None
    try:
        import keyring

        return keyring.get_password(_SERVICE, _USER) or None
    except Exception:
        # No keyring on this machine, or one that stays locked: each backend says so in a way of its own.
        return None


def keep_token(token: str) -> None:
    """Put a token into the keyring, in place of the one that is there.

    Raises:
        InputError: It is no token of the hub.
        OutputError: There is no keyring.
    """
    token = token.strip()
    if not _FORM.fullmatch(token):
        raise InputError("This is no token of the hub.", "One begins with hf_; copy it from your settings on the hub.")
    try:
        import keyring

        keyring.set_password(_SERVICE, _USER, token)
    except Exception:
        raise OutputError(
            "This system has no keyring that can be used.", "Set HF_TOKEN in the environment, or use “hf auth login”."
        ) from None


def forget_token() -> None:
    """Take the token out of the keyring; nothing happens where there is none."""
    try:
        import keyring

        keyring.delete_password(_SERVICE, _USER)
    except Exception:
        return
