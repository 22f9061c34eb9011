"""The outcomes of all frames together; that frames of one class are alike is held by test_signature.py."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.page_mapping import MAPPING_ANON
from hwpoison_gui.kernel.presets import desktop
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import PAGE_SHIFT
from hwpoison_gui.kernel.rmap import rmap_addresses
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.impacts import ENDS, PANICS
from hwpoison_gui.view.outcome import assessment as module
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome.assessment import Assessment
from hwpoison_gui.view.outcome.prediction import predict
from hwpoison_gui.view.outcome.touch import death_by_touch
from tests.view.outcome.states import scramble, with_huge_pages
from tests.workbench import do


@pytest.mark.parametrize("profile", PROFILES)
def test_recovery_switched_off_is_panic_everywhere(profile: str) -> None:
    session = Session.fresh(4096, 3, "desktop", profile=profile)
    do(session, "poison", frame="any:anon")
    poisoned = session.operations[-1].outcome.pfn
    do(session, "sysctl", name="memory_failure_recovery", value=0)
    classes = Assessment.of(session.machine).classes()
    holes = (session.machine.flags.view & np.uint64(pf.NOPAGE)) != 0
    assert classes[poisoned] == outcomes.POISONED
    assert set(classes[~holes & (np.arange(4096) != poisoned)].tolist()) == {outcomes.PANICS}
    assert set(classes[holes].tolist()) <= {outcomes.HOLE}


def test_the_handler_runs_on_the_frame_of_a_class_that_has_the_fewest_mappers() -> None:
    session = Session.fresh(4096)
    for name in ("a", "b"):
        do(session, "task", name=name)
        do(session, "mmap", task=name, name="m", pages=3)
        for page in range(3):
            do(session, "write", task=name, at=f"m+{page}")
    for number in range(3):
        do(session, "fork", task="a", child=f"c{number}")
    assessment = Assessment.of(session.machine)
    shared, own = session.resolve_frame("a:m+0"), session.resolve_frame("b:m+0")
    assert assessment.class_of[shared] == assessment.class_of[own]
    assert session.machine.mapcount.view[assessment.members[assessment.class_of[shared]]] == 1


def test_the_machine_is_as_before() -> None:
    session = Session.fresh(4096, 3, "desktop", profile="6.1")
    digest = session.machine.gate.digest()
    Assessment.of(session.machine)
    assert session.machine.gate.digest() == digest and not session.machine.gate.changed


def test_classes_are_numbered_by_severity_and_have_words() -> None:
    assert [one.id for one in outcomes.CLASSES] == list(range(len(outcomes.CLASSES)))
    assert len({one.key for one in outcomes.CLASSES}) == len(outcomes.CLASSES)
    assert outcomes.CLASSES[-1].id == outcomes.POISONED


def test_a_process_with_a_copy_of_its_own_does_not_wait_for_the_page() -> None:
    """A private mapping has an entry at page 1, of its copy, and none at page 0: there it will meet the poison."""
    session = Session.fresh(4096, profile="6.1")
    do(session, "file", path="/dev/shm/s", pages=2, filesystem="tmpfs")
    do(session, "task", name="w")
    do(session, "open", task="w", path="/dev/shm/s", fd="d")
    for page in range(2):
        do(session, "pwrite", task="w", fd="d", page=page, value="W")
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=2, file="/dev/shm/s")
    do(session, "write", task="a", at="m+1", value="own")
    pfns = [session.resolve_frame(f"/dev/shm/s@{page}") for page in range(2)]
    assert Assessment.of(session.machine).classes()[pfns].tolist() == [outcomes.LATE, outcomes.LOST]
    assert [predict(session.machine, pfn).code for pfn in pfns] == [outcomes.LATE, outcomes.LOST]


@pytest.mark.parametrize("profile", [name for name in PROFILES if name != "v7"])
def test_the_parts_of_an_unmapped_huge_page_are_told_from_those_of_a_poisoned_one(profile: str) -> None:
    """The poisoned page of hugetlbfs stays in the page cache; that it is poisoned stands at its head."""
    session = Session.fresh(1 << 13, huge_pages=2, profile=profile)
    do(session, "file", path="/huge", pages=1024, filesystem="hugetlbfs")
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="h", pages=1024, file="/huge", shared=True)
    for page in (0, 512):
        do(session, "write", task="a", at=f"h+{page}", value="x")
    do(session, "munmap", task="a", at="h+0", pages=1024)
    do(session, "poison", frame="/huge@0")
    pfns = [session.resolve_frame(f"/huge@{page}") for page in (1, 513)]
    assert Assessment.of(session.machine).classes()[pfns].tolist() == [outcomes.POISONED, outcomes.LOST]
    assert [predict(session.machine, pfn).code for pfn in pfns] == [outcomes.POISONED, outcomes.LOST]


@pytest.mark.parametrize("profile", [*PROFILES][::3])  # the oldest and the newest: parts are of no kernel
def test_classes_do_not_depend_on_how_many_frames_are_done_at_a_time(
    profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    m = with_huge_pages(profile, rng).machine
    scramble(m, rng)
    whole = Assessment.of(m).classes()
    for chunk, batch in ((1 << 8, 1 << 4), (1000, 33)):  # 1000: the last part is shorter
        monkeypatch.setattr(module, "_CHUNK", chunk)
        monkeypatch.setattr(module, "_BATCH", batch)
        assert np.array_equal(Assessment.of(m).classes(), whole)


def test_the_work_says_how_much_of_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BATCH", 64)
    m = with_huge_pages("6.1", np.random.default_rng(1)).machine
    assessment = Assessment(m)
    assert not len(assessment.codes) and not len(assessment.members)
    done = list(assessment.work())
    assert done == sorted(done) and 0 <= done[0] < 0.01 and 0.9 < done[-1] <= 1
    assert any(0.28 < one <= 0.3 for one in done) and any(0.3 < one <= 0.6 for one in done)
    assert any(0.8 < one < 0.9 for one in done)
    assert sum(one >= 0.9 for one in done) >= len(assessment.codes), "a slice for each dry run at least"


def what_decides(m: Machine, pfn: int) -> tuple[object, ...]:
    """All that the handler can ask of a frame that no process uses, one question at a time."""
    head, word = m.compound_head(pfn), int(m.mapping.view[pfn])
    low, inode = word & 3, None if m.page(pfn) & pf.COMPOUND_TAIL else m.inode_of(pfn)
    sort = inode.filesystem if inode else ("none" if not word else "anon" if low == MAPPING_ANON else "other")
    mapped, refs = int(m.mapcount.view[pfn]), int(m.refcount.view[pfn])
    waiters = set[str]()
    if inode is not None and not mapped and m.profile.files.keeps_poison(inode.filesystem):
        for vma, address in rmap_addresses(m, pfn):
            if not m.pte(vma.mm, address >> PAGE_SHIFT):
                death = death_by_touch(m, m.processes.view[vma.mm])
                waiters.add(death if death in (PANICS, ENDS) else "anybody")
    waiters |= {"anybody"} if waiters else set()
    return (
        m.page(pfn),
        sort if not m.page(pfn) & pf.COMPOUND_TAIL else "tail",
        min(max(refs - mapped, 0), 3),
        mapped > 0,
        m.refcount.view[head] == 0,
        bool(m.page(head) & pf.LRU),
        any(pfn in m.free_area.of(order) for order in range(11)),
        pfn in m.pcp.of(0),
        frozenset(waiters),
    )


@pytest.mark.parametrize("profile", PROFILES)
def test_frames_without_users_are_of_one_class_if_nothing_tells_them_apart(
    profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHUNK", 1 << 6)
    rng = np.random.default_rng(2)
    session = with_huge_pages(profile, rng)
    do(session, "task", name="copies")
    do(session, "task", name="first of a namespace", newpid=True)
    for fs in ("ext4", "tmpfs", "blockdev", "nofs"):  # pages in the cache, of which a process has copies of some
        do(session, "file", path=f"/srv/{fs}", pages=8, filesystem=fs)
        do(session, "mmap", task="copies", name=fs, pages=4, file=f"/srv/{fs}")
        do(session, "open", task="copies", path=f"/srv/{fs}", fd=fs)
        for page in range(8):
            do(session, "pwrite", task="copies", fd=fs, page=page, value="w")
        for page in range(2):
            do(session, "write", task="copies", at=f"{fs}+{page}", value="own")
        for offset, init in (
            (2, session.task_name(1)),
            (3, "first of a namespace"),
        ):  # they wait for pages, some for the same
            do(session, "mmap", task=init, name=fs, pages=4, file=f"/srv/{fs}", offset=offset)
    m = session.machine
    free = np.flatnonzero(m.refcount.view == 0)
    kernel = np.flatnonzero((m.refcount.view > 0) & (m.mapping.view == 0) & (m.mapcount.view == 0))
    tails = np.flatnonzero(((m.flags.view & np.uint64(pf.COMPOUND_TAIL)) != 0) & (m.mapcount.view == 0))
    for pfn in rng.choice(kernel, 60).tolist():
        m.put(m.refcount, pfn, int(rng.integers(0, 6)))
        m.put(m.mapcount, pfn, int(rng.integers(0, 3)))
    for pfn in rng.choice(free, 30).tolist():
        m.put(m.refcount, pfn, int(rng.integers(0, 3)))
    for pfn in rng.choice(tails, 60).tolist():
        m.put(m.refcount, m.compound_head(pfn), int(rng.integers(0, 2)))
        m.put(m.flags, m.compound_head(pfn), m.page(m.compound_head(pfn)) ^ pf.LRU * int(rng.integers(0, 2)))
    m.gate.take()
    assessment = Assessment.of(m)
    assert set(assessment.class_of.tolist()) == set(range(len(assessment.members))), "the handler runs for nobody"
    signed = set(assessment.users.used().tolist())
    for pfn in range(m.frames):
        head_is_huge = m.page(m.compound_head(pfn)) & (pf.THP | pf.HUGE)
        if head_is_huge or (m.mapcount.view[pfn] and m.inode_of(pfn) is not None):
            signed.add(pfn)
    class_of: dict[tuple[object, ...], int] = {}
    for pfn in sorted(set(range(m.frames)) - signed):
        number = int(assessment.class_of[pfn])
        assert class_of.setdefault(what_decides(m, pfn), number) == number, hex(pfn)
    by_class: dict[int, tuple[object, ...]] = {}
    for facts, number in class_of.items():
        assert by_class.setdefault(number, facts) == facts, "unlike frames are of one class"


@pytest.mark.parametrize("mapped", [True, False])
def test_pages_of_one_file_system_on_two_devices_are_told_apart_while_the_filter_asks_for_one(mapped: bool) -> None:
    session = Session.fresh(512, profile="6.1")
    do(session, "task", name="a")
    for name, path in (("m", "/dev/shm/x"), ("n", "/run/x")):
        do(session, "file", path=path, pages=1, filesystem="tmpfs")
        do(session, "mmap", task="a", name=name, pages=1, file=path, shared=True)
        do(session, "write", task="a", at=f"{name}+0")
        if not mapped:
            do(session, "munmap", task="a", at=f"{name}+0", pages=1)
    do(session, "debugfs", name="corrupt-filter-dev-minor", value=23)
    pfns = [session.resolve_frame(path) for path in ("/dev/shm/x@0", "/run/x@0")]
    for enabled in (0, 1):
        do(session, "debugfs", name="corrupt-filter-enable", value=enabled)
        classes = Assessment.of(session.machine).classes()[pfns].tolist()
        assert [code == outcomes.FILTERED for code in classes] == [False, bool(enabled)]
        assert classes == [predict(session.machine, pfn).code for pfn in pfns]


def test_cached_pages_of_two_cgroups_are_told_apart_while_the_filter_asks_for_one() -> None:
    image = desktop(4096, 1)
    cgroups = np.where(image.kpageflags & np.uint64(pf.LRU), 7 + 2 * (np.arange(4096) % 2), 0).astype(np.uint64)
    session = Session(machine_from_image(image._replace(cgroup=cgroups, cgroups={7: "/a"}), PROFILES["6.1"]))
    m = session.machine
    for name, value in (("memcg", 7), ("enable", 1)):
        do(session, "debugfs", name=f"corrupt-filter-{name}", value=value)
    cached = [pfn for pages in m.page_cache.view.values() for pfn in pages.values() if not m.mapcount.view[pfn]]
    classes = Assessment.of(m).classes()
    assert {(pfn % 2, classes[pfn] == outcomes.FILTERED) for pfn in cached} == {(0, False), (1, True)}
    assert all(classes[pfn] == predict(m, pfn).code for pfn in cached[::5])
