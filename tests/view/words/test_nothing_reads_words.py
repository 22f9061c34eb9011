"""Sentences are written for people: no code reads a sentence, a reason or a log line to learn what happened."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import hwpoison_gui

PACKAGE = Path(hwpoison_gui.__file__).parent

_MAKERS = {
    "amount", "as_text", "branch_of", "clause_of", "function_of", "heading_of", "in_words", "kernels_words",
    "lost_words", "preview", "text_of", "time_words", "title_of", "value_words", "verdict", "walk_cost", "why_of",
}  # fmt: skip
# Of a Loss, a Mapping or an operation, a Matched; a meaning, a tool tip, the name of an axis.
_WORDS = {"brief", "lost", "meaning", "stops", "tip", "title", "x_name", "y_name"}
_KEEPS = {"strip", "lower"}
_TAKES_APART = {
    "startswith", "endswith", "partition", "rpartition", "split", "find", "index", "removeprefix", "removesuffix",
    "count",
}  # fmt: skip

# A scenario says which lines it expects; there they are looked for. Words make words of words.
_ALLOWED = {"session/scenario/expect.py", "view/words/lookup.py"}


def _called(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _is_words(node: ast.expr) -> bool:
    """Whether an expression is a sentence or a part of one, as a view gets it."""
    if isinstance(node, ast.Call):
        name = _called(node.func)
        return name in _MAKERS or (
            name in _KEEPS and isinstance(node.func, ast.Attribute) and _is_words(node.func.value)
        )
    if isinstance(node, ast.Subscript):
        return _is_words(node.value)
    return isinstance(node, ast.Attribute) and node.attr in _WORDS


def _is_log(node: ast.expr) -> bool:
    """Whether an expression is the lines of the log, or what an operation logged."""
    if isinstance(node, ast.Call):
        return _called(node.func) in ("log_lines", "reversed") and (not node.args or _called(node.func) == "log_lines"
                                                                     or _is_log(node.args[0]))  # fmt: skip
    return isinstance(node, ast.Attribute) and node.attr == "log" and _called(node.value) == "outcome"


def _compares(node: ast.AST) -> Iterator[ast.Compare]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Compare) and isinstance(inner.ops[0], (ast.In, ast.NotIn, ast.Eq, ast.NotEq)):
            yield inner


def _read(tree: ast.AST) -> Iterator[ast.AST]:
    """Expressions that compare words, look into them or take them apart, and searches through the log."""
    yield from (node for node in _compares(tree) if any(_is_words(side) for side in (node.left, *node.comparators)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            taken_apart = node.func.attr in _TAKES_APART and _is_words(node.func.value)
        else:
            searches = isinstance(node, (ast.GeneratorExp, ast.ListComp, ast.SetComp)) and any(_compares(node))
            taken_apart = searches and any(_is_log(loop.iter) for loop in node.generators)
        if taken_apart:
            yield node


@pytest.mark.parametrize("wrong", (
    "'already' in text_of(mark)", "text_of(mark) == 'done'", "text_of(mark).startswith('Frame')",
    "why_of(mark).partition(' ')", "branch_of(mark) in kinds", "any('poisoned' in line for line in outcome.log)",
    "next(line for line in reversed(log_lines(session)) if 'panic' in line)",
    "loss.lost.startswith('Nothing')", "'in use' in loss.brief", "text_of(mark).removesuffix('.')",
    "mapping.title.partition(' ')", "'panic' in matched.stops", "flag.meaning.partition(':')", "amount(size).split()",
))  # fmt: skip
def test_reading_words_is_noticed(wrong: str) -> None:
    assert list(_read(ast.parse(wrong)))


def test_no_code_reads_words() -> None:
    found = []
    for file in sorted(PACKAGE.rglob("*.py")):
        name = str(file.relative_to(PACKAGE))
        if name not in _ALLOWED:
            found += [f"{name}: {ast.unparse(node)}" for node in _read(ast.parse(file.read_text()))]
    assert not found
