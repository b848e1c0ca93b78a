"""What can go wrong, as a tree.

    AtuError
    ├── UserError            the user can mend it: the message says what happened, the hint what to try
    │   ├── InputError       a config, text file, pack or option (``faults`` lists every one of them)
    │   ├── ModelError       a model or encoder that is unknown, damaged, gated, unsafe or unsupported
    │   ├── DownloadError    no source could deliver a file
    │   ├── OutputError      a folder that cannot be written, a full disk
    │   └── ResourceError    not enough memory, no such device
    └── InternalError        a bug of ours

Cancelling is no error: long work that is cancelled ends with an event (see `atu_gui.core.events`),
and `Cancelled` only unwinds the stack between the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# What torch says where it cannot allocate a tensor over the storage that safetensors has read.
_UNREAD = "could not determine the shape of object type 'torch.storage.untypedstorage'"
_NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")
_DEVICE_FAILED = ("CUDA error", "HIP error", "cuDNN error", "CUBLAS_STATUS", "CUDNN_STATUS", "MPS backend error")


class AtuError(Exception):
    """Base of everything this package raises on purpose.

    Args:
        message: One sentence saying what happened, ending with a period.
        hint: What to try, or an empty string.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UserError(AtuError):
    """Something the user can mend."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of an input: where it stands and what is wrong with it."""

    where: str
    problem: str

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}" if self.where else self.problem


class InputError(UserError):
    """A config, text file, pack or option with one or more faults, reported together."""

    def __init__(self, message: str, hint: str = "", faults: Sequence[Fault] = ()) -> None:
        super().__init__(message, hint)
        self.faults = tuple(faults)

    @classmethod
    def of(cls, faults: Sequence[Fault], hint: str = "") -> InputError:
        """Build one error out of at least one fault."""
        return cls(" ".join(_sentence(str(fault)) for fault in faults), hint, faults)


class ModelError(UserError):
    """A model or encoder cannot be used."""


class DownloadError(UserError):
    """No source could deliver what was asked for."""


class OutputError(UserError):
    """Results cannot be written."""


class ResourceError(UserError):
    """The machine lacks what the work needs."""


class InternalError(AtuError):
    """A bug: the details belong in a report, not in the user's lap."""


class Cancelled(Exception):  # noqa: N818 - cancelling is no error
    """Unwinds long work that was asked to stop."""


class Suspended(Cancelled):
    """Unwinds a run that was kept, to be resumed later."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the machine or a device had no memory left.

    torch's own type is looked at by name because this must work without importing torch; its CPU allocator only has
    words. Libraries raise errors of their own from it, such as tokenizers that make tensors.
    """
    if isinstance(error, AtuError):
        return False
    if isinstance(error, MemoryError) or (error.__cause__ is not None and is_out_of_memory(error.__cause__)):
        return True
    words = str(error).lower()
    if isinstance(error, ValueError):
        return _UNREAD in words
    return isinstance(error, RuntimeError) and (
        type(error).__name__ == "OutOfMemoryError" or any(said in words for said in _NO_MEMORY)
    )


def is_device_lost(error: BaseException) -> bool:
    """Whether a device failed in a way after which nothing on it can be used: a bad address, a reset, a removal.

    torch's own type is looked at by name, as above; older versions only have words.
    """
    if is_out_of_memory(error):
        return False
    failed = any(said in str(error) for said in _DEVICE_FAILED)
    return isinstance(error, RuntimeError) and (type(error).__name__ == "AcceleratorError" or failed)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."
