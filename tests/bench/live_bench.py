"""Live capture beside the kernel's own page-types, built -O2 from Debian's linux-source in a temporary folder.

    python tests/bench/live_bench.py [--page-types PROGRAM] [--rounds 5]

Only reads /proc, and needs root. Times are the processor's, user and system, the least of some rounds. `page-types`
reads the flags of all frames; with `-M -l -b hwpoison` it reads counts too and lists next to nothing; with `-p`, run
once a process, it reads page tables.
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


def ours(run: Callable[[], object], rounds: int) -> float:
    """Milliseconds of this process."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times) * 1e3


def theirs(commands: list[list[str]], rounds: int) -> float:
    """Milliseconds of other programs."""
    times = []
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        for command in commands:
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times) * 1e3


def rows(program: Path | None = None, rounds: int = 5) -> list[Row]:
    if os.geteuid() or not (PROC / "kpageflags").exists():
        raise SkippedError("only root may read /proc/kpageflags, where the kernel has it")
    with tempfile.TemporaryDirectory() as folder:
        return compared(str(program or built(Path(folder))), rounds)


def compared(program: str, rounds: int) -> list[Row]:
    guess = last_frame(text_or_empty(PROC / "zoneinfo"))
    pids = [name for name in os.listdir(PROC) if name.isdecimal()]

    def flags() -> None:
        read_words(PROC / "kpageflags", guess)

    def both() -> None:
        flags()
        read_words(PROC / "kpagecount", guess)

    loop = [[program, "-p", pid] for pid in pids]
    listing = [program, "-M", "-l", "-b", "hwpoison"]
    return [
        Row("live: flags", ours(flags, rounds), "page-types", theirs([[program]], rounds), 0.7, True),
        Row("live: flags and counts", ours(both, rounds), "page-types -M -l", theirs([listing], rounds), 1.0, True),
        Row("live: page tables of all processes", ours(lambda: _processes(PROC, quiet, never, ()), rounds),
            "page-types -p in a loop", theirs(loop, rounds), 0.25, True),
    ]  # fmt: skip


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
