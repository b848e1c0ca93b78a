"""The house's own rules: what may be imported where, what is packed, and whether README is right about set-up."""

from __future__ import annotations

import ast
import importlib.util
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import atu_gui
from atu_gui.core import paths

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "atu_gui"
TORCH = ("torch", "transformers", "sentence_transformers")
QT = ("PySide6", "pyqtgraph", "qtawesome")
TOP_LEVEL = {
    "atu_gui",
    "resources",
    "tests",
    "main.py",
    "pyproject.toml",
    "constraints.txt",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
}


def _python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _all_modules(name: str) -> list[str]:
    """The module and everything below it, found without importing anything."""
    spec = importlib.util.find_spec(name)
    assert spec is not None, f"{name} does not exist"
    below = pkgutil.walk_packages(spec.submodule_search_locations or [], f"{name}.")
    return [name, *(module.name for module in below)]


@pytest.mark.parametrize(
    ("name", "banned"),
    [
        ("atu_gui.core", TORCH + QT + ("sqlite3",)),
        ("atu_gui.store", TORCH + QT),
        ("atu_gui.report", TORCH + QT),
        ("atu_gui.service", TORCH + QT),
        ("atu_gui.cli", TORCH + QT),
        ("atu_gui.ui", TORCH),
        ("atu_gui.app", TORCH),
    ],
)
def test_importing_every_module_of_a_layer_loads_nothing_heavy(name: str, banned: tuple[str, ...]) -> None:
    code = (
        "import importlib, sys\n"
        f"for name in {_all_modules(name)!r}: importlib.import_module(name)\n"
        f"print(*[name for name in {banned!r} if name in sys.modules])"
    )
    assert _python(code).split() == []


def _resource_calls() -> list[tuple[Path, tuple[str, ...]]]:
    """Every `resource("a", "b", …)` in the package whose parts are all literal."""
    calls = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            parts = [part.value for part in node.args if isinstance(part, ast.Constant)]
            if name == "resource" and parts and len(parts) == len(node.args):
                calls.append((path, tuple(parts)))
    return calls


def test_every_resource_named_in_code_exists() -> None:
    calls = _resource_calls()
    assert calls, "the package reads its bundled files through core.paths.resource"
    missing = [
        f"{path.relative_to(ROOT)}: {'/'.join(parts)}" for path, parts in calls if not paths.resource(*parts).exists()
    ]
    assert missing == []


def test_version_comes_from_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" in project["project"]["dynamic"]
    assert project["tool"]["hatch"]["version"]["path"] == "atu_gui/__init__.py"
    assert f"## {atu_gui.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_dependency_is_pinned_in_the_constraints() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    pinned = {_canonical(name) for name in pins}
    assert {_canonical(re.split(r"[<>=!~\[; ]", line)[0]) for line in wanted} - pinned == set()
    assert [version for version in pins.values() if "+" in version] == [], "a local version exists on one machine only"


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_no_source_file_is_longer_than_400_lines() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for folder in (PACKAGE, ROOT / "tests")
        for path in folder.rglob("*.py")
    }
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}


def test_every_module_says_what_it_is() -> None:
    silent = [
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*.py")
        if len(ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "") < 10
    ]
    assert silent == []


def test_readme_opens_with_what_ci_runs() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = [block.strip() for block in re.findall(r"```sh\n(.*?)```", readme, flags=re.DOTALL)]
    (open_window, check), packages = blocks[0].splitlines(), blocks[1]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert check in script.splitlines()
    assert check.endswith(" && poe check")
    install = check.removesuffix(" -e '.[dev]' && poe check")
    assert open_window == f"{install} . && atu-gui"
    installed = re.search(r"^packages=\((.*)\)$", script, flags=re.MULTILINE)
    assert installed is not None
    assert packages.split("--no-install-recommends ")[1].split() == installed[1].split()


def test_the_top_level_holds_nothing_else() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    tops = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert {top for top in tops if not top.startswith(".")} <= TOP_LEVEL
