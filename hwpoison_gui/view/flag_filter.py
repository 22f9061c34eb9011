"""Filter expressions: which frames to look for, by flags as page-types spells them, by number, owner or class.

    lru,dirty            any of these flags          =anon,lru       exactly these flags and no other
    lru,~dirty           LRU and not DIRTY           lru,dirty=lru   the same: of these two exactly LRU
    4096  0x1000+512     one frame; 512 frames       0x1000,0x2000   up to, but not including
    nginx  pid:144       what a process has mapped   /srv/data  /usr/lib/*   what is cached of files
    outcome:lost         a class of a lens

Terms with spaces between them must all hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.records import HPAGE_PMD_NR
from hwpoison_gui.view.frame_plane import Match
from hwpoison_gui.view.lenses import BY_KEY, Lens

U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
ClassesOf = Callable[[Lens], U8]  # the class of every frame under a lens that looks at a sheet


class FilterError(Exception):
    """An expression that means nothing: `at` and `length` say which part of the text."""

    def __init__(self, message: str, at: int, length: int) -> None:
        super().__init__(message)
        self.message, self.at, self.length = message, at, length

    def __str__(self) -> str:
        return f"at {self.at + 1}: {self.message}"


class FlagTest(NamedTuple):
    """Holds for a flag word when `word & mask` equals `value`, or, with `value` None, when it is not 0."""

    mask: int
    value: int | None

    def holds(self, word: int) -> bool:
        found = word & self.mask
        return bool(found) if self.value is None else found == self.value


class Term(NamedTuple):
    """A name: `sort` is task, pid, path, class or name (of whatever is called that)."""

    sort: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Filter:
    """A parsed expression. `follows_tables`: what it finds depends on more than flags and numbers."""

    text: str
    flags: tuple[FlagTest, ...] = ()
    ranges: tuple[tuple[int, int | None], ...] = ()
    terms: tuple[Term, ...] = ()

    @property
    def follows_tables(self) -> bool:
        return bool(self.terms)

    def match(self, m: Machine, classes_of: ClassesOf) -> Match:
        """What it finds in a machine. Raises FilterError for names that the machine does not have."""
        words: list[Callable[[int], bool]] = [test.holds for test in self.flags]
        frames: Bools | None = None
        for first, last in self.ranges:
            inside = np.zeros(m.frames, np.bool_)
            inside[first:last] = True
            frames = inside if frames is None else frames & inside
        for term in self.terms:
            found = _owned(m, term, classes_of)
            if callable(found):
                words.append(found)
            else:
                frames = found if frames is None else frames & found
        return Match(lambda word: all(test(word) for test in words), frames)


_NUMBER: Final = re.compile(r"0[xX][0-9a-fA-F]+|[0-9]+")
_SORTS: Final = ("task", "pid", "path")
_BY_NAME: Final = {flag.name.lower(): 1 << flag.bit for flag in pf.FLAGS}


def parse(text: str) -> Filter | None:
    """An expression, None for one without any term. Raises FilterError."""
    flags: list[FlagTest] = []
    ranges: list[tuple[int, int | None]] = []
    terms: list[Term] = []
    for found in re.finditer(r"\S+", text):
        token, at = found.group(), found.start()
        sort, colon, rest = token.partition(":")
        if token[0].isdigit() or (token[0] == "," and token[1:2].isdigit()):
            ranges.append(_range(token, at))
        elif token.startswith("/"):
            terms.append(Term("path", token, at))
        elif colon and sort in _SORTS:
            terms.append(Term(sort, _given(rest, token, at), at + len(sort) + 1))
        elif colon and sort in BY_KEY:
            terms.append(Term("class", token, at))
        elif _looks_like_flags(token):
            flags.append(_flags(token, at))
        else:
            terms.append(Term("name", token, at))
    return Filter(text, tuple(flags), tuple(ranges), tuple(terms)) if flags or ranges or terms else None


def _given(rest: str, token: str, at: int) -> str:
    if not rest:
        raise FilterError(f"“{token}”: a name is missing behind the colon", at, len(token))
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
        raise FilterError(f"“{token}”: expected N, N+M or N,M with frame numbers like 4096 or 0x1000",
                          at + end, len(token) - end)  # fmt: skip
    last = start + _value(rest[1:]) if rest[0] == "+" else _value(rest[1:])
    if last <= start:
        raise FilterError(f"“{token}”: no frame lies in it, it ends where it begins or before", at, len(token))
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
        text = f"“{right}” is asked for, but not looked at: it must stand before the = too"
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
            raise FilterError(_unknown_flag(name, part), at, max(1, len(part)))
        mask |= bit
        if name == part:
            value |= bit
        else:
            inverted = True
        at += len(part) + 1
    return mask, value, inverted


def _unknown_flag(name: str, part: str) -> str:
    if not name:
        return "a flag is missing between the commas" if not part else f"a flag is missing behind “{part}”"
    near = sorted(known for known in _BY_NAME if known.startswith(name.lower()[:3]))
    return f"there is no flag “{name}”" + (f"; there is {', '.join(near)}" if near else "")


# -- names


def _owned(m: Machine, term: Term, classes_of: ClassesOf) -> Bools | Callable[[int], bool]:
    """The frames of an owner or class, or a test of words for a class that words tell."""
    if term.sort == "class":
        return _of_class(m, term, classes_of)
    inodes = _inodes(m, term) if term.sort in ("path", "name") else []
    mms = _mms(m, term) if term.sort != "path" else []
    if not inodes and not mms:
        raise FilterError(_NOBODY[term.sort].format(term.text), term.at, len(term.text))
    frames = np.zeros(m.frames, np.bool_)
    for inode in inodes:
        for pfn in m.page_cache.of(inode).values():
            frames[pfn : pfn + (HPAGE_PMD_NR if m.page(pfn) & pf.COMPOUND_HEAD else 1)] = True
    for mm in mms:
        words = np.fromiter(m.ptes.of(mm).values(), np.int64, len(m.ptes.of(mm)))
        present = words[(words & ptes.PRESENT) != 0]
        frames[present >> 12] = True
        for first in (present[(present & ptes.PSE) != 0] >> 12).tolist():
            frames[first : first + HPAGE_PMD_NR] = True
    return frames


_NOBODY: Final = {
    "task": "no process that lives is called “{}”",
    "pid": "no process that lives has the pid “{}”",
    "path": "no file that is known is called “{}”",
    "name": "“{}” is no flag, no process that lives, and no file",
}


def _mms(m: Machine, term: Term) -> list[int]:
    living = list(m.living())
    if term.sort == "pid":
        return [process.mm for process in living if str(process.tgid) == term.text]
    return [process.mm for process in living if term.text in (process.name, process.comm)]


def _inodes(m: Machine, term: Term) -> list[int]:
    text, whole = term.text, "/" in term.text

    def called(path: str) -> bool:
        path = path.removesuffix(" (deleted)")
        return fnmatchcase(path if whole else path.rpartition("/")[2], text)

    return [number for number, inode in m.inodes.view.items() if inode.path and called(inode.path)]


def _of_class(m: Machine, term: Term, classes_of: ClassesOf) -> Bools | Callable[[int], bool]:
    key, _, name = term.text.partition(":")
    lens = BY_KEY[key]
    classes = [one for one in lens.classes if one.id and slug(name) in (one.key, slug(one.name), slug(one.shortest))]
    if not classes or key == "changed":
        known = ", ".join(slug(one.shortest) for one in lens.classes[1:])
        raise FilterError(f"“{name}” is no class of the lens {lens.name}: {known}", term.at, len(term.text))
    code, code_of = classes[0].id, lens.code_of
    if code_of is not None:
        return lambda word: code_of(word) == code
    mine: Bools = classes_of(lens) == code
    return mine


def slug(name: str) -> str:
    """A name as it is written in an expression: small letters, no spaces."""
    return "-".join(name.lower().split())
