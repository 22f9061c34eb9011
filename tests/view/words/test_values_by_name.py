"""A value of a mark is asked for by its name: by its number it would be another one once a site has one more."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import hwpoison_gui

PACKAGE = Path(hwpoison_gui.__file__).parent


def _is_args(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "args"


def _by_number(tree: ast.AST) -> Iterator[ast.AST]:
    """Expressions that take a value out of `args` by its number, and assignments that unpack them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and _is_args(node.value):
            index = node.slice.operand if isinstance(node.slice, ast.UnaryOp) else node.slice
            if isinstance(index, ast.Constant) and isinstance(index.value, int):
                yield node
        elif isinstance(node, ast.Assign) and _is_args(node.value) and isinstance(node.targets[0], ast.Tuple):
            yield node


@pytest.mark.parametrize("wrong", ("mark.args[2]", "mark.args[-1]", "early, vmas = mark.args"))
def test_a_number_is_noticed(wrong: str) -> None:
    assert list(_by_number(ast.parse(wrong)))


@pytest.mark.parametrize("right", ("step.args['task']", "args = mark.args", "file.args[key]"))
def test_a_name_is_not(right: str) -> None:
    assert not list(_by_number(ast.parse(right)))


def test_no_code_takes_values_by_number() -> None:
    found = []
    for file in sorted(PACKAGE.rglob("*.py")):
        found += [
            f"{file.relative_to(PACKAGE)}: {ast.unparse(node)}" for node in _by_number(ast.parse(file.read_text()))
        ]
    assert not found
