"""The mutants of a source file: a fixed list of small faults, each made by changing one node of its syntax tree.

What only words or types read is left alone: docstrings, annotations, assertions, marks and format strings. That the
columns of a `zip` are as long as each other (`strict`) is an assertion, too.
"""

from __future__ import annotations

import ast
import copy
import difflib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType
from typing import Final, NamedTuple

COMPARISONS: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
OPERATORS: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
SWAPPED_NAMES: Final = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list"}

# Calls whose arguments are told to people and decide nothing.
WORDS: Final = frozenset({"Mark", "Site", "site", "TypeVar", "cast"})

FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)


Key = tuple[str, str, str, str]


class Mutant(NamedTuple):
    """One fault. `function` is the qualified name, empty at module level; `number` its place in the file's list.

    `statement` is the line of the statement around it; `swappable` says that putting a new code object into the
    function is enough, so that nothing has to be imported again. `text` is the source of `line`.
    """

    file: str
    number: int
    function: str
    line: int
    statement: int
    mutation: str
    swappable: bool
    text: str

    @property
    def key(self) -> Key:
        """The key in the list of explained survivors: line numbers change too often."""
        return self.file, self.function, self.text, self.mutation


class Place(NamedTuple):
    """A node that is to be replaced: `put` sets what stands there."""

    node: ast.AST
    new: ast.AST
    put: Callable[[ast.AST], None]
    function: str
    statement: int
    swappable: bool


def _only_makes_a_mark(node: ast.AST) -> bool:
    """Return whether a function returns a label of a step and changes nothing."""
    if not isinstance(node, ast.FunctionDef) or not isinstance(node.returns, ast.Name) or node.returns.id != "Mark":
        return False
    effects = [one for one in node.body[1:] if isinstance(one, ast.Expr)]
    return not effects and not any(isinstance(one, ast.AugAssign) for one in ast.walk(node))


def _call_name(node: ast.AST | None) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


class _Finder:
    """Walks a tree in order of the source and notes every place for a fault."""

    def __init__(self, tree: ast.Module) -> None:
        self.words = WORDS | {node.name for node in ast.walk(tree) if _only_makes_a_mark(node)}
        self.places: list[Place] = []
        self.names: list[str] = []
        self.in_function = False
        self.in_signature = False
        self.statement = 0

    def _note(self, node: ast.AST, new: ast.AST | None, put: Callable[[ast.AST], None]) -> None:
        if new is not None:
            ast.copy_location(new, node)
            swappable = self.in_function and not self.in_signature
            self.places.append(Place(node, new, put, ".".join(self.names), self.statement, swappable))

    def visit(self, node: ast.AST, put: Callable[[ast.AST], None]) -> None:
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            self._enter(node)
            return
        if isinstance(node, (ast.Assert, ast.Import, ast.ImportFrom, ast.JoinedStr)) or _call_name(node) in self.words:
            return
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Yield)
            and _call_name(node.value.value) in self.words
        ):
            return
        if _only_makes_a_mark(node) or (isinstance(node, ast.keyword) and node.arg == "strict"):
            return
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return
        if isinstance(node, ast.stmt):
            self.statement = node.lineno
        for new in changes_of(node):
            self._note(node, new, put)
        self._children(node)

    def _enter(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self.names.append(node.name)
        outer, self.statement = self.in_function, node.lineno
        if not isinstance(node, ast.ClassDef):
            if not outer:
                self.in_signature = True
                self._list(node.args.defaults)
                self._list([default for default in node.args.kw_defaults if default is not None])
                self.in_signature = False
            self.in_function = True
        self._list(node.body)
        self.in_function = outer
        self.names.pop()

    def _children(self, node: ast.AST) -> None:
        for name, value in ast.iter_fields(node):
            if name == "annotation":
                continue
            if isinstance(value, list):
                self._list(value)
            elif isinstance(value, ast.AST):
                self.visit(value, lambda new, name=name: setattr(node, name, new))

    def _list(self, nodes: list[ast.AST]) -> None:
        for at, node in enumerate(nodes):
            if isinstance(node, ast.AST):
                self.visit(node, lambda new, at=at: nodes.__setitem__(at, new))


def _negated(test: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), test)


def changes_of(node: ast.AST) -> Iterator[ast.AST | None]:
    """The faults at one node, as what would stand in its place."""
    change = _CHANGES.get(type(node))
    if change is not None:
        yield from change(node)


def _of_compare(node: ast.Compare) -> Iterator[ast.AST]:
    for at, op in enumerate(node.ops):
        if type(op) in COMPARISONS:
            ops = [*node.ops[:at], COMPARISONS[type(op)](), *node.ops[at + 1 :]]
            yield ast.Compare(node.left, ops, node.comparators)


def _of_bool_op(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    if len(node.values) > 2:
        for at in range(len(node.values)):
            yield ast.BoolOp(node.op, [*node.values[:at], *node.values[at + 1 :]])


def _of_unary_op(node: ast.UnaryOp) -> Iterator[ast.AST]:
    if isinstance(node.op, (ast.Not, ast.Invert, ast.USub)):
        yield node.operand


def _of_bin_op(node: ast.BinOp) -> Iterator[ast.AST]:
    if type(node.op) in OPERATORS and not isinstance(node.left, ast.JoinedStr):
        yield ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right)


def _of_aug_assign(node: ast.AugAssign) -> Iterator[ast.AST]:
    if type(node.op) in OPERATORS:
        yield ast.AugAssign(node.target, OPERATORS[type(node.op)](), node.value)
    yield ast.Pass()


def _of_constant(node: ast.Constant) -> Iterator[ast.AST]:
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield ast.Constant(node.value + 1)
        if node.value > 1:
            yield ast.Constant(node.value - 1)


def _of_if(node: ast.If | ast.While) -> Iterator[ast.AST]:
    if not isinstance(node.test, (ast.Compare, ast.Constant)):
        made = copy.copy(node)
        made.test = _negated(node.test)
        yield made


def _of_if_exp(node: ast.IfExp) -> Iterator[ast.AST]:
    if not isinstance(node.test, ast.Compare):
        yield ast.IfExp(_negated(node.test), node.body, node.orelse)


def _of_comprehension(node: ast.comprehension) -> Iterator[ast.AST]:
    for at in range(len(node.ifs)):
        yield ast.comprehension(node.target, node.iter, [*node.ifs[:at], *node.ifs[at + 1 :]], node.is_async)


def _of_expr(node: ast.Expr) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, ast.Yield):
        value = value.value or value
    if isinstance(value, (ast.Call, ast.YieldFrom)) and _call_name(value) not in WORDS:
        yield ast.Pass()


def _of_return(node: ast.Return) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield ast.Return(ast.Constant(f"not {value.value}"))
    elif value is not None and not isinstance(value, (ast.Constant, ast.JoinedStr)) and _call_name(value) not in WORDS:
        yield ast.Return(ast.Constant(None))


def _of_call(node: ast.Call) -> Iterator[ast.AST]:
    for at, keyword in enumerate(node.keywords):
        if keyword.arg != "strict":
            yield ast.Call(node.func, node.args, [*node.keywords[:at], *node.keywords[at + 1 :]])
    if isinstance(node.func, ast.Name) and node.func.id in SWAPPED_NAMES:
        keywords = [] if node.func.id == "sorted" else node.keywords
        yield ast.Call(ast.Name(SWAPPED_NAMES[node.func.id], ast.Load()), node.args, keywords)


def _of_break(node: ast.Break) -> Iterator[ast.AST]:
    yield ast.Continue()


def _of_continue(node: ast.Continue) -> Iterator[ast.AST]:
    yield ast.Break()


_CHANGES: Final[dict[type[ast.AST], Callable[..., Iterator[ast.AST]]]] = {
    ast.Compare: _of_compare, ast.BoolOp: _of_bool_op, ast.UnaryOp: _of_unary_op, ast.BinOp: _of_bin_op,
    ast.AugAssign: _of_aug_assign, ast.Constant: _of_constant, ast.If: _of_if, ast.While: _of_if,
    ast.IfExp: _of_if_exp, ast.comprehension: _of_comprehension, ast.Expr: _of_expr, ast.Return: _of_return,
    ast.Call: _of_call, ast.Break: _of_break, ast.Continue: _of_continue,
}  # fmt: skip


def _parsed(path: Path) -> tuple[ast.Module, list[Place]]:
    tree = ast.parse(path.read_text(), str(path))
    finder = _Finder(tree)
    finder._list(tree.body)
    return tree, finder.places


def mutants_of(path: Path, name: str) -> list[Mutant]:
    """Every mutant of a file, which is called `name` in reports."""
    _, places = _parsed(path)
    found, lines = [], path.read_text().splitlines()
    for number, place in enumerate(places):
        old, new = _short(place.node), _short(place.new)
        line = getattr(place.node, "lineno", place.statement)
        text = f"{old} -> {new}" if old != new else old
        source = lines[line - 1].strip()
        found.append(Mutant(name, number, place.function, line, place.statement, text, place.swappable, source))
    return found


def _short(node: ast.AST) -> str:
    """The source of a node on one line; of a compound statement its head."""
    if isinstance(node, ast.comprehension):
        return " ".join(f"if {ast.unparse(test)}" for test in node.ifs) or "no condition"
    return ast.unparse(node).splitlines()[0]


def mutated(path: Path, number: int) -> ast.Module:
    """The tree of the file with one fault in it."""
    tree, places = _parsed(path)
    place = places[number]
    place.put(place.new)
    return ast.fix_missing_locations(tree)


def compiled(path: Path, number: int) -> CodeType:
    """The code of the module with one fault in it."""
    return compile(mutated(path, number), str(path), "exec", dont_inherit=True)


def diff_of(path: Path, number: int) -> str:
    """The fault as a diff of the source as it is written back from its tree, without comments."""
    before = ast.unparse(ast.parse(path.read_text())).splitlines()
    after = ast.unparse(mutated(path, number)).splitlines()
    return "\n".join(list(difflib.unified_diff(before, after, lineterm="", n=1))[2:])
