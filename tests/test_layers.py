"""The contracts of imports leave no module out; below the window no Qt is loaded; files and functions are short."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from tests.paths import ROOT

PACKAGE = ROOT / "hwpoison_gui"
MOST_LINES = 450
MOST_OF_FUNCTION = 60
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]

# It runs where there is no Qt.
CODE = """
import importlib, pkgutil, sys
for layer in ("dram", "export", "kernel", "opening", "session", "sources", "user", "view"):
    package = importlib.import_module("hwpoison_gui." + layer)
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
import hwpoison_gui.cli, hwpoison_gui.lessons
print(sorted({name.partition(".")[0] for name in sys.modules} & {"PySide6", "shiboken6"}))
"""


def modules_in(folder: Path) -> set[str]:
    """Modules and packages of a package, without `__init__`."""
    return {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()} - {
        "__init__"
    }


def layered(contract: dict[str, Any]) -> set[str]:
    return {name.strip() for layer in contract["layers"] for name in layer.split("|")}


def test_model_loads_no_qt() -> None:
    shown = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert shown.stdout.strip() == "[]", shown.stderr


def test_every_module_outside_the_window_must_not_load_qt() -> None:
    (held,) = (one["source_modules"] for one in CONTRACTS if "PySide6" in one.get("forbidden_modules", ()))
    assert {name.removeprefix("hwpoison_gui.") for name in held} == modules_in(PACKAGE) - {"gui"}


def test_a_package_that_is_layered_by_its_modules_has_each_of_them_in_a_layer() -> None:
    of_parts = [(one, name) for one in CONTRACTS for name in one.get("exhaustive_ignores", ())]
    assert of_parts
    for contract, name in of_parts:
        folder = PACKAGE.parent.joinpath(*contract["containers"][0].split("."), name)
        assert {f"{name}.{module}" for module in modules_in(folder)} <= layered(contract)


def of_kernels() -> dict[str, tuple[int, ...]]:
    """The modules of kernel/ that are of one kernel, and its version: `profile.linux_6_1`, `phases_6_1`."""
    names = {*modules_in(PACKAGE / "kernel"), *(f"profile.{name}" for name in modules_in(PACKAGE / "kernel/profile"))}
    found = {name: re.fullmatch(r"(?:profile\.linux|[a-z]+)_(\d+)_(\d+)", name) for name in names}
    return {name: tuple(map(int, version.groups())) for name, version in found.items() if version is not None}


def test_every_module_of_the_kernel_is_in_a_layer_or_of_one_kernel() -> None:
    (contract,) = (one for one in CONTRACTS if one.get("containers") == ["hwpoison_gui.kernel"])
    names = modules_in(PACKAGE / "kernel") - {"profile"}
    names |= {f"profile.{name}" for name in modules_in(PACKAGE / "kernel/profile")}
    assert names - of_kernels().keys() <= layered(contract) <= names


def test_a_kernel_imports_no_newer_one() -> None:
    versions = of_kernels()
    assert len(set(versions.values())) > 2
    for name, version in versions.items():
        tree = ast.parse((PACKAGE / "kernel" / f"{name.replace('.', '/')}.py").read_text())
        imported = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        named = {one for node in imported for one in (*(node.module or "").split("."), *(a.name for a in node.names))}
        newer = {other for other, its in versions.items() if its > version and other.rpartition(".")[2] in named}
        assert not newer, name


def test_files_and_functions_have_at_most_the_lines_that_contributing_allows() -> None:
    long = []
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text()
        if text.count("\n") > MOST_LINES:
            long.append(f"{path.relative_to(ROOT)}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _lines_of(node) > MOST_OF_FUNCTION:
                long.append(f"{path.relative_to(ROOT)}: {node.name}() has {_lines_of(node)} lines")
    assert not long


def _lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1
