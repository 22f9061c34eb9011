"""Boots the machine of a session: a bare one or a preset. A preset can be kept in the user's cache.

Modules for booting are imported when a machine is booted: start-up with a machine in the cache needs none of them.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hwpoison_gui import __version__
from hwpoison_gui.kernel.boot.snapshot_format import DamagedError, FrameColumns, Snapshot
from hwpoison_gui.user import cache

if TYPE_CHECKING:
    from hwpoison_gui.kernel.machine import Machine

_PACKAGE: Final = Path(__file__).resolve().parent.parent
_MADE_BY: Final = ("kernel", "kernel/boot", "kernel/presets", "kernel/profile", "image.py", "session/booting.py")


def boot(
    frames: int,
    seed: int,
    background: str,
    profile: str,
    huge_pages: int = 0,
    sysctl: Mapping[str, int] | None = None,
) -> Machine:
    """A machine of `frames` frames under a profile, booted and recording.

    Parameters
    ----------
    background
        `none` for a bare machine, or the name of a preset.
    huge_pages
        The number of huge pages to put into the pool (nr_hugepages), as far as memory allows.
    sysctl
        Values that replace those of the profile.
    """
    from hwpoison_gui.kernel.huge_memory import hugepage_init
    from hwpoison_gui.kernel.hugetlb_pool import hugetlb_init

    machine = _boot(frames, seed, background, profile)
    hugetlb_init(machine, huge_pages)
    hugepage_init(machine)
    machine.gate.record()
    machine.sysctl.load(dict(sysctl or {}))
    return machine


def _boot(frames: int, seed: int, background: str, profile: str) -> Machine:
    from hwpoison_gui.kernel.profile.registry import PROFILES

    if background == "none":
        from hwpoison_gui.kernel.boot.fresh import fresh_machine

        return fresh_machine(frames, PROFILES[profile], seed)
    from hwpoison_gui.kernel.boot.machine import machine_from_image
    from hwpoison_gui.kernel.presets import PRESETS

    return machine_from_image(PRESETS[background](frames, seed), PROFILES[profile])


class KeptMachine:
    """A preset machine in the user's cache.

    Its frames can be read before the modules of the machine are imported. A file that is missing, damaged or of another
    version is replaced by `boot`.
    """

    def __init__(self, frames: int, seed: int, background: str, profile: str = "") -> None:
        """`profile`: its name; empty for the oldest."""
        self._made_of = frames, seed, background
        self._profile = profile
        self._file = f"{background}-{profile}.machine" if profile else f"{background}.machine"
        stamp = _stamp()
        self._label = f"{stamp} {background} {frames} {seed}" if stamp else ""
        self._snapshot = self._find()

    def _find(self) -> Snapshot | None:
        data = cache.read(self._file) if self._label else None
        try:
            return Snapshot(data, self._label) if data is not None else None
        except DamagedError:
            return None

    def columns(self) -> FrameColumns | None:
        """The columns that a map shows, read-only; None if the machine is not in the cache."""
        try:
            return self._snapshot.columns() if self._snapshot is not None else None
        except DamagedError:
            return None

    def boot(self) -> Machine:
        """The machine, booted and recording: from the cache, or booted and written to the cache."""
        from hwpoison_gui.kernel.boot import snapshot
        from hwpoison_gui.kernel.profile.registry import PROFILES, oldest

        profile = PROFILES[self._profile] if self._profile else oldest()
        if self._snapshot is not None:
            try:
                return snapshot.load(self._snapshot, profile)
            except DamagedError:
                pass  # it is replaced below
        machine = boot(*self._made_of, profile.name)
        if self._label:
            cache.write(self._file, snapshot.dump(machine, self._label))
        return machine


def _stamp() -> str:
    """The program's version and a checksum of the state of the sources that make a machine; empty without sources.

    The state of a file is its path, size and modification time, as for Python's compiled files: reading the content
    would take as long as loading the machine.
    """
    try:
        found = sorted(f"{path} {status.st_size} {status.st_mtime_ns}" for path, status in _files())
    except OSError:
        return ""
    return f"{__version__} {zlib.crc32(chr(10).join(found).encode()):08x}" if found else ""


def _files() -> Iterator[tuple[str, os.stat_result]]:
    for name in _MADE_BY:
        where = _PACKAGE / name
        if name.endswith(".py"):
            yield name, where.stat()
            continue
        for entry in os.scandir(where):
            if entry.name.endswith(".py"):
                yield f"{name}/{entry.name}", entry.stat()
