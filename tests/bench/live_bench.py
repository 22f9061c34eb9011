"""Live capture beside the kernel's own page-types, built -O2 from Debian's linux-source in a temporary folder.

    python tests/bench/live_bench.py [--page-types PROGRAM] [--rounds 5]

Only reads /proc, and needs root. The least of some rounds, of the processor's time, user and system, and of wall time.
`page-types` reads the flags of all frames; with `-M -l -b hwpoison` it reads counts too and lists next to nothing; with
`-p`, run once a process, it reads page tables. The floor is what the kernel takes to make the words: preadv in a loop,
into one buffer that stays in the cache. Several threads read, which wall time shows and the processor's does not.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from table import HEAD, Row, SkippedError

from hwpoison_gui.sources.frames import never, read_words
from hwpoison_gui.sources.live import PROC, _processes, quiet
from hwpoison_gui.sources.text import text_or_empty
from hwpoison_gui.sources.zoneinfo import last_frame

_PARTS = ("*/tools/vm/*", "*/tools/mm/*", "*/tools/include/*", "*/tools/lib/*", "*/include/uapi/linux/magic.h",
          "*/include/uapi/linux/kernel-page-flags.h")  # fmt: skip
_UNPACK = 'dpkg-deb --fsys-tarfile {} | tar xO --wildcards "./usr/src/*.tar.xz" | xz -dc | tar x --strip-components=1'
_CODE = ("api/fs/fs.c", "api/debug.c", "str_error_r.c")


def built(folder: Path) -> Path:
    """The page-types built from the newest linux-source that apt has. Raises SkippedError."""
    try:
        listed = subprocess.run(["apt-cache", "search", "^linux-source-[0-9]"], capture_output=True, text=True)
        names = [line.split()[0] for line in listed.stdout.splitlines()]
        for name in sorted(names, key=lambda name: [int(part) for part in name.split("-")[2].split(".")])[-1:]:
            subprocess.run(["apt-get", "download", name], cwd=folder, check=True, capture_output=True)
        package = next(folder.glob("*.deb"))
        wanted = " ".join(f'"{part}"' for part in _PARTS)
        subprocess.run(f"{_UNPACK.format(package.name)} --wildcards {wanted}", shell=True, cwd=folder,
                       capture_output=True)  # fmt: skip
        source = next(folder.glob("tools/*/page-types.c"))
        code = [str(folder / "tools/lib" / name) for name in _CODE]
        places = [f"-I{folder / 'tools' / place}" for place in ("lib", "include", "lib/api")]
        program = folder / "page-types"
        subprocess.run(["cc", "-O2", "-w", *places, "-o", str(program), str(source), *code], cwd=source.parent,
                       check=True, capture_output=True)  # fmt: skip
    except (OSError, StopIteration, subprocess.CalledProcessError) as error:
        raise SkippedError(f"page-types could not be built from Debian's linux-source: {error!r}") from None
    return program


class Times(NamedTuple):
    """Milliseconds, the least of some rounds."""

    processor: float
    wall: float


def least(run: Callable[[], object], rounds: int, whose: int = resource.RUSAGE_SELF) -> Times:
    """Times of this process, or of its children."""
    processor, wall = [], []
    for _ in range(rounds):
        before, start = resource.getrusage(whose), time.perf_counter()
        run()
        wall.append(time.perf_counter() - start)
        after = resource.getrusage(whose)
        processor.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return Times(min(processor) * 1e3, min(wall) * 1e3)


def theirs(commands: list[list[str]], rounds: int) -> Times:
    """Times of other programs, one after another."""

    def run() -> None:
        for command in commands:
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    return least(run, rounds, resource.RUSAGE_CHILDREN)


def kernel_alone(*names: str) -> None:
    """Have the kernel make all words of files of /proc, into one buffer of 512 KiB."""
    buffer = np.zeros(1 << 16, np.uint64).data.cast("B")
    for name in names:
        descriptor, at = os.open(PROC / name, os.O_RDONLY), 0
        try:
            while got := os.preadv(descriptor, [buffer], at):
                at += got
        except OSError:
            pass  # some kernels say EINVAL at the end
        os.close(descriptor)


def rows(program: Path | None = None, rounds: int = 5) -> list[Row]:
    if os.geteuid() or not (PROC / "kpageflags").exists():
        raise SkippedError("only root may read /proc/kpageflags, where the kernel has it")
    with tempfile.TemporaryDirectory() as folder:
        return compared(str(program or built(Path(folder))), rounds)


def compared(program: str, rounds: int) -> list[Row]:
    guess = last_frame(text_or_empty(PROC / "zoneinfo"))

    def flags() -> None:
        read_words(PROC / "kpageflags", guess)

    def both() -> None:
        flags()
        read_words(PROC / "kpagecount", guess)

    def floor(*names: str) -> float:
        return least(lambda: kernel_alone(*names), rounds).processor

    listing = [program, "-M", "-l", "-b", "hwpoison"]
    mine, base = tables(program, rounds)
    return [
        *pair("live: flags", least(flags, rounds), "page-types", theirs([[program]], rounds), 0.7, floor("kpageflags")),
        *pair("live: flags and counts", least(both, rounds), "page-types -M -l", theirs([listing], rounds), 1.0,
              floor("kpageflags", "kpagecount")),
        *pair("live: page tables of all processes", mine, "page-types -p in a loop", base, 0.25),
    ]  # fmt: skip


def tables(program: str, rounds: int) -> tuple[Times, Times]:
    """Ours and theirs of page tables: processes come and go, so that both follow each other; the middle round."""
    found = []
    for _ in range(rounds):
        pids = [name for name in os.listdir(PROC) if name.isdecimal()]
        mine = least(lambda: _processes(PROC, quiet, never, ()), 1)
        found.append((mine, theirs([[program, "-p", pid] for pid in pids], 1)))
    return sorted(found, key=lambda both: both[0].processor / both[1].processor)[rounds // 2]


def pair(what: str, mine: Times, against: str, base: Times, target: float, floor: float = 0.0) -> list[Row]:
    return [
        Row(f"{what}, wall time", mine.wall, against, base.wall, target, True),
        Row(f"{what}, processor time", mine.processor, against, base.processor, target, True, floor=floor),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page-types", type=Path, metavar="PROGRAM", help="do not build it, use this one")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    try:
        found = rows(options.page_types, options.rounds)
    except SkippedError as reason:
        sys.exit(f"skipped: {reason}")
    print(HEAD)
    for row in found:
        print(row.line())


if __name__ == "__main__":
    main()
