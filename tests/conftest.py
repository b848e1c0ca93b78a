"""Fixtures that every layer's tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.parity_table import as_records, table, take_in

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# No test asks for the developer's own keyring.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist sends its comparisons to the process that prints the table."""
    sent = getattr(session.config, "workeroutput", None)
    if sent is not None:
        sent["parity"] = as_records()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker is done."""
    take_in(getattr(node, "workeroutput", {}).get("parity", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """`pytest -k parity` ends with how far we are from the golden values."""
    for line in table():
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny random Llama."""
    from atu_gui.engine.tiny import make_language_model

    return make_language_model(tmp_path_factory.mktemp("models") / "tiny-llama")


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny random sentence encoder."""
    from atu_gui.engine.tiny import make_encoder

    return make_encoder(tmp_path_factory.mktemp("models") / "tiny-encoder")


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test reads or writes the user's own data, cache or settings."""
    for name in ("DATA", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"ATU_{name}", str(tmp_path / f"atu-{name.lower()}"))
    yield


def shared(*parts: str) -> Path:
    """A file of the shared material beside the checkout; skips the test, with the reason, where it is absent."""
    path = Path(__file__).resolve().parent.parent.parent.joinpath("shared", *parts)
    if not path.exists():
        pytest.skip(f"shared/{'/'.join(parts)} is not beside this checkout")
    return path


def parity(name: str) -> Path:
    """A file of golden values, from the folder in ATU_PARITY or the shared one."""
    folder = os.environ.get("ATU_PARITY")
    path = Path(folder) / name if folder else shared("parity", name)
    if not path.exists():
        pytest.skip(f"{path} does not exist")
    return path
