"""What the label says of a frame before it is broken."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.reader import load
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base import impacts
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome.prediction import predict
from hwpoison_gui.view.outcome.preview import find_preview, words_of
from tests.paths import DATA
from tests.view.outcome.previews import preview
from tests.workbench import do


@pytest.fixture(name="session")
def _session() -> Session:
    session = Session.fresh(512)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=2)
    do(session, "write", task="a", at="m+0")
    do(session, "file", path="/srv/data", pages=2)
    do(session, "mmap", task="a", name="f", pages=2, file="/srv/data", shared=True)
    do(session, "read", task="a", at="f+0")
    do(session, "write", task="a", at="f+1")
    do(session, "fork", task="a", child="b")
    do(session, "fork", task="a", child="c")
    return session


def told(session: Session, frame: str) -> str:
    return preview(session.machine, session.resolve_frame(frame)).removeprefix("If it broke: ")


def test_kills_now_and_later(session: Session) -> None:
    assert told(session, "a:m+0") == "kills 3 now (a:101, b:102 and c:103); loses 4 KiB of anonymous memory"
    do(session, "sysctl", name="memory_failure_early_kill", value=0)
    assert told(session, "a:m+0") == "kills 3 when touched (a:101, b:102 and c:103); loses 4 KiB of anonymous memory"
    do(session, "sigaction", task="b", sigbus="handler")
    do(session, "sysctl", name="memory_failure_early_kill", value=1)
    assert told(session, "a:m+0") == (
        "kills 2 now (a:101 and c:103); signals 1 that survives (b:102); loses 4 KiB of anonymous memory"
    )


def test_files(session: Session) -> None:
    assert told(session, "/srv/data@0") == "no process is signalled; its file still has the data"
    assert told(session, "/srv/data@1") == (
        "kills 3 now (a:101, b:102 and c:103); 2 of them only by a VMA, without a PTE; loses 4 KiB of /srv/data"
    )


def test_who_has_no_pte_finds_a_poisoned_page_in_the_page_cache() -> None:
    """6.1 keeps a page of tmpfs there: who touches it through a VMA dies, mapped by a PTE or not."""
    session = Session.fresh(4096, profile="6.1", sysctl={"memory_failure_early_kill": 0})
    do(session, "task", name="a")
    do(session, "file", path="/tmp/shared", pages=1, fs="tmpfs")
    do(session, "mmap", task="a", name="f", path="/tmp/shared", pages=1, shared=True)
    do(session, "fork", task="a", child="b")
    do(session, "write", task="a", at="f+0", value="x")
    frame = session.resolve_frame("a:f+0")
    assert session.machine.mapcount.view[frame] == 1
    assert "kills 2 when touched (a:101 and b:102); 1 of them only by a VMA, without a PTE" in told(session, "a:f+0")


def test_what_cannot_be_handled(session: Session) -> None:
    assert told(session, "any:slab") == "Ignored (non LRU); the kernel keeps it"
    for frame in ("any:free", "any:free-inside"):
        assert told(session, frame).startswith("nothing is lost")
    do(session, "munmap", task="a", at="m+1", pages=1)
    pfn = session.resolve_frame("a:m+0")
    for name in "abc":
        do(session, "munmap", task=name, at="m+0", pages=1)
    assert session.machine.pcp.get((0, pfn)) is True
    assert told(session, f"pfn:{pfn:#x}").startswith("nothing is lost")


def test_recovery_off_and_poison(session: Session) -> None:
    pfn = session.resolve_frame("a:m+0")
    do(session, "sysctl", name="memory_failure_recovery", value=0)
    assert told(session, "a:m+0").startswith("the machine would stop")
    do(session, "sysctl", name="memory_failure_recovery", value=1)
    do(session, "poison", frame=f"pfn:{pfn:#x}")
    assert preview(session.machine, pfn) == ""


def test_nothing_is_foretold_of_a_machine_that_has_stopped(session: Session) -> None:
    other = session.resolve_frame("a:f+1")
    do(session, "sysctl", name="memory_failure_recovery", value=0)
    assert to_the_end(find_preview(session, other)) == preview(session.machine, other) != ""
    do(session, "poison", frame="a:m+0")
    assert session.machine.panicked and to_the_end(find_preview(session, other)) == ""


def test_who_is_not_hit_by_an_entry(session: Session) -> None:
    do(session, "sysctl", name="memory_failure_early_kill", value=0)
    do(session, "munmap", task="b", at="f+1", pages=1)
    do(session, "sigaction", task="c", sigbus="handler")
    assert told(session, "/srv/data@1") == (
        "kills 1 when touched (a:101); 1 silently reads old data (c:103); loses 4 KiB of /srv/data"
    )
    do(session, "read", task="c", at="f+1")
    do(session, "sysctl", name="memory_failure_early_kill", value=1)
    do(session, "sigaction", task="c", sigbus="blocked")
    assert (
        told(session, "/srv/data@1")
        == "kills 1 now (a:101); the signal stays pending for 1 (c:103); loses 4 KiB of /srv/data"
    )
    for name in "ac":
        do(session, "munmap", task=name, at="f+1", pages=1)
    assert told(session, "/srv/data@1") == "no process is signalled; loses 4 KiB of /srv/data"


def test_a_page_that_swap_has_too_is_no_loss() -> None:
    session = Session.fresh(4096)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0", value="x")
    do(session, "madvise", task="a", at="m+0", pages=1, advice="pageout")
    do(session, "swapin", task="a", at="m+0")
    pfn = next(iter(session.machine.swap_cache.view.values()))
    assert told(session, f"pfn:{pfn:#x}") == "no process is signalled; swap has a copy"


def test_two_are_several(session: Session) -> None:
    for name in "ab":
        do(session, "sigaction", task=name, sigbus="handler")
    do(session, "exit", task="c")
    assert told(session, "a:m+0") == "signals 2 that survive (a:101 and b:102); loses 4 KiB of anonymous memory"


def test_what_the_kernel_keeps_may_have_no_flags(session: Session) -> None:
    m = session.machine
    (bare, *_) = [pfn for pfn in range(m.frames) if not m.page(pfn) and m.refcount.get(pfn) and not m.mapcount.get(pfn)]
    assert told(session, f"pfn:{bare:#x}").endswith("; the kernel keeps it")


def test_the_result_stands_before_who_is_hit() -> None:
    session = Session.fresh(4096, profile="6.1", sysctl={"memory_failure_early_kill": 0})
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=2)
    for at in ("m+0", "m+1"):
        do(session, "write", task="a", at=at, value="same")
    do(session, "madvise", task="a", at="m+0", pages=2, advice="mergeable")
    assert told(session, "a:m+0").startswith("Ignored (unmapping failed page); ")


def test_why_the_machine_would_stop(session: Session) -> None:
    pfn = session.resolve_frame("a:m+0")
    ahead = predict(session.machine, pfn)._replace(code=outcomes.PANICS)
    init = words_of(session.machine, pfn, ahead._replace(hits={impacts.DEAD: [1]}))
    assert init == "If it broke: the machine would stop, init is killed"
    off = words_of(session.machine, pfn, ahead._replace(hits={}))
    assert off == "If it broke: the machine would stop, memory_failure_recovery is 0"


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("7.2/file_large_dirty_3.ek1", "Failed (unsplit thp); signals 3 that survive (w0:102, w1:103 and w2:104)"),
        ("6.12/thp_tail_pinned_by_pipe.ek1", "Failed (unsplit thp); signals 1 that survives (w0:102)"),
        ("6.12/thp_tail_pinned_by_pipe.ek0.srar", "Failed (unsplit thp); 1 keeps using it (w0:102)"),
        ("6.12/hugetlb_shared_second_subpage.ek0", ""),
    ],
)
def test_a_folio_that_cannot_be_split_was_not_poisoned_before(case: str, words: str) -> None:
    scenario = load(DATA / f"cases/{case}.toml")
    session = replay.boot(scenario)
    frame = "@victim"
    for step in scenario.steps:
        if step.op == "poison":
            frame = step.args["frame"]
            if frame != "@victim" or words:
                break
        session.act(step.op, step.args)
    assert told(session, frame) == words


@pytest.mark.parametrize(("pids", "head", "others"), [
    ((), "If it broke, by its flags alone: ", "which processes map it, and so whether any is signalled, is not known"),
    ((101,), "If it broke: ", "which other processes map it, and so whether they are signalled, is not known: "
     "only PID 101 was captured"),
])  # fmt: skip
def test_processes_that_were_not_captured_are_said_to_be_not_known(
    session: Session, pids: tuple[int, ...], head: str, others: str
) -> None:
    do(session, "sysctl", name="memory_failure_early_kill", value=0)
    for name in "bc":
        do(session, "exit", task=name)
    m = session.machine
    m.uncaptured, m.capture = np.ones(m.frames, np.int32), m.capture._replace(pids=pids)
    said = {frame: preview(m, session.resolve_frame(frame)) for frame in ("a:m+0", "/srv/data@0", "any:slab")}
    assert said == {
        "a:m+0": f"{head}kills 1 when touched (a:101); {others}; loses 4 KiB of anonymous memory",
        "/srv/data@0": f"{head}{others}",
        "any:slab": f"{head}Ignored (non LRU); {others}",
    }
