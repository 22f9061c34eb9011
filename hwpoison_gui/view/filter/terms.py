"""Filter terms that name a process, a VMA, a file, a zone, a node or a class of a lens.

Each sort of term has a function that finds its frames. The error for an unknown name lists the known ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.folio import folio_nr_pages
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.mmzone import NUMA_NO_NODE
from hwpoison_gui.kernel.records import HPAGE_PMD_NR, PAGE_SHIFT, Process, Vma
from hwpoison_gui.record import Record
from hwpoison_gui.view.base.naming import listed, path_of
from hwpoison_gui.view.map.lenses import (
    BY_KEY,
    CHANGED,
    KERNEL_GROUPS,
    KERNELS_SAME,
    KIND,
    LENSES,
    OUTCOME,
    SNAPSHOT,
    Lens,
    LensClass,
    snapshot_lens,
)
from hwpoison_gui.view.outcome.classes import HARMFUL

U8 = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
ClassesOf = Callable[[Lens], U8]  # the class of every frame under a lens that looks at a sheet
Found = Bools | Callable[[int], bool]  # frames, or a test of flag words where those suffice

# Keys: the names of page-types, which calls hugetlb huge, and the kernel's word for that.
FLAGS: Final = {flag.name.lower(): flag for flag in pf.FLAGS}
FLAGS["hugetlb"] = FLAGS["huge"]
HARMFUL_NAME: Final = "harmful"  # names the outcomes HARMFUL together
_MOST_NAMED: Final = 6  # known names in an error message
_SPACE: Final = re.compile(r"\s")
# What earlier versions called a class of outcomes: session files and links keep filters as text.
_FORMER: Final = {"late": ("sigbus-when-touched",), "init": ("panic-when-touched",)}
_AROUND: Final = re.compile(r"\s*([<>]=?|!=)\s*")  # comparisons may have spaces
_TOKEN: Final = re.compile(r'(?:"[^"]*(?:"|$)|\s*(?:[<>]=?|!=)\s*|[^\s"])+')
_PAGE: Final = re.compile(r"(.*)\+(0[xX][0-9a-fA-F]{1,12}|[0-9]{1,12})")


class FilterError(Exception):
    """An expression that means nothing: `at` and `length` say which part of the text."""

    def __init__(self, message: str, at: int, length: int) -> None:
        super().__init__(message)
        self.message, self.at, self.length = message, at, length

    def __str__(self) -> str:
        return f"at {self.at + 1}: {self.message}"


class Term(Record):
    """A name: `sort` is one of SORTS, vma, class, or name (of a process or file)."""

    sort: str
    text: str
    at: int

    def error(self, why: str) -> FilterError:
        """An error about this term."""
        return FilterError(why, self.at, len(self.text))


def frames_of(m: Machine, term: Term, classes_of: ClassesOf) -> Found:
    """The frames of a term. Raises FilterError if the machine has nothing of that name."""
    if term.sort == "name" and not _called(m, term.text) and not _inodes(m, term.text):
        lens = lens_with(term.text)
        if lens is not None:
            return _of_class(m, Term("class", f"{lens.key}:{term.text}", term.at), classes_of)
    if term.sort == "differs":
        return _of_group(term, classes_of)
    return _of_class(m, term, classes_of) if term.sort == "class" else _FIND[term.sort](m, term)


def lens_with(name: str) -> Lens | None:
    """The first lens that has a class of a name, as the legend shows it."""
    wanted = slug(name)
    lenses = (lens for lens in LENSES if lens.key != CHANGED.key)
    return next((lens for lens in lenses if any(wanted in names_of(one) for one in lens.classes[1:])), None)


def names_of(one: LensClass) -> tuple[str, ...]:
    """Names of a class in an expression."""
    return one.key, slug(one.name), slug(one.shortest), *_FORMER.get(one.key, ())


def lens_named(word: str) -> Lens | None:
    """The lens of a key or a name, as its button shows it."""
    by_name = (lens for lens in BY_KEY.values() if slug(lens.name) == word.lower())
    return BY_KEY.get(word.lower()) or next(by_name, None)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The names nearest to a word; empty where none is near."""
    from difflib import get_close_matches  # imported here to keep start-up fast

    names = list(dict.fromkeys(known))
    near = get_close_matches(word.lower(), names, 3, 0.6)
    near += [name for name in names if name.lower().startswith(word.lower()[:3]) and name not in near]
    return f"did you mean {' or '.join(map(quoted, near[:3]))}?" if near else ""


def unknown(sort: str, word: str, known: Iterable[str], otherwise: str = "") -> str:
    """The error message for an unknown name; the suggestion comes first, because a narrow window cuts the end."""
    near = did_you_mean(word, known)
    return f"{near} There is no such {sort}" if near else f"no such {sort}; {otherwise or some_of(known)}"


def some_of(known: Iterable[str]) -> str:
    """`there is a, b, c and 12 more`."""
    return f"there is {listed(list(dict.fromkeys(known)), _MOST_NAMED)}"


def tokens_of(text: str) -> Iterator[tuple[str, int]]:
    """The words of an expression without quotes, and where they begin. A quote left open holds to the end."""
    for found in _TOKEN.finditer(text):
        token = found.group().replace('"', "")
        if _AROUND.search(token):
            token = _AROUND.sub(r"\1", token)
        if token:
            yield token, found.start()


def quoted(name: str) -> str:
    """A name as it stands in an expression."""
    return f'"{name}"' if _SPACE.search(name) else name


def slug(name: str) -> str:
    """A name as it is written in an expression: small letters, no spaces."""
    return "-".join(name.lower().split())


# -- processes and files


def frames_of_owners(m: Machine, processes: Iterable[Process], inodes: Iterable[int]) -> Bools:
    """Return whether each frame is mapped by one of the processes, or caches one of the files (inode numbers)."""
    frames = np.zeros(m.frames, np.bool_)
    for inode in inodes:
        for pfn in m.page_cache.of(inode).values():
            frames[pfn : pfn + folio_nr_pages(m, pfn)] = True
    for process in processes:
        _, words = m.ptes.arrays(process.mm)
        present = words[(words & ptes.PRESENT) != 0]
        frames[present >> PAGE_SHIFT] = True
        for first in (present[(present & ptes.PSE) != 0] >> PAGE_SHIFT).tolist():
            frames[first : first + HPAGE_PMD_NR] = True
    return frames


def _called(m: Machine, name: str) -> list[Process]:
    return [process for process in m.living() if name in (process.name, process.comm, process.label)]


def _numbered(m: Machine, pid: str) -> list[Process]:
    return [process for process in m.living() if str(process.tgid) == pid]


def _inodes(m: Machine, text: str) -> list[int]:
    return [number for number, inode in m.inodes.view.items() if _is_called(path_of(inode), text)]


def _is_called(path: str, text: str) -> bool:
    """True if a path matches; a pattern without `/` is matched against the last part."""
    return fnmatchcase(path if "/" in text else path.rpartition("/")[2], text)


def _of_task(m: Machine, term: Term) -> Bools:
    processes = processes_of(m, term.text)
    if not processes:
        names = [process.label for process in m.living()]
        raise term.error(unknown("process", term.text, names))
    return frames_of_owners(m, processes, ())


def _of_pid(m: Machine, term: Term) -> Bools:
    processes = _numbered(m, term.text)
    if not processes:
        numbers = (f"{process.tgid} ({process.comm})" for process in m.living())
        raise term.error(f"no process has that number; {some_of(numbers)}")
    return frames_of_owners(m, processes, ())


def _of_path(m: Machine, term: Term) -> Bools:
    inodes = _inodes(m, term.text)
    if not inodes:
        paths = [path_of(inode) for inode in m.inodes.view.values()]
        names = [path if "/" in term.text else path.rpartition("/")[2] for path in paths]
        raise term.error(unknown("file", term.text, names, "* stands for any letters, as in /usr/lib/*"))
    return frames_of_owners(m, (), inodes)


def _of_name(m: Machine, term: Term) -> Bools:
    processes, inodes = _called(m, term.text), _inodes(m, term.text)
    if not processes and not inodes:
        names = [*FLAGS, *(process.label for process in m.living())]
        examples = "try lru,~dirty or 0x1000+512 or nginx:heap or /usr/* or outcome:lost"
        raise term.error(unknown("flag, process or file", term.text, names, examples))
    return frames_of_owners(m, processes, inodes)


# -- VMAs of processes


def _of_vma(m: Machine, term: Term) -> Bools:
    """PROCESS:VMA or PROCESS:VMA+PAGE. The name of a process may contain a colon, that of a VMA may not."""
    owner, _, text = term.text.rpartition(":")
    whole = _called(m, term.text)
    if whole:
        return frames_of_owners(m, whole, ())
    if several := _with_blanks(term.text):
        raise term.error(f"blanks stand between conditions: {several}")
    processes = processes_of(m, owner)
    if not processes:
        words = [process.label for process in m.living()] + [*SORTS, *BY_KEY]
        how = "a VMA is written nginx:heap or 144:heap, a class outcome:lost"
        raise term.error(unknown("process", owner, words, how))
    spans = _spans(m, processes, text)
    if not spans:
        names = vma_names(m, processes)
        if not text:
            raise term.error(f"which VMA? {some_of(names)}")
        raise term.error(unknown("VMA", text, names))
    frames = np.zeros(m.frames, np.bool_)
    for process in processes:
        _mark(m, process.mm, [(start, end) for mm, start, end in spans if mm == process.mm], frames)
    return frames


def _with_blanks(text: str) -> str:
    """Correct `nginx:142,dirty,file` to `nginx:142 dirty kind:file`; empty where a part is no condition."""
    first, *rest = text.split(",")
    words = [first]
    for part in rest:
        lens = lens_with(part)
        if part.removeprefix("~").lower() not in FLAGS and lens is None:
            return ""
        words.append(f"{lens.key}:{part}" if lens is not None and part.lower() not in FLAGS else part)
    return " ".join(words) if rest else ""


def processes_of(m: Machine, owner: str) -> list[Process]:
    """The processes of a name, else the one of that number."""
    return _called(m, owner) or _numbered(m, owner)


def vma_names(m: Machine, processes: Iterable[Process]) -> list[str]:
    """Names of the VMAs of processes, each once."""
    names = (_vma_name(m, vma) for process in processes for vma in m.vmas_of(process.mm))
    return list(dict.fromkeys(name for name in names if name))


def _spans(m: Machine, processes: Iterable[Process], text: str) -> list[tuple[int, int, int]]:
    """(mm, first virtual page, end) of the VMAs of a name; for NAME+PAGE, of that page of each."""
    whole = [
        (process.mm, vma.start >> PAGE_SHIFT, vma.end >> PAGE_SHIFT)
        for process in processes
        for vma in m.vmas_of(process.mm)
        if _is_vma(m, vma, text)
    ]
    split = _PAGE.fullmatch(text)
    if whole or split is None:
        return whole
    page = int(split.group(2), 16 if split.group(2)[:2].lower() == "0x" else 10)
    vmas = _spans(m, processes, split.group(1))
    return [(mm, start + page, start + page + 1) for mm, start, end in vmas if start + page < end]


def _is_vma(m: Machine, vma: Vma, text: str) -> bool:
    path = path_of(m.inodes.view[vma.mapping]) if vma.mapping else ""
    return vma.name.strip("[]") == text.strip("[]") != "" or (path != "" and _is_called(path, text))


def _vma_name(m: Machine, vma: Vma) -> str:
    if vma.name or not vma.mapping:
        return vma.name.strip("[]")
    return path_of(m.inodes.view[vma.mapping]).rpartition("/")[2]


def _mark(m: Machine, mm: int, spans: list[tuple[int, int]], frames: Bools) -> None:
    """Mark what an address space has mapped within spans of virtual pages."""
    vpns, words = m.ptes.arrays(mm)
    present, huge = (words & ptes.PRESENT) != 0, (words & ptes.PSE) != 0
    inside = np.zeros(len(vpns), np.bool_)
    for first, last in spans:
        inside |= (vpns >= first) & (vpns < last)
    frames[words[inside & present & ~huge] >> PAGE_SHIFT] = True
    for at in np.flatnonzero(present & huge).tolist():
        vpn, pfn = int(vpns[at]), int(words[at]) >> PAGE_SHIFT
        for first, last in spans:
            frames[pfn + max(first - vpn, 0) : pfn + max(0, min(last - vpn, HPAGE_PMD_NR))] = True


# -- places in memory, and classes


def _of_zone(m: Machine, term: Term) -> Bools:
    named = {zone.name.lower() for zone in m.zones}
    if term.text.lower() not in named | {"none"}:
        raise term.error(f"no such zone; {some_of([*sorted(named), 'none'])}")
    frames = np.full(m.frames, term.text.lower() == "none", np.bool_)
    for zone in m.zones:
        frames[zone.start : zone.end] = zone.name.lower() == term.text.lower()
    return frames & _is_page(m)


def _of_node(m: Machine, term: Term) -> Bools:
    nodes = {str(zone.node): zone.node for zone in m.zones if zone.node != NUMA_NO_NODE}
    if not nodes:
        raise term.error("this machine’s source does not say nodes")
    if term.text not in nodes:
        raise term.error(f"no such node; {some_of(nodes)}")
    frames = np.zeros(m.frames, np.bool_)
    for zone in m.zones:
        if zone.node == nodes[term.text]:
            frames[zone.start : zone.end] = True
    return frames & _is_page(m)


def _of_group(term: Term, classes_of: ClassesOf) -> Bools:
    """A group of frames that another kernel gives another outcome, by its place in the panel Kernels."""
    groups = classes_of(KERNEL_GROUPS)
    last = max(0, int(groups.max(initial=0)) - KERNELS_SAME)
    if not (term.text.isascii() and term.text.isdigit() and 0 < int(term.text[:4]) <= last):
        raise term.error(f"no such group; the panel Kernels has {last:,}" if last else "every outcome is the same")
    mine: Bools = groups == int(term.text) + KERNELS_SAME
    return mine


def _is_page(m: Machine) -> Bools:
    """Frames that are no hole (bool per frame); a zone spans holes too."""
    pages: Bools = (m.flags.view & np.uint64(pf.NOPAGE)) == 0
    return pages


def _of_class(m: Machine, term: Term, classes_of: ClassesOf) -> Found:
    key, _, name = term.text.partition(":")
    lens = lens_named(key)
    assert lens is not None
    if lens.sheet == SNAPSHOT.sheet and not classes_of(lens).any():
        raise term.error("there is no second snapshot: Machine > Compare with a snapshot… opens one")
    if (lens.key, slug(name)) == (OUTCOME.key, HARMFUL_NAME):
        harmful: Bools = np.isin(classes_of(lens), HARMFUL)
        return harmful
    classes = [one for one in lens.classes if one.id and slug(name) in names_of(one)]
    if not classes and lens is SNAPSHOT and name:
        return _of_part(term, name, classes_of)
    if not classes or lens is CHANGED:
        known = ", ".join(slug(one.shortest) for one in lens.classes[1:])
        raise term.error(f"{'no such class;' if name else 'which class?'} there is {known}")
    code, code_of = classes[0].id, lens.code_of
    if code_of is not None:
        return lambda word: code_of(word) == code
    mine: Bools = classes_of(lens) == code
    return mine


def _of_part(term: Term, name: str, classes_of: ClassesOf) -> Bools:
    """The frames of a row of the panel Snapshot, by what changed in it; a kind may have any name of the legend."""
    word = slug(name)
    if word[:1] not in "+-":
        named = {called: one.key for one in KIND.classes for called in names_of(one)}
        word = ">".join(named.get(kind, kind) for kind in word.split(">"))
    frames: Bools = classes_of(snapshot_lens(row=word)) != 0
    if not frames.any():
        raise term.error("the panel Snapshot has no such row; its rows are as anon>free, +dirty (set), -dirty "
                         "(cleared), +nginx:4711 (mapped), -nginx:4711; classes are as freed")  # fmt: skip
    return frames


MISSING: Final = {
    "task": "a process’s name",
    "pid": "a process’s number",
    "path": "a file’s name",
    "zone": "a zone’s name, as dma32,",
    "node": "a node’s number, as 0,",
    "differs": "a group’s place in the panel Kernels, as 1,",
}
SORTS: Final = tuple(MISSING)
_FIND: Final[dict[str, Callable[[Machine, Term], Bools]]] = {
    "task": _of_task,
    "pid": _of_pid,
    "path": _of_path,
    "name": _of_name,
    "vma": _of_vma,
    "zone": _of_zone,
    "node": _of_node,
}
