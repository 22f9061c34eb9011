"""Completions of a filter expression while it is typed, each with its meaning."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.record import Record
from hwpoison_gui.view.filter.numbers import ALIASES, QUANTITIES, SIGNS, quantity_named
from hwpoison_gui.view.filter.parts_of_dram import PARTS
from hwpoison_gui.view.filter.terms import (
    FLAGS,
    HARMFUL_NAME,
    SORTS,
    lens_named,
    lens_with,
    processes_of,
    quoted,
    slug,
    tokens_of,
    vma_names,
)
from hwpoison_gui.view.map.lenses import BY_KEY, CHANGED, LENSES, OUTCOME, ZONE, Lens
from hwpoison_gui.view.map.zones import zone_meaning
from hwpoison_gui.view.words.words import counted

MOST: Final = 40
_CURSOR: Final = "\0"  # so that a token stands there, empty or not


class Word(Record):
    """A word as it is written, and what it finds."""

    text: str
    meaning: str


EXAMPLES: Final = (
    Word("lru,~dirty", "on an LRU list and not dirty"),
    Word("=anon,lru", "exactly these flags and no other"),
    Word("0x1000+512", "512 frames from that number on"),
    Word("nginx", "what a process has mapped; pid:144 by its number"),
    Word("nginx:heap", "one VMA of a process; nginx:heap+3 is one page of it"),
    Word("/usr/lib/*", "what is cached of files"),
    Word("outcome:lost", "a class of a lens; late or page-table as the legend calls it"),
    Word("mapcount>=14", "numbers: also refcount!=mapcount+1, index<16, rss>10M"),
    Word("row:of:0x2416", "the frames of a row of DRAM; bank:, rank:, dimm: and channel: as well"),
    Word("node:0 zone:dma32", "terms with a space between them must all hold"),
)


def words_for(m: Machine, typed: str) -> tuple[int, list[Word]]:
    """The words that may end `typed`, and from where on they stand there. None where all is written already."""
    *_, (token, at) = tokens_of(typed + _CURSOR)
    token = token.removesuffix(_CURSOR)
    apart = r"[<>=!+-]" if _compares(token) else r"[,~=]"
    begun = re.split(apart, token)[-1] if ":" not in token and not token.startswith("/") else token
    found: dict[str, Word] = {}
    for word in _candidates(m, token, begun) if begun or token else ():
        if word.text.replace('"', "").lower().startswith(begun.lower()):
            found.setdefault(word.text, word)
            if len(found) == MOST:
                break
    whole = [*found] == [typed[at:]] or [*found] == [begun]
    return at + len(token) - len(begun), [] if whole else [*found.values()]


def _candidates(m: Machine, token: str, begun: str) -> Iterable[Word]:
    """The words of the sorts that can begin like the token."""
    sort, colon, _ = token.partition(":")
    if _compares(token):
        return _operands(token) if begun != token else _comparisons(token)
    if token.startswith("/"):
        return _paths(m)
    if colon:
        return _after_colon(m, sort)
    if begun != token:
        return _flags()
    return () if token[0].isdigit() else (*_flags(), *_processes(m, ""), *_quantities(), *_sorts(), *_legend())


def _compares(token: str) -> bool:
    """True from the name of a quantity on."""
    return bool(quantity_named(re.split(r"[<>=!+-]", token)[0]))


def _comparisons(token: str) -> Iterator[Word]:
    for sign, meaning in SIGNS.items():
        yield Word(token + sign, f"{meaning} a number, as {token}{sign}14")


def _operands(token: str) -> Iterator[Word]:
    """Yield the quantities that a quantity may be compared with; none for a number of processes."""
    name = quantity_named(re.split(r"[<>=!+-]", token)[0])
    if QUANTITIES[name].of_frames is not None and re.search(r"[<>=]", token):
        for other, quantity in QUANTITIES.items():
            if other != name and quantity.of_frames is not None:
                yield Word(other, quantity.meaning)


def _quantities() -> Iterator[Word]:
    for name, quantity in QUANTITIES.items():
        yield Word(f"{name}>=", f"{quantity.meaning}; also =, !=, <, <= and >")
    for alias, name in ALIASES.items():
        yield Word(f"{alias}>=", f"the same as {name}: {QUANTITIES[name].meaning}")


def _after_colon(m: Machine, sort: str) -> Iterable[Word]:
    if sort == "task":
        return _processes(m, "task:")
    if sort == "pid":
        return (Word(f"pid:{process.tgid}", f"what {process.label} has mapped") for process in m.living())
    if sort == "path":
        return (Word(f"path:{word.text}", word.meaning) for word in _paths(m))
    if sort == "node":
        nodes = sorted({zone.node for zone in m.zones if zone.node >= 0})
        return (Word(f"node:{node}", f"the memory of node {node}") for node in nodes)
    if sort in PARTS:
        return (Word(f"{sort}:of:0x", f"{PARTS[sort]}: the one that this frame has bytes in"),)
    if sort == ZONE.key:
        return (Word(f"zone:{name.lower()}", zone_meaning(node, name)) for node, name, *_ in m.zones)
    lens = lens_named(sort)
    if lens is not None and lens is not CHANGED:
        return _classes(sort, lens)
    names = vma_names(m, processes_of(m, sort))
    return (Word(f"{quoted(sort)}:{quoted(name)}", "the pages that this VMA maps") for name in names)


def _flags() -> Iterator[Word]:
    for name, flag in FLAGS.items():
        yield Word(name, flag.meaning)


def _processes(m: Machine, before: str) -> Iterator[Word]:
    for comm in dict.fromkeys(process.comm for process in m.living()):
        yield Word(before + quoted(comm), "what the processes of that name have mapped")
    for process in m.living():
        yield Word(before + quoted(process.label), f"what process {process.tgid} has mapped")


def _paths(m: Machine) -> Iterator[Word]:
    for inode in m.inodes.view.values():
        if inode.linked and inode.has_path:
            yield Word(quoted(inode.path), f"{counted(len(m.page_cache.of(inode.id)), 'page')} cached")


def _classes(key: str, lens: Lens) -> Iterator[Word]:
    for one in lens.classes[1:]:
        if one.owner is None:
            yield Word(f"{key}:{slug(one.shortest)}", one.meaning)
    if lens is OUTCOME:
        yield Word(f"{key}:{HARMFUL_NAME}", "signals, loses data or panics, or the page cannot be taken from its users")


def _legend() -> Iterator[Word]:
    """Classes by their names alone, as the legend of the first lens that has them calls them."""
    for lens in LENSES:
        for one in lens.classes[1:]:
            name = slug(one.shortest)
            if one.owner is None and not name[0].isdigit() and lens_with(name) is lens:
                yield Word(name, f"{one.meaning} (lens {lens.name})")


def _sorts() -> Iterator[Word]:
    for lens in BY_KEY.values():
        if lens.key not in (CHANGED.key, *SORTS):
            yield Word(f"{lens.key}:", lens.question)
            if slug(lens.name) != lens.key:
                yield Word(f"{slug(lens.name)}:", lens.question)
    yield Word("zone:", ZONE.question)
    yield Word("node:", "which node’s memory?")
    yield Word("pid:", "a process by its number")
    for part, meaning in PARTS.items():
        yield Word(f"{part}:of:", f"{meaning}, by one of its frames")
    yield Word(
        "differs:", "a group of frames that another kernel treats differently, by its place in the panel Kernels"
    )
