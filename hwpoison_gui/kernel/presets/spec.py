"""Descriptions of the programs of a preset. Numbers of pages are for a machine of 256 MiB.

Percentages: `seen` of a file is touched by every process and `own` by one of them alone; `present` of anonymous
memory was ever written, `swapped` of that is swapped out, and `cowed` was written since fork.
"""

from __future__ import annotations

from hwpoison_gui.record import Record


class FileSpec(Record):
    """A file of `pages` pages. `dirty`, `fresh` (dirty and without blocks on disk) and `written` are percentages."""

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


class Library(Record):
    """A library or executable: `text` pages of code, and `data` pages of which each process has private copies."""

    path: str
    text: int
    data: int


class Anon(Record):
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


class Map(Record):
    """A mapping of a file, by its name in the table of files."""

    name: str
    file: str
    perms: str
    seen: int = 30
    own: int = 30


class Child(Record):
    """A process forked by the first process of its program."""

    pid: int
    after: int
    comm: str = ""
    threads: int = 0
    sigbus: str = ""
    mce_kill: str = ""


class Program(Record):
    """A process and those it forks. `heap` and `stack` are in pages."""

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
