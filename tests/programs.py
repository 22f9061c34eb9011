"""Random programs of operations: the tables that property tests draw from, and a runner for very many of them.

The runner compares what is foretold of frames with what then happens (tests/truth.py), on every kernel, with huge pages
and without: `.venv/bin/python -m tests.programs [OPERATIONS [SEED]]`. It takes about two minutes for 100,000
operations. A program that shows a disagreement is cut down to the operations that it needs, and printed.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, Final, NamedTuple

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.type import SYSCTL_EARLY_KILL, SYSCTL_RECOVERY, Profile
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.scenario import shape
from hwpoison_gui.session.scenario.schema import OPS as SCHEMA
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.outcome.assessment import Assessment
from tests import truth

TASKS: Final = ("a", "b", "c", "d", "e")
BROOD: Final = tuple(f"k{number}" for number in range(24))
AREAS: Final = ("m", "n", "o")
FILES: Final = {
    "/srv/data": "ext4", "/dev/shm/x": "tmpfs", "/net/f": "nofs", "/dev/sda": "blockdev", "/d": "directory",
}  # fmt: skip
HOLE: Final = "/hole"
HUGE_FILE: Final = "/huge"
FOLIO_FILE: Final = "/large"

Kind = tuple[str, bool]  # profile, with huge pages
Op = tuple[str, dict[str, Any]]
Program = list[Op]


class Act(NamedTuple):
    """An operation, and for each of its keys the values to choose from, all equally likely."""

    op: str
    choices: Mapping[str, Sequence[Any]]


def _act(op: str, /, **choices: Sequence[Any]) -> Act:
    return Act(op, choices)


def _addresses(areas: Sequence[str], pages: Sequence[int]) -> tuple[str, ...]:
    return tuple(f"{area}+{page}" for area in areas for page in pages)


def _pages_of(tasks: Sequence[str], addresses: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{task}:{at}" for task in tasks for at in addresses)


_TASKS: Final = (*TASKS, "a", "b", *BROOD[::8])
_PATHS: Final = (*FILES, HOLE)
_ADDRESSES: Final = _addresses(AREAS, range(4))
_HUGE_ADDRESSES: Final = _addresses("ht", (0, 1, 511))
_FRAMES: Final = (
    *_pages_of(_TASKS, _ADDRESSES),
    *(f"{path}@{page}" for path in _PATHS for page in range(4)),
    *4 * ("any:free", "any:free-inside", "any:free-pcp", "any:slab", "any:pgtable", "any:anon", "any:file"),
)
_HUGE_FRAMES: Final = (
    *_pages_of(_TASKS, _HUGE_ADDRESSES),
    *4 * ("any:free-huge", "head:a:h+1", "head:a:t+1", f"{HUGE_FILE}@0", f"{HUGE_FILE}@513"),
)
_FLAG: Final = (False, True)
_POLICIES: Final = ("default", "early", "late")
_SIGBUS: Final = ("default", "handler", "ignored", "blocked")
_PROT: Final = ("rw", "rw", "r", "none")
_AT: Final = {"task": _TASKS, "at": _ADDRESSES}
_RANGE: Final = {**_AT, "pages": (1, 2, 3)}
_HUGE_AT: Final = {"task": _TASKS, "at": _HUGE_ADDRESSES}

ACTS: Final = (
    _act("fork", task=_TASKS, child=_TASKS, newpid=_FLAG),
    _act("write", **_AT, value="ABC"),
    _act("write", **_AT, value="ABC"),
    _act("read", **_AT),
    _act("read", **_AT),
    _act("poison", frame=_FRAMES),
    _act("poison", frame=_FRAMES, via=("madvise",), task=_TASKS),
    _act("task", name=_TASKS, sigbus=_SIGBUS, mce_kill=_POLICIES, threads=(1, 2, 3), newpid=_FLAG),
    _act("exit", task=_TASKS),
    _act("mmap", task=_TASKS, name=AREAS, pages=(1, 2, 3, 4), shared=_FLAG, populate=_FLAG, locked=_FLAG, prot=_PROT),
    _act("mmap", task=_TASKS, name=AREAS, pages=(1, 2, 3, 4), file=_PATHS, shared=_FLAG, offset=(0, 1, 2),
         populate=_FLAG),
    _act("munmap", **_RANGE),
    _act("mremap", **_RANGE, name=AREAS),
    _act("mprotect", **_RANGE, prot=("rw", "r", "none")),
    _act("mlock", **_RANGE),
    _act("munlock", **_RANGE),
    _act("madvise", **_RANGE, advice=("dontneed", "pageout", "pageout", "populate_read")),
    _act("swapin", **_AT),
    _act("copy_from_user", **_AT),
    _act("open", task=_TASKS, path=_PATHS, fd="f"),
    _act("close", task=_TASKS, fd="f"),
    _act("pread", task=_TASKS, fd="f", page=range(4)),
    _act("pwrite", task=_TASKS, fd="f", page=range(4), value="XY"),
    _act("fsync", task=_TASKS, fd="f"),
    _act("msync", **_RANGE),
    _act("sync", path=_PATHS),
    _act("truncate", path=_PATHS, pages=range(5)),
    _act("punch_hole", path=_PATHS, page=range(4)),
    _act("unlink", path=_PATHS),
    _act("drop_caches"),
    _act("pin", frame=_FRAMES),
    _act("unpin", frame=_FRAMES),
    _act("writeback", frame=_FRAMES, state=("start", "end")),
    _act("prctl", task=_TASKS, mce_kill=_POLICIES),
    _act("sigaction", task=_TASKS, sigbus=_SIGBUS),
    _act("sysctl", name=("memory_failure_early_kill",), value=(0, 1)),
    _act("alloc", frames=range(41)),
)  # fmt: skip

HUGE_ACTS: Final = (
    _act("mmap", task=_TASKS, name="h", pages=(512,), huge=("hugetlb",), shared=_FLAG),
    _act("mmap", task=_TASKS, name="h", pages=(512,), file=(HUGE_FILE,), offset=(0, 512), shared=_FLAG),
    _act("write", **_HUGE_AT, value="HI"),
    _act("read", **_HUGE_AT),
    _act("munmap", task=_TASKS, at=("h+0",), pages=(512,)),
    _act("truncate", path=(HUGE_FILE,), pages=(0, 512, 1024)),
    _act("hugepages", pages=range(7)),
    _act("overcommit_hugepages", pages=range(3)),
    _act("poison", frame=_HUGE_FRAMES),
)

# What only newer kernels can do.
_LATER_ACTS: Final = (
    _act("madvise", **_RANGE, advice=("mergeable",)),
    _act("soft_offline", frame=_FRAMES),
    _act("unpoison", frame=_FRAMES),
    _act("poison", frame=_FRAMES, via=("hard_offline", "srao")),
    _act("poison", frame=_FRAMES, via=("srar",), task=_TASKS, rip_valid=_FLAG),
    _act("debugfs", name=("corrupt-filter-enable",), value=(0, 0, 1)),
    _act("debugfs", name=("corrupt-filter-dev-major",), value=(0, 8, 0xFFFFFFFF)),
    _act("debugfs", name=("corrupt-filter-flags-mask",), value=(0, 0x10, 0x1000, 0x80020)),
    _act("debugfs", name=("corrupt-filter-flags-value",), value=(0, 0x10, 0x20, 0x1000)),
    _act("debugfs", name=("corrupt-filter-memcg",), value=(0, 0, 1, 7)),
)
_LATER_HUGE_ACTS: Final = (
    _act("mmap", task=_TASKS, name="t", pages=(512,), huge=("thp",), shared=_FLAG),
    _act("write", **_HUGE_AT, value="HI"),
    _act("madvise", **_HUGE_AT, pages=(1, 511, 512), advice=("dontneed", "pageout")),
    _act("mremap", task=_TASKS, at=("h+0", "t+0"), pages=(512,), name="ht"),
    _act("soft_offline", frame=_HUGE_FRAMES),
    _act("unpoison", frame=_HUGE_FRAMES),
    _act("poison", frame=_HUGE_FRAMES, via=("hard_offline", "srao")),
    _act("copy_from_user", **_HUGE_AT),
)

# Large folios, of anonymous memory and of files.
_FOLIO_FRAMES: Final = tuple(f"{FOLIO_FILE}@{page}" for page in range(6))
_FOLIO_ACTS: Final = (
    _act("mmap", task=_TASKS, name=AREAS, pages=(3, 4, 8), folio=(2, 4), shared=_FLAG, populate=_FLAG, locked=_FLAG),
    _act("mmap", task=_TASKS, name=AREAS, pages=(4, 6), file=(FOLIO_FILE,), shared=_FLAG, offset=(0, 2)),
    _act("open", task=_TASKS, path=(FOLIO_FILE,), fd="f"),
    _act("truncate", path=(FOLIO_FILE,), pages=(2, 5, 8)),
    _act("punch_hole", path=(FOLIO_FILE,), page=range(6)),
    _act("sync", path=(FOLIO_FILE,)),
    _act("writeback", frame=_FOLIO_FRAMES, state=("start", "end")),
    _act("pin", frame=_FOLIO_FRAMES),
    _act("unpin", frame=_FOLIO_FRAMES),
    _act("poison", frame=_FOLIO_FRAMES),
    _act("soft_offline", frame=_FOLIO_FRAMES),
    _act("unpoison", frame=_FOLIO_FRAMES),
)


def _acts_of(profile: Profile, huge: bool) -> tuple[Act, ...]:
    """Return the acts that a kernel can run, with those of its further sysctls."""
    later = profile.has("soft_offline")
    rare = tuple(name for name in profile.sysctl if name not in (SYSCTL_EARLY_KILL, SYSCTL_RECOVERY))
    acts = ACTS + _LATER_ACTS * later + tuple(_act("sysctl", name=(name,), value=(0, 1)) for name in rare)
    acts += _FOLIO_ACTS * profile.has("multi_size_thp")
    return acts + 3 * (HUGE_ACTS + _LATER_HUGE_ACTS * later) * huge


KINDS_OF_PROGRAM: Final[dict[Kind, tuple[Act, ...]]] = {
    (profile.name, huge): _acts_of(profile, huge) for profile in PROFILES.values() for huge in (False, True)
}


def with_defaults(name: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with the defaults that a scenario file would have had filled in."""
    return shape.values_of(SCHEMA[name].keys, dict(args))


def fresh(kind: Kind) -> Session:
    profile, huge = kind
    return Session.fresh(frames=4096 if huge else 640, profile=profile, huge_pages=3 if huge else 0)


def prepared(kind: Kind) -> Session:
    """A small machine with a file of each sort, a process, its child, and on one without huge pages a brood of more."""
    session = fresh(kind)

    def do(op: str, /, **args: Any) -> None:
        session.act(op, with_defaults(op, args))

    for path, filesystem in FILES.items():
        do("file", path=path, pages=4, filesystem=filesystem)
    do("file", path=HOLE, pages=4, filesystem="tmpfs", hole=True)
    if kind[1]:
        do("file", path=HUGE_FILE, pages=1024, filesystem="hugetlbfs", hole=True)
    if session.machine.profile.has("multi_size_thp"):
        do("file", path=FOLIO_FILE, pages=8, folio=4)
    do("task", name="a", sigbus="handler")
    do("mmap", task="a", name="m", pages=4)
    for page in range(4):
        do("write", task="a", at=f"m+{page}")
    do("mmap", task="a", name="n", pages=4, file="/srv/data", shared=True)
    do("mmap", task="a", name="o", pages=4, file="/dev/shm/x", shared=True)
    do("open", task="a", path="/srv/data", fd="f")
    for child in ("b", *(() if kind[1] else BROOD)):
        do("fork", task="a", child=child)
    return session


def run(session: Session, program: Sequence[Op], after: Callable[[], None] = lambda: None) -> None:
    """Carry the program out; what names nothing changes nothing and is passed by."""
    for name, args in program:
        try:
            session.act(name, with_defaults(name, args))
        except ScenarioError:
            continue
        after()


# -- by hand

_LONGEST: Final = 200
_OPERATIONS_PER_LOOK: Final = 50
_FRAMES_PER_LOOK: Final = 4


class Wrong(NamedTuple):
    """A disagreement, as tests/truth.py words it, and the program after which it shows."""

    what: str
    kind: Kind
    program: Program


def random_program(random: Random, kind: Kind) -> Program:
    acts = KINDS_OF_PROGRAM[kind]
    drawn = random.choices(acts, k=random.randint(5, _LONGEST))
    return [(act.op, {key: random.choice(values) for key, values in act.choices.items()}) for act in drawn]


def frames_of_interest(m: Machine) -> list[int]:
    """Frames that somebody uses; of huge pages some."""
    found = truth.users_of_all(m)
    huge = {pfn for pfn in found if m.compound_order.view.get(m.compound_head(pfn))}
    return [pfn for pfn in found if pfn not in huge or pfn - m.compound_head(pfn) in (0, 1, 300, 511)]


def look(session: Session, pfns: Sequence[int]) -> Iterator[str]:
    """Yield the predictions that do not come true: of errors in frames `pfns`, and of errors handled before."""
    if session.machine.panicked:
        return
    for error in truth.errors_of(session):
        yield from truth.disagreements_by_now(session, error)
    assessment = Assessment.of(session.machine)
    for pfn in pfns:
        yield from truth.disagreements(session, pfn, assessment)


def tried(random: Random, kind: Kind) -> tuple[int, list[Wrong]]:
    """Run a random program with looks at random moments. Returns its number of operations, and what was wrong."""
    session, program, found = prepared(kind), random_program(random, kind), list[Wrong]()
    for number, op in enumerate(program, 1):
        run(session, [op])
        if random.randrange(_OPERATIONS_PER_LOOK) and number < len(program):
            continue
        pfns = frames_of_interest(session.machine)
        some = random.sample(pfns, min(len(pfns), _FRAMES_PER_LOOK))
        found += [Wrong(what, kind, program[:number]) for what in dict.fromkeys(look(session, some))]
    return len(session.operations), found


def shrunk(wrong: Wrong) -> Wrong:
    """The same disagreement after as few operations as it needs."""

    def shows(program: Program) -> bool:
        session = prepared(wrong.kind)
        run(session, program)
        return wrong.what in look(session, frames_of_interest(session.machine))

    program = wrong.program
    for number in reversed(range(len(program))):
        less = program[:number] + program[number + 1 :]
        if shows(less):
            program = less
    return wrong._replace(program=program)


def main() -> None:
    """Prints each new disagreement with its program, and at the end how many there were of each."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    done, programs, began, counts = 0, 0, time.monotonic(), Counter[tuple[str, Kind]]()
    kinds = list(KINDS_OF_PROGRAM)
    while done < wanted:
        kind = kinds[programs % len(kinds)]
        operations, found = tried(Random(f"{seed} {programs}"), kind)
        done, programs = done + operations, programs + 1
        for wrong in found:
            counts[wrong.what, kind] += 1
            if counts[wrong.what, kind] == 1:
                print(f"{kind}: {wrong.what}", *shrunk(wrong).program, sep="\n  ", flush=True)
        if programs % 1000 == 0:
            print(f"{done:,} operations, {time.monotonic() - began:.0f} s, {sum(counts.values())} wrong", flush=True)
    print(f"{done:,} operations of {programs:,} programs, {time.monotonic() - began:.0f} s")
    for (what, kind), count in counts.most_common():
        print(f"{count} × {kind}: {what}")


if __name__ == "__main__":
    main()
