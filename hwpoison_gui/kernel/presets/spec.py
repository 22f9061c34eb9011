"""How the programs of a preset are described: what each runs, maps and forks. Pages count at 256 MiB.

Percentages say how much of something is there: `seen` what everybody touches, `own` what one process
touches by itself, `present` what was ever written, `swapped` of that, `cowed` written since fork.
"""

from __future__ import annotations

from typing import NamedTuple


class FileSpec(NamedTuple):
    """A file of `pages` pages. `dirty`, `fresh` (dirty, not yet given blocks on disk), `written`: percentages."""

    path: str
    pages: int
    filesystem: str = "ext4"
    cached: int = 100
    dirty: int = 0
    fresh: int = 0
    written: int = 0
    when: int = 0
    span: int = 4
    run: int = 24
    activity: int = 30


class Library(NamedTuple):
    """Shared code: `text` pages to run, `data` pages of which each program writes its own."""

    path: str
    text: int
    data: int


class Anon(NamedTuple):
    """Anonymous private memory."""

    name: str
    pages: int
    present: int = 85
    swapped: int = 8
    cowed: int = 30
    span: int = 60
    run: int = 16
    locked: bool = False
    path: str = ""
    activity: int = 65


class Map(NamedTuple):
    """A mapping of a file of the table."""

    name: str
    file: str
    perms: str
    seen: int = 30
    own: int = 30


class Child(NamedTuple):
    """A process forked by the program's first one."""

    pid: int
    after: int
    comm: str = ""
    threads: int = 0
    sigbus: str = ""
    mce_kill: str = ""


class Program(NamedTuple):
    """One process and those it forked. Heap and stack in pages; `seen` of its own code is touched."""

    name: str
    comm: str
    pid: int
    ppid: int
    when: int
    exe: Library
    libs: tuple[str, ...]
    heap: int
    swapped: int = 8
    stack: int = 8
    cowed: int = 30
    span: int = 60
    threads: int = 1
    sigbus: str = "default"
    mce_kill: str = "default"
    locked: bool = False
    areas: tuple[Anon | Map, ...] = ()
    children: tuple[Child, ...] = ()
