"""Filter expressions: which frames to look for, by flags as page-types spells them, by number, owner or class.

    lru,dirty            any of these flags          =anon,lru       exactly these flags and no other
    lru,~dirty           LRU and not DIRTY           lru,dirty=lru   the same: of these two exactly LRU
    4096  0x1000+512     one frame; 512 frames       0x1000,0x2000   up to, but not including
    Memory failure: 0x1000: ...                      the frame of a line of the kernel log
    nginx  pid:144       what a process has mapped   nginx:heap  144:libc*   one VMA; nginx:heap+3 one page
    /srv/data  lib*      what is cached of files     node:1  zone:dma32      where it lies
    outcome:lost         a class of a lens           late  page-table       the same, by its name in the legend
    outcome:harmful      frames of several outcomes: whose error signals, loses data or panics, and failed ones
    snapshot:freed       what changed in a second snapshot, by a class of its lens, or by a row of its panel:
    snapshot:anon>free   from which kind to which   snapshot:-dirty  flag cleared   snapshot:+nginx:4711  mapped now
    differs:1            the largest group to which another kernel gives another outcome
    mapcount>=14         numbers                     refcount!=mapcount+1  index<16  rss>10M
    row:of:0x2416        the row of DRAM of a frame  bank:channel0/rank1/bg2/bank3  dimm:of:0x2416

Terms with spaces between them must all hold; a name with a space stands in quotes: "Web Content":heap.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.record import Record
from hwpoison_gui.view.base.frame_number import frame_in_line, frame_of_number, hint_for
from hwpoison_gui.view.filter.numbers import (
    Comparison,
    comparison_of,
    frames_compared,
    is_comparison,
    quantity_named,
)
from hwpoison_gui.view.filter.parts_of_dram import PARTS, GeometryOf, frames_of_part, is_part
from hwpoison_gui.view.filter.terms import (
    FLAGS,
    MISSING,
    SORTS,
    ClassesOf,
    FilterError,
    Term,
    did_you_mean,
    frames_of,
    lens_named,
    slug,
    tokens_of,
    unknown,
)
from hwpoison_gui.view.map.lenses import SNAPSHOT
from hwpoison_gui.view.map.plane import Match

Bools = npt.NDArray[np.bool_]

__all__ = ["Filter", "FilterError", "FlagTest", "parse", "slug"]


class FlagTest(Record):
    """Holds for a flag word when `word & mask` equals `value`, or, with `value` None, when it is not 0."""

    mask: int
    value: int | None

    def holds(self, word: int) -> bool:
        found = word & self.mask
        return bool(found) if self.value is None else found == self.value


class Filter(Record):
    """A parsed expression. `line`: what a line of a log, which stands for itself, was taken for."""

    text: str
    flags: tuple[FlagTest, ...] = ()
    ranges: tuple[tuple[int, int | None], ...] = ()
    terms: tuple[Term, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    line: str = ""

    def match(self, m: Machine, classes_of: ClassesOf, geometry: GeometryOf | None = None) -> Match:
        """The matching frames of a machine. Raises FilterError for names that the machine does not have.

        `geometry`: of its DRAM; without one, the geometry that is made up.
        """
        words: list[Callable[[int], bool]] = [test.holds for test in self.flags]
        frames: Bools | None = None
        for first, last in self.ranges:
            inside = np.zeros(m.frames, np.bool_)
            if last == first + 1:
                first = frame_of_number(first, m.frames).pfn
                last = first + 1
            inside[first:last] = True
            frames = inside if frames is None else frames & inside
        for term in self.terms:
            found = frames_of_part(m, term, geometry) if term.sort == "dram" else frames_of(m, term, classes_of)
            if callable(found):
                words.append(found)
            else:
                frames = found if frames is None else frames & found
        for one in self.comparisons:
            compared = frames_compared(m, one)
            frames = compared if frames is None else frames & compared
        return Match(lambda word: all(test(word) for test in words), frames)

    def interval_of(self, quantity: str) -> tuple[int, int] | None:
        """The least and the greatest value where the filter asks for an interval of a quantity, and nothing else."""
        if self.flags or self.ranges or self.terms:
            return None
        least, most = list[int](), list[int]()
        for one in self.comparisons:
            if one.left != ((1, quantity),) or one.sign not in ("=", "==", ">=", "<=") or len(one.right) != 1:
                return None
            ((sign, value), *more) = one.right[0]
            if more or isinstance(value, str):
                return None
            if one.sign != "<=":
                least.append(sign * value)
            if one.sign != ">=":
                most.append(sign * value)
        return (max(least), min(most)) if least and most else None

    def taken_for(self, frames: int) -> str:
        """Interpretation of a log line or a single number on a machine with so many frames; empty for other filters."""
        if self.line or len(self.ranges) != 1:
            return self.line
        first, last = self.ranges[0]
        return frame_of_number(first, frames).words if last == first + 1 else ""


_NUMBER: Final = re.compile(r"0[xX][0-9a-fA-F]+|[0-9]+")
_BY_NAME: Final = {name: 1 << flag.bit for name, flag in FLAGS.items()}


def parse(text: str) -> Filter | None:
    """An expression, None for one without any term. Raises FilterError."""
    flags: list[FlagTest] = []
    ranges: list[tuple[int, int | None]] = []
    terms: list[Term] = []
    comparisons: list[Comparison] = []
    line = frame_in_line(text)
    if line is not None:
        return Filter(text, ranges=((line.pfn, line.pfn + 1),), line=line.words)
    for token, at in tokens_of(text):
        sort, colon, rest = token.partition(":")
        if token.startswith("/"):
            terms.append(Term("path", token, at))
        elif colon and lens_named(sort) is SNAPSHOT:  # before comparisons: the names of its rows have a >
            terms.append(Term("class", token, at))
        elif is_comparison(token):
            comparisons.append(comparison_of(token, at))
        elif quantity_named(name := token.partition(",")[0]):
            raise FilterError(f"compare it with a number: {name}>=14 or {name}=1,2", at, len(token))
        elif colon and is_part(sort, rest):
            terms.append(Term("dram", token, at))
        elif colon and rest.startswith("of:"):  # no VMA is called so
            near = f"{did_you_mean(sort, PARTS)} ".lstrip()
            raise FilterError(f"{near}DRAM has no {sort}: its parts are {', '.join(PARTS)}", at, len(sort))
        elif colon and sort in SORTS:
            terms.append(Term(sort, _given(rest, token, at), at + len(sort) + 1))
        elif colon and lens_named(sort) is not None:
            terms.append(Term("class", token, at))
        elif colon:
            terms.append(Term("vma", token, at))
        elif token[0].isdigit() or (token[0] == "," and token[1:2].isdigit()):
            ranges.append(_range(token, at))
        elif _looks_like_flags(token):
            flags.append(_flags(token, at))
        else:
            terms.append(Term("name", token, at))
    if not (flags or ranges or terms or comparisons):
        return None
    return Filter(text, tuple(flags), tuple(ranges), tuple(terms), tuple(comparisons))


def _given(rest: str, token: str, at: int) -> str:
    if not rest:
        raise FilterError(f"{MISSING[token[:-1]]} is missing", at, len(token))
    return rest


def _range(token: str, at: int) -> tuple[int, int | None]:
    """page-types -a: N, N+M, N,M, N, and ,M."""
    first = _NUMBER.match(token)
    end = first.end() if first is not None else 0
    start = _value(first.group()) if first is not None else 0
    rest = token[end:]
    if not rest:
        return start, start + 1
    if rest == ",":
        return start, None
    number = _NUMBER.fullmatch(rest[1:])
    if rest[0] not in "+," or number is None or (rest[0] == "+" and not end):
        if hint := hint_for(token):
            raise FilterError(hint, at, len(token))
        if "," in rest and "+" in rest:
            raise FilterError("a comma means from, to: 0x1000,0x2000; a blank separates ranges: 0x1000+512 0x2000+16",
                              at, len(token))  # fmt: skip
        raise FilterError("not a frame, 4096 or 0x1000, nor several, 0x1000+512 or 0x1000,0x2000",
                          at + end, len(token) - end)  # fmt: skip
    last = start + _value(rest[1:]) if rest[0] == "+" else _value(rest[1:])
    if last <= start:
        raise FilterError("no frame lies in it: it ends where it begins, or before", at, len(token))
    return start, last


def _value(number: str) -> int:
    return int(number, 16 if number[:2].lower() == "0x" else 10)


def _looks_like_flags(token: str) -> bool:
    return "," in token or token[0] in "~=" or token.partition("=")[0].lower() in _BY_NAME


def _flags(token: str, at: int) -> FlagTest:
    """page-types -b: a,b any of them; a,~b and a,b=a these among those; =a,b these and no other."""
    left, equals, right = token.partition("=")
    if not equals:
        mask, value, inverted = _bits(left, at, signs=True)
        return FlagTest(mask, value if inverted else None)
    value = _bits(right, at + len(left) + 1, signs=False)[0]
    if not left:
        return FlagTest((1 << 64) - 1, value)
    mask = _bits(left, at, signs=False)[0]
    if value & ~mask:
        text = "this flag must stand before the = too"
        raise FilterError(text, at + len(left) + 1, len(right))
    return FlagTest(mask, value)


def _bits(text: str, at: int, signs: bool) -> tuple[int, int, bool]:
    """The flags named, those of them that must be set, and whether any must not be."""
    mask = value = 0
    inverted = False
    for part in text.split(","):
        name = part.removeprefix("~") if signs else part
        bit = _BY_NAME.get(name.lower())
        if bit is None:
            raise FilterError(_unknown_flag(name), at, max(1, len(part)))
        mask |= bit
        if name == part:
            value |= bit
        else:
            inverted = True
        at += len(part) + 1
    return mask, value, inverted


def _unknown_flag(name: str) -> str:
    if not name:
        return "a flag is missing; flags are written lru,~dirty or =anon,lru"
    return unknown("flag", name, _BY_NAME)
