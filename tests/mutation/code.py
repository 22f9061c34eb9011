"""Code objects of loaded functions: found by their place in the source, and put into the functions that use them.

A function keeps its identity when its code changes, so tables and `from` imports need no new import.
"""

from __future__ import annotations

import ast
import builtins
import gc
from collections import defaultdict
from collections.abc import Iterator
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

HIT = "__statement_hit__"

Functions = dict[tuple[str, str, int], list[FunctionType]]


def loaded_functions(paths: set[str]) -> Functions:
    """The living functions that were written in the files, by file, qualified name and first line."""
    found: Functions = defaultdict(list)
    for thing in gc.get_objects():
        if type(thing) is FunctionType and thing.__code__.co_filename in paths:
            code = thing.__code__
            found[code.co_filename, code.co_qualname, code.co_firstlineno].append(thing)
    return found


def codes_in(module: CodeType) -> Iterator[CodeType]:
    """The outermost functions' code in a module, inside classes too."""
    for constant in module.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_flags & CO_OPTIMIZED:
                yield constant
            else:  # the body of a class
                yield from codes_in(constant)


def swap_in(module: CodeType, path: str, functions: Functions) -> bool:
    """Give every loaded function of the file the code of `module`; returns whether all could take theirs.

    A function keeps its closure: no code fits into it that has other free variables, as one without its super()."""
    fits, seen = True, set[tuple[str, int]]()
    for code in codes_in(module):
        place = code.co_qualname, code.co_firstlineno
        if place in seen:
            continue  # two lambdas in one line: nobody knows which is which
        seen.add(place)
        for function in functions.get((path, *place), ()):
            if len(function.__code__.co_freevars) == len(code.co_freevars):
                function.__code__ = code
            else:
                fits = False
    return fits


class _Instrument(ast.NodeTransformer):
    """Puts a call in front of each statement of each function, which says that it is reached."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.inside = False

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        outer, self.inside = self.inside, True
        self.generic_visit(node)
        node.body = self._marked(node.body)
        self.inside = outer
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if self.inside and not isinstance(node, ast.FunctionDef):
            for field in ("body", "orelse", "finalbody"):
                value = getattr(node, field, None)
                if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                    setattr(node, field, self._marked(value))
        return node

    def _marked(self, body: list[ast.stmt]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for statement in body:
            call = ast.Call(ast.Name(HIT, ast.Load()), [ast.Constant((self.name, statement.lineno))], [])
            found += [ast.copy_location(ast.Expr(call), statement), statement]
        return found


def instrument(paths: dict[str, Path], functions: Functions, hits: set[Any]) -> None:
    """From now on each reached statement of the files adds (file, line) to `hits`."""
    setattr(builtins, HIT, hits.add)
    for name, path in paths.items():
        tree = _Instrument(name).visit(ast.parse(path.read_text(), str(path)))
        swap_in(compile(ast.fix_missing_locations(tree), str(path), "exec", dont_inherit=True), str(path), functions)
