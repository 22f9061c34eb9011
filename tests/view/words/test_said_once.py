"""Sentences are written once: a site that says the same as another one refers to it."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from hwpoison_gui.view import words

FILES = sorted(Path(words.__file__).parent.glob("*.py"))
FEWEST_WORDS = 4  # clauses of three words, as `PG_dirty is set`, may be facts of several sentences


def _texts(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The texts written in a module with their lines: string literals and f-strings, without docstrings."""
    nodes = list(ast.walk(tree))
    skipped = {node.value for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            skipped.update(part for part in ast.walk(node) if part is not node)
    for node in nodes:
        if node in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            yield ast.unparse(node), node.lineno
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value, node.lineno


def test_no_sentence_is_written_twice() -> None:
    places = defaultdict[str, list[str]](list)
    for file in FILES:
        for text, line in _texts(ast.parse(file.read_text(encoding="utf-8"))):
            if len(text.split()) >= FEWEST_WORDS:
                places[text].append(f"{file.name}:{line}")
    assert len(places) > 100
    assert not {text: found for text, found in places.items() if len(found) > 1}
