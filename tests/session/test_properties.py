"""Properties that hold for any program of operations, found or refuted by hypothesis."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.rmap import rmap_vmas
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.scenario import shape
from hwpoison_gui.session.scenario.schema import OPS as SCHEMA
from hwpoison_gui.session.session import Session
from tests import invariants

TASKS = ("a", "b", "c", "d", "e")
BROOD = tuple(f"k{number}" for number in range(24))
AREAS = ("m", "n", "o")
FILES = ("/srv/data", "/dev/shm/x", "/net/f", "/dev/sda")
FILESYSTEMS = dict(zip(FILES, ("ext4", "tmpfs", "nofs", "blockdev"), strict=True))

# As deep as is asked for: the default is for every run, thousands find more.
EXAMPLES = int(os.environ.get("HWPOISON_EXAMPLES", "40"))

Kind = tuple[str, bool]  # profile, with huge pages

tasks = st.sampled_from((*TASKS, "a", "b", *BROOD[::8]))
addresses = st.builds(lambda area, page: f"{area}+{page}", st.sampled_from(AREAS), st.integers(0, 3))
policies = st.sampled_from(("default", "early", "late"))
sigbus = st.sampled_from(("default", "handler", "ignored", "blocked"))
files = st.sampled_from(FILES)
frames = st.one_of(
    st.builds(lambda task, at: f"{task}:{at}", tasks, addresses),
    st.builds(lambda path, page: f"{path}@{page}", files, st.integers(0, 3)),
    st.sampled_from(("any:free", "any:free-inside", "any:free-pcp", "any:slab", "any:pgtable", "any:anon", "any:file")),
)


huge_addresses = st.builds(lambda area, page: f"{area}+{page}", st.sampled_from("ht"), st.sampled_from((0, 1, 511)))
huge_frames = st.one_of(
    st.builds(lambda task, at: f"{task}:{at}", tasks, huge_addresses),
    st.sampled_from(("any:free-huge", "head:a:h+1", "head:a:t+1")),
)


def _act(op: str, /, **keys: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    return st.tuples(st.just(op), st.fixed_dictionaries(keys))


_at = {"task": tasks, "at": addresses}
_range = {**_at, "pages": st.integers(1, 3)}
_flag = st.booleans()

ACTS = (
    _act("fork", task=tasks, child=tasks),
    _act("write", **_at, value=st.sampled_from("ABC")),
    _act("write", **_at, value=st.sampled_from("ABC")),
    _act("read", **_at),
    _act("read", **_at),
    _act("poison", frame=frames),
    _act("poison", frame=frames, via=st.just("madvise"), task=tasks),
    _act("task", name=tasks, sigbus=sigbus, mce_kill=policies, threads=st.integers(1, 3)),
    _act("exit", task=tasks),
    _act("mmap", task=tasks, name=st.sampled_from(AREAS), pages=st.integers(1, 4), shared=_flag, populate=_flag,
         locked=_flag, prot=st.sampled_from(("rw", "rw", "r", "none"))),
    _act("mmap", task=tasks, name=st.sampled_from(AREAS), pages=st.integers(1, 4), file=files, shared=_flag,
         offset=st.integers(0, 2), populate=_flag),
    _act("munmap", **_range),
    _act("mremap", **_range, name=st.sampled_from(AREAS)),
    _act("mprotect", **_range, prot=st.sampled_from(("rw", "r", "none"))),
    _act("mlock", **_range),
    _act("munlock", **_range),
    _act("madvise", **_range, advice=st.sampled_from(("dontneed", "pageout", "pageout", "populate_read"))),
    _act("swapin", **_at),
    _act("copy_from_user", **_at),
    _act("open", task=tasks, path=files, fd=st.just("f")),
    _act("close", task=tasks, fd=st.just("f")),
    _act("pread", task=tasks, fd=st.just("f"), page=st.integers(0, 3)),
    _act("pwrite", task=tasks, fd=st.just("f"), page=st.integers(0, 3), value=st.sampled_from("XY")),
    _act("fsync", task=tasks, fd=st.just("f")),
    _act("msync", **_range),
    _act("sync", path=files),
    _act("truncate", path=files, pages=st.integers(0, 4)),
    _act("punch_hole", path=files, page=st.integers(0, 3)),
    _act("unlink", path=files),
    _act("drop_caches"),
    _act("pin", frame=frames),
    _act("unpin", frame=frames),
    _act("writeback", frame=frames, state=st.sampled_from(("start", "end"))),
    _act("prctl", task=tasks, mce_kill=policies),
    _act("sigaction", task=tasks, sigbus=sigbus),
    _act("sysctl", name=st.just("memory_failure_early_kill"), value=st.integers(0, 1)),
    _act("alloc", frames=st.integers(0, 40)),
)  # fmt: skip

HUGE_ACTS = (
    _act("mmap", task=tasks, name=st.just("h"), pages=st.just(512), huge=st.just("hugetlb"), shared=_flag),
    _act("write", task=tasks, at=huge_addresses, value=st.sampled_from("HI")),
    _act("read", task=tasks, at=huge_addresses),
    _act("munmap", task=tasks, at=st.just("h+0"), pages=st.just(512)),
    _act("poison", frame=huge_frames),
)

# What only the newer kernel can do.
LATER_ACTS = (
    _act("mmap", task=tasks, name=st.just("t"), pages=st.just(512), huge=st.just("thp"), shared=_flag),
    _act("write", task=tasks, at=huge_addresses, value=st.sampled_from("HI")),
    _act("madvise", **_range, advice=st.just("mergeable")),
    _act("soft_offline", frame=st.one_of(frames, huge_frames)),
    _act("unpoison", frame=st.one_of(frames, huge_frames)),
    _act("poison", frame=st.one_of(frames, huge_frames), via=st.sampled_from(("hard_offline", "srao"))),
    _act("poison", frame=frames, via=st.just("srar"), task=tasks, rip_valid=_flag),
    _act("copy_from_user", task=tasks, at=huge_addresses),
)  # fmt: skip

KINDS_OF_PROGRAM = {
    ("v7", False): ACTS,
    ("v7", True): ACTS + 3 * HUGE_ACTS,
    ("6.1", False): ACTS + LATER_ACTS[2:-1],
    ("6.1", True): ACTS + 3 * (HUGE_ACTS + LATER_ACTS),
}
PROGRAMS = {kind: st.lists(st.one_of(acts), min_size=5, max_size=60) for kind, acts in KINDS_OF_PROGRAM.items()}
deep = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


# The handlers themselves take hold of the frame that they poison.
HANDLERS = ("poison", "soft_offline")


def with_defaults(name: str, args: dict[str, Any]) -> dict[str, Any]:
    """The arguments with the defaults that a scenario file would have had filled in."""
    return shape.values_of(SCHEMA[name].keys, args)


def fresh(kind: Kind) -> Session:
    profile, huge = kind
    return Session.fresh(frames=4096 if huge else 640, profile=profile, huge_pages=2 if huge else 0)


def prepared(kind: Kind) -> Session:
    """A small machine with a file of each sort, a process, its child, and on one without huge pages a brood of more."""
    session = fresh(kind)
    for path, filesystem in FILESYSTEMS.items():
        session.act("file", with_defaults("file", {"path": path, "pages": 4, "filesystem": filesystem}))
    session.act("task", with_defaults("task", {"name": "a", "sigbus": "handler"}))
    session.act("mmap", with_defaults("mmap", {"task": "a", "name": "m", "pages": 4}))
    for page in range(4):
        session.act("write", with_defaults("write", {"task": "a", "at": f"m+{page}"}))
    session.act("mmap", with_defaults("mmap", {"task": "a", "name": "n", "pages": 4, "file": FILES[0], "shared": True}))
    session.act("mmap", with_defaults("mmap", {"task": "a", "name": "o", "pages": 4, "file": FILES[1], "shared": True}))
    session.act("open", {"task": "a", "path": FILES[0], "fd": "f"})
    for child in ("b", *(() if kind[1] else BROOD)):
        session.act("fork", with_defaults("fork", {"task": "a", "child": child}))
    return session


def run(session: Session, program: list[tuple[str, dict[str, Any]]], after: Callable[[], None] = lambda: None) -> None:
    """Carry the program out; what names nothing changes nothing and is passed by."""
    for name, args in program:
        try:
            session.act(name, with_defaults(name, args))
        except ScenarioError:
            continue
        after()


@pytest.fixture(
    params=sorted(KINDS_OF_PROGRAM),
    name="kind",
    scope="module",
    ids=lambda kind: f"{kind[0]}-{'huge' if kind[1] else 'small'}",
)
def _kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@deep
@given(data=st.data())
def test_the_machine_is_consistent_after_every_operation(kind: Kind, data: st.DataObject) -> None:
    session, program = prepared(kind), data.draw(PROGRAMS[kind])
    run(session, program, lambda: invariants.check(session.machine))


@deep
@given(data=st.data())
def test_walking_anywhere_and_back_gives_the_same_machine(kind: Kind, data: st.DataObject) -> None:
    session, program = prepared(kind), data.draw(PROGRAMS[kind])
    digests = {session.position: session.machine.gate.digest()}
    run(session, program, lambda: digests.__setitem__(session.position, session.machine.gate.digest()))
    for _ in range(6):
        position = data.draw(st.sampled_from(sorted(digests)))
        session.seek(data.draw(st.integers(0, len(session.steps))))
        session.seek(position)
        assert session.machine.gate.digest() == digests[position]


@deep
@given(data=st.data())
def test_a_replay_of_the_operations_gives_the_same_machine(kind: Kind, data: st.DataObject) -> None:
    session, program = prepared(kind), data.draw(PROGRAMS[kind])
    run(session, program)
    again = fresh(kind)
    for operation in session.operations:
        assert again.act(operation.name, operation.args, operation.telling) == operation.outcome
    assert again.machine.gate.digest() == session.machine.gate.digest()


@deep
@given(data=st.data())
def test_no_poisoned_frame_is_ever_handed_out(kind: Kind, data: st.DataObject) -> None:
    session, program = prepared(kind), data.draw(PROGRAMS[kind])
    run(session, program)
    session.act("alloc", {"frames": session.machine.frames})
    poisoned: set[int] = set()
    for operation in session.operations:
        assert not operation.outcome.handed_out & poisoned
        for step in session.steps[operation.first : operation.last]:
            for store, key, old, new in step.changes:
                if store is session.machine.refcount and old == 0 and operation.name not in HANDLERS:
                    assert key not in poisoned, f"frame {key:#x} got its first reference in {operation.name}"
                if store is session.machine.flags:
                    poisoned.add(key) if new & pf.HWPOISON else poisoned.discard(key)


@deep
@given(data=st.data())
def test_nobody_dies_or_is_signalled_without_a_cause(kind: Kind, data: st.DataObject) -> None:
    session, program = prepared(kind), data.draw(PROGRAMS[kind])
    m = session.machine
    for name, args in program:
        concerned = _concerned(session, args.get("frame")) if name == "poison" else None
        alive = {p.name for p in m.living()}
        try:
            outcome = session.act(name, with_defaults(name, args))
        except ScenarioError:
            continue
        killed = {seen.task for seen in outcome.signals if seen.effect == "killed"}
        dead = alive - {p.name for p in m.living()}
        assert dead == killed | ({args["task"]} if name == "exit" else set())
        if concerned is not None:
            # Who consumed the error is told, whoever else has the page.
            assert {seen.task for seen in outcome.signals} <= concerned | {args.get("task")}
        if name not in ("poison", "read", "write", "sigaction"):
            assert not outcome.signals


def _concerned(session: Session, frame: str | None) -> set[str]:
    """Tasks that have a VMA over the page, by the model's reverse map, plus the task that is named."""
    m = session.machine
    try:
        pfn = session.resolve_frame(frame or "")
    except ScenarioError:
        return {p.name for p in m.processes.view.values()}
    return {session.task_name(vma.mm) for vma in rmap_vmas(m, pfn)}
