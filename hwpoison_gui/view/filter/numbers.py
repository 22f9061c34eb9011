"""Filter terms that compare numbers: `mapcount>=14`, `refcount!=mapcount+1`, `order=0,9`, `rss>10M`.

Each side is a number, a quantity, or a sum of them; after = and != there may be a list of them. Quantities are of
a frame, or of the processes that map it: a frame is found if the comparison holds for one of these processes.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from functools import reduce
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.page_mapping import MAPPING_ANON, MAPPING_KSM, mapping_flags, mapping_number
from hwpoison_gui.kernel.records import PAGE_SHIFT, Process
from hwpoison_gui.record import Record
from hwpoison_gui.view.filter.terms import FilterError, did_you_mean, frames_of_owners
from hwpoison_gui.view.rmap.covering import vmas_over
from hwpoison_gui.view.rmap.page_offset import high_bits

I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
_UNKNOWN: Final = np.iinfo(np.int64).min  # for a frame that has no such number: no comparison holds for it


class Quantity(Record):
    """A number that frames have (`of_frames`, int64 per frame), or processes."""

    meaning: str
    of_frames: Callable[[Machine], I64] | None = None
    of_process: Callable[[Machine, Process], int] | None = None


Sum = tuple[tuple[int, str | int], ...]  # pairs of sign and quantity or number


class Comparison(Record):
    """The sums on both sides, the operator, and where it stands in the text.

    `right` has several where a list was given: the left side is one of them, or with != none.
    """

    left: Sum
    sign: str
    right: tuple[Sum, ...]
    at: int
    length: int


# -- the quantities


def _index(m: Machine) -> I64:
    """page->index in pages; unknown without a mapping, of KSM pages, and where an anon_vma's VMA was moved."""
    heads = m.compound_heads(slice(None))
    mapping = m.mapping.view[heads]
    flags = mapping_flags(mapping)
    index: I64 = m.index.view[heads].astype(np.int64) + np.arange(m.frames) - heads
    index[(mapping == 0) | (flags == MAPPING_KSM)] = _UNKNOWN
    anon = np.flatnonzero(flags == MAPPING_ANON)
    numbers, which = np.unique(mapping_number(mapping[anon]), return_inverse=True)
    highs = [high_bits(m, number) for number in numbers.tolist()]
    known = np.array([high is not None for high in highs], np.bool_)
    index[anon] += np.array([high or 0 for high in highs], np.int64)[which]
    index[anon[~known[which]]] = _UNKNOWN
    return index


def _order(m: Machine) -> I64:
    orders = np.zeros(m.frames, np.int64)
    for head, order in m.compound_order.view.items():
        orders[head : head + (1 << order)] = order
    return orders


QUANTITIES: Final[dict[str, Quantity]] = {
    "mapcount": Quantity("_mapcount: page-table entries that map it", lambda m: m.mapcount.view.astype(np.int64)),
    "refcount": Quantity("_refcount: who holds on to it; free at 0", lambda m: m.refcount.view.astype(np.int64)),
    "pfn": Quantity("the number of the frame", lambda m: np.arange(m.frames, dtype=np.int64)),
    "address": Quantity(
        "its physical address in bytes", lambda m: np.arange(m.frames, dtype=np.int64) << PAGE_SHIFT
    ),
    "index": Quantity("page->index: its page in the file, or that of its address", _index),
    "vmas": Quantity("VMAs that cover it: the handler visits each of them for each task", vmas_over),
    "order": Quantity("of the compound page that it is in: 2^order frames", _order),
    "rss": Quantity(
        "bytes in memory of a process that maps it",
        of_process=lambda m, process: m.rss.view.get(process.mm, 0) << PAGE_SHIFT,
    ),
    "threads": Quantity(
        "threads of a process that maps it", of_process=lambda m, process: len(process.threads)
    ),
}  # fmt: skip
# Other names, as the lenses, the tables and the kernel have them.
ALIASES: Final = {
    "mappings": "mapcount", "maps": "mapcount", "_mapcount": "mapcount", "references": "refcount", "refs": "refcount",
    "_refcount": "refcount", "frame": "pfn", "addr": "address", "pgoff": "index", "compound_order": "order",
    "thr": "threads",
}  # fmt: skip
SIGNS: Final = {
    ">=": "at least", "<=": "at most", "!=": "anything but", "=": "exactly", ">": "more than", "<": "less than",
}  # fmt: skip
_OPERATORS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    ">=": operator.ge, "<=": operator.le, "!=": operator.ne, "=": operator.eq, "==": operator.eq, ">": operator.gt,
    "<": operator.lt,
}  # fmt: skip
_OF_LISTS: Final = ("=", "==", "!=")
_SIGN: Final = re.compile(r"<=|>=|!=|==|<|>|=")
_NEXT_TERM: Final = re.compile(r",(?=[^,]*[<>=])")  # the comma before another comparison
_NUMBER: Final = re.compile(r"(0[xX][0-9a-fA-F]+|[0-9]+)([kKmMgGtT]?)(?:[iI]?[bB])?")
_UNITS: Final = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}
_LARGEST: Final = 1 << 62


def quantity_named(word: str) -> str:
    """The key in QUANTITIES of a name; empty if nothing is called so."""
    key = ALIASES.get(word.lower(), word.lower())
    return key if key in QUANTITIES else ""


def is_comparison(token: str) -> bool:
    """True for a term with <, > or !=, and for one that compares a quantity by =."""
    found = _SIGN.search(token)
    if found is None:
        return False
    names = re.split(r"[+,-]", f"{token[: found.start()]},{token[found.end() :]}")
    return found.group() not in ("=", "==") or any(map(quantity_named, names))


def comparison_of(token: str, at: int) -> Comparison:
    """Parse a term that is a comparison and stands at `at` in the text. Raises FilterError."""
    found = _SIGN.search(token)
    assert found is not None
    left = _sum(token[: found.start()], at, token)
    right = _list(token[found.end() :], at + found.end(), found.group(), token)
    made = Comparison(left, found.group(), right, at, len(token))
    names = _names_in(made)
    if not names:
        raise FilterError(f"compare a number of the frames: {_known()}", at, len(token))
    if len(names) > 1 and any(QUANTITIES[name].of_process for name in names):
        name = next(name for name in names if QUANTITIES[name].of_process)
        raise FilterError(
            f"{name} is a number of processes; compare it with a plain number: {name}>10M", at, len(token)
        )
    return made


def _names_in(one: Comparison) -> set[str]:
    return {part for side in (one.left, *one.right) for _, part in side if isinstance(part, str)}


def _list(text: str, at: int, sign: str, token: str) -> tuple[Sum, ...]:
    """The sums of a list with commas, which only = and != can have."""
    if _SIGN.search(text.partition(",")[2]):
        raise FilterError(f"a space separates terms: {_NEXT_TERM.sub(' ', token)}", at, len(text))
    if "," in text and sign not in _OF_LISTS:
        raise FilterError("a list of numbers stands after = or !=, as order=0,9 or mapcount!=1,2", at, len(text))
    sums, place = [], at
    for piece in text.split(","):
        sums.append(_sum(piece, place, token))
        place += len(piece) + 1
    return tuple(sums)


def _sum(text: str, at: int, token: str) -> Sum:
    parts: list[tuple[int, str | int]] = []
    for piece in re.finditer(r"([+-]?)([^+-]*)", text):
        sign, word = piece.groups()
        if word or sign or (not parts and not text):
            parts.append((-1 if sign == "-" else 1, _part(word, at + piece.start(2), token)))
    return tuple(parts)


def _part(word: str, at: int, token: str) -> str | int:
    """A quantity's key, or a number."""
    number = _NUMBER.fullmatch(word)
    if number is not None:
        digits = number[1]
        value = int(digits, 16 if digits[:2].lower() == "0x" else 10) << _UNITS[number[2].lower()]
        if value >= _LARGEST:
            raise FilterError("this number is too large", at, len(word))
        return value
    if not word:
        raise FilterError(f"a number is missing: {token or 'mapcount>='}14, refcount!=mapcount+1", at, 1)
    if key := quantity_named(word):
        return key
    if "," in word:
        if word[0].isdigit():
            raise FilterError("a list of numbers stands on the right: order=0,9", at, len(word))
        both = f"{word.rpartition(',')[0]} {token[word.rindex(',') + 1 :]}"
        raise FilterError(f"a space separates terms: {both}", at, len(word))
    if word[0].isdigit():
        raise FilterError("not a number: numbers are written 14, 0xe, 64K, 10M or 1G", at, len(word))
    near = did_you_mean(word, [*QUANTITIES, *ALIASES])
    raise FilterError(f"{near or 'no number has that name.'} Numbers are {_known()}", at, len(word))


def _known() -> str:
    frames = [name for name, quantity in QUANTITIES.items() if quantity.of_frames]
    processes = [name for name, quantity in QUANTITIES.items() if quantity.of_process]
    return f"{', '.join(frames)}; of its processes {' and '.join(processes)}"


# -- what they find


def frames_compared(m: Machine, one: Comparison) -> Bools:
    """The frames for which a comparison holds (bool per frame)."""
    names = _names_in(one)
    of_process = QUANTITIES[next(iter(names))].of_process
    if of_process is not None:
        name, owners = next(iter(names)), []
        for process in m.living():
            if _holds(one, {name: of_process(m, process)}):
                owners.append(process)
        return frames_of_owners(m, owners, ())
    columns = {name: _column(m, name) for name in names}
    found: Bools = np.broadcast_to(_holds(one, columns), m.frames).copy()
    found &= (m.flags.view & np.uint64(pf.NOPAGE)) == 0
    for column in columns.values():
        found &= column != _UNKNOWN
    return found


def _holds(one: Comparison, values: dict[str, Any]) -> Any:
    """Return whether it holds: a bool, or one per frame where the values are columns."""
    left, holds = _total(one.left, values), _OPERATORS[one.sign]
    each = [holds(left, _total(side, values)) for side in one.right]
    return reduce(operator.and_ if one.sign == "!=" else operator.or_, each)


def _column(m: Machine, name: str) -> I64:
    of_frames = QUANTITIES[name].of_frames
    assert of_frames is not None
    return of_frames(m)


def _total(parts: Sum, values: dict[str, Any]) -> Any:
    return sum(sign * (values[part] if isinstance(part, str) else part) for sign, part in parts)
