"""A fixed sample of the random programs: what is foretold happens."""

from __future__ import annotations

from random import Random

import pytest

from hwpoison_gui.view.base import impacts
from hwpoison_gui.view.outcome.impact_now import impact_now
from hwpoison_gui.view.outcome.loss import loss_of
from tests import truth
from tests.programs import KINDS_OF_PROGRAM, Kind, Wrong, prepared, run, shrunk, tried


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", sorted(KINDS_OF_PROGRAM), ids=lambda kind: f"{kind[0]}-{kind[1]}")
def test_what_is_foretold_happens(kind: Kind, seed: int) -> None:
    operations, wrong = tried(Random(seed), kind)
    assert operations and not wrong, shrunk(wrong[0])


def test_a_program_is_cut_down_to_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tests.programs.look",
        lambda session, pfns: ["a died"] if session.machine.processes.view[101].ended else [],
    )
    program = [("read", {"task": "b", "at": "m+0"}), ("exit", {"task": "a"}), ("drop_caches", {})]
    assert shrunk(Wrong("a died", ("v7", False), program)).program == [("exit", {"task": "a"})]


@pytest.mark.parametrize("newpid", [True, False])
@pytest.mark.parametrize("sigbus", ["default", "handler", "ignored"])
def test_a_private_huge_page_that_madvise_faults_in(sigbus: str, newpid: bool) -> None:
    """The hole of a file gets a page of the process's own, whose huge entry names the head once it is poisoned.

    hugetlb_no_page() and hugetlb_fault(), mm/hugetlb.c; try_to_unmap_one(), mm/rmap.c (6.1): VM_FAULT_HWPOISON_LARGE.
    """
    session = prepared(("6.1", True))
    run(session, [
        ("task", {"name": "e", "sigbus": sigbus, "mce_kill": "late", "threads": 1, "newpid": newpid}),
        ("truncate", {"path": "/huge", "pages": 1024}),
        ("mmap", {"task": "e", "name": "h", "pages": 512, "file": "/huge", "offset": 0, "shared": False}),
        ("exit", {"task": "a"}),
        ("poison", {"frame": "a:n+3", "via": "madvise", "task": "e"}),
    ])  # fmt: skip
    error, tgid = session.operations[-1], session.world.process("e").tgid
    pfn = error.outcome.pfn
    assert pfn is not None and error.outcome.kind == "huge page" and truth.errors_of(session) == [pfn]
    kind = impacts.CAUGHT if sigbus == "handler" else impacts.ENDS if newpid else impacts.LATER
    loss = loss_of(session, error)
    assert loss is not None and [hit.kind for hit in loss.hits] == [kind] and impact_now(session, pfn) == {tgid: kind}
    assert list(truth.disagreements_by_now(session, pfn)) == []


def test_a_clean_poisoned_page_that_a_fault_drops_stops_nobody() -> None:
    """A folio that could not be split was dirty, and is written back since: a fault takes it out of the page cache.

    __do_fault(), mm/memory.c (7.2): mapping_evict_folio(), then VM_FAULT_NOPAGE.
    """
    session = prepared(("7.2", False))
    run(session, [
        ("open", {"task": "b", "path": "/large", "fd": "l"}),
        ("pwrite", {"task": "b", "fd": "l", "page": 3, "value": "X"}),
        ("poison", {"frame": "/large@0"}),
        ("task", {"name": "e", "sigbus": "blocked"}),
        ("mmap", {"task": "e", "name": "n", "pages": 4, "file": "/large", "shared": True}),
    ])  # fmt: skip
    (pfn,) = truth.errors_of(session)
    tgid = session.world.process("e").tgid
    assert impact_now(session, pfn) == {tgid: impacts.LATER} and list(truth.disagreements_by_now(session, pfn)) == []
    run(session, [("sync", {"path": "/large"})])
    assert impact_now(session, pfn) == {} and list(truth.disagreements_by_now(session, pfn)) == []
    run(session, [("read", {"task": "e", "at": "n+0"})])
    assert session.alive("e") and not session.operations[-1].outcome.signals
