"""What changed between two images: the real error in a recorded machine, and changes that are made here."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui import resources
from hwpoison_gui.image import Capture, MemoryImage, ProcessImage
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.opening.opening import open_file
from hwpoison_gui.sources.machine_file import image_of
from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.map import snapshots
from hwpoison_gui.view.map.lens_sheets import SnapshotSheet
from hwpoison_gui.view.map.snapshot_parts import frames_in, parts_of
from hwpoison_gui.view.map.snapshots import (
    BOTH,
    GONE,
    NEW,
    Changes,
    KindChange,
    ProcessChange,
    in_order,
    side_of_image,
    side_of_machine,
)
from hwpoison_gui.view.rows.snapshots import snapshot_summary
from tests.paths import DATA

VICTIM = 0xFD67
_PRESENT = 1 << 63


@pytest.fixture(scope="module")
def before() -> MemoryImage:
    return image_of(resources.path("machines/victim_before.npz"))


def find_changes(old: MemoryImage, new: MemoryImage) -> Changes:
    return to_the_end(snapshots.find_changes(side_of_image(old), side_of_image(new)))


def small(words: list[int], mapped: dict[tuple[int, str], list[int]]) -> MemoryImage:
    """An image of these flag words, and of processes that map these frames."""
    pairs = [(pid, pfn) for (pid, _), frames in mapped.items() for pfn in frames]
    return MemoryImage(
        title="",
        kpageflags=np.array(words, np.uint64),
        kpagecount=np.zeros(len(words), np.uint64),
        pagemap_pid=np.array([pid for pid, _ in pairs], np.int64),
        pagemap_va=np.arange(len(pairs), dtype=np.uint64) << np.uint64(12),
        pagemap_entry=np.array([_PRESENT | pfn for _, pfn in pairs], np.uint64),
        processes=tuple(ProcessImage(pid, 0, comm) for pid, comm in mapped),
    )


def test_the_real_error_is_what_changed(before: MemoryImage) -> None:
    """A real kernel unmapped the page from the three that shared it; around it, other pages went on changing."""
    found = find_changes(before, image_of(DATA / "snapshot" / "victim_after.npz"))
    assert found.poison_new.tolist() == [VICTIM] and not len(found.poison_gone)
    assert KindChange(kinds.ANON, kinds.POISON, 1) in found.kinds
    assert [(one.label, one.state, one.lost, one.gained) for one in found.processes] == [
        ("w0:156", BOTH, 1, 0), ("w1:157", BOTH, 1, 0), ("w2:158", BOTH, 1, 0),
    ]  # fmt: skip
    assert {one.flag: (one.gone, one.new) for one in found.flags}["hwpoison"] == (0, 1)


def test_back_is_the_same_the_other_way_round(before: MemoryImage) -> None:
    after = image_of(DATA / "snapshot" / "victim_after.npz")
    there, back = find_changes(before, after), find_changes(after, before)
    assert back.poison_gone.tolist() == there.poison_new.tolist()
    assert [(one.flag, one.new, one.gone) for one in back.flags] == [tuple(one) for one in there.flags]
    assert {(one.new, one.old, one.frames) for one in back.kinds} == {tuple(one) for one in there.kinds}
    assert (back.flag_words, back.mapcounts) == (there.flag_words, there.mapcounts)


def test_nothing_changed(before: MemoryImage) -> None:
    found = find_changes(before, before)
    assert (found.flag_words, found.mapcounts) == (0, 0)
    assert not (found.flags or found.kinds or found.processes or len(found.poison_new)) and found.owners


def test_processes_end_and_start_and_a_pid_is_used_again() -> None:
    words = [pf.LRU | pf.ANON] * 6
    old = small(words, {(1, "init"): [0], (7, "a"): [1, 2, 2], (8, "b"): [3]})
    new = small(words, {(1, "init"): [0], (7, "other"): [1], (8, "b"): [3, 4, 5]})
    assert find_changes(old, new).processes == (
        ProcessChange("a:7", GONE, 2, 0, 2, 0, (7, "a")),
        ProcessChange("b:8", BOTH, 1, 3, 0, 2, (8, "b")),
        ProcessChange("other:7", NEW, 0, 1, 0, 1, (7, "other")),
    )


def test_of_another_size_only_common_frames_are_compared() -> None:
    old = small([pf.BUDDY, pf.BUDDY], {(1, "init"): [0, 1]})
    new = small([pf.BUDDY, pf.SLAB, pf.HWPOISON], {(1, "init"): [0, 2]})
    found = find_changes(old, new)
    assert found.frames == (2, 3) and found.compared == 2 and found.flag_words == 1
    assert found.kinds == (KindChange(kinds.FREE, kinds.SLAB, 1),) and not len(found.poison_new)
    assert found.processes == (ProcessChange("init:1", BOTH, 2, 1, 1, 0, (1, "init")),)


def test_without_owners_none_are_gone() -> None:
    owned = small([pf.ANON], {(1, "init"): [0]})
    found = find_changes(owned, owned._replace(processes=()))
    assert not found.owners and not found.processes


def test_parts_have_the_frames_that_they_count(before: MemoryImage) -> None:
    old, new = side_of_image(before), side_of_image(image_of(DATA / "snapshot" / "victim_after.npz"))
    found = to_the_end(snapshots.find_changes(old, new))
    parts = parts_of(found)
    assert parts[0].code == snapshots.POISONED and [part.number for part in parts] == [*range(1, len(parts) + 1)]
    for part in parts:
        assert int(frames_in(part, old, new, found).sum()) == part.frames
        assert len({one.frames for one in parts if one.word == part.word}) == 1
    changed = np.zeros(len(old.words), np.bool_)
    for part in parts:
        changed |= frames_in(part, old, new, found)
    assert np.array_equal(changed, found.codes > snapshots.SAME)


def test_a_frame_has_the_most_important_of_its_changes() -> None:
    old = small([pf.BUDDY, pf.LRU, pf.LRU | pf.ANON, pf.LRU, pf.NOPAGE, pf.NOPAGE, pf.LRU, pf.HWPOISON, pf.SLAB],
                {(1, "a"): [1, 6]})  # fmt: skip
    new = small([pf.SLAB, pf.BUDDY, pf.SLAB, pf.LRU | pf.DIRTY, pf.NOPAGE, pf.LRU, pf.LRU, pf.BUDDY], {(1, "a"): [0]})
    new.kpagecount[3] = 4
    s = snapshots
    assert find_changes(old, new).codes.tolist() == [
        s.ALLOCATED, s.FREED, s.KIND, s.FLAGS, s.NO_PAGE, s.ONE_SIDE, s.USERS, s.FREED, s.ONE_SIDE,
    ]  # fmt: skip
    back = find_changes(new, old).codes.tolist()
    assert back[7] == s.POISONED and back[0] == s.FREED


def test_another_machine_is_doubted() -> None:
    one = small([pf.LRU] * 3, {(1, "init"): [0], (2, "a"): [1], (3, "b"): [2]})._replace(kernel=(6, 1))
    other = small([pf.LRU] * 4, {(1, "init"): [0], (2, "c"): [1], (3, "d"): [2]})._replace(kernel=(6, 12))
    assert find_changes(one, other).doubts == (
        "The sizes differ: only the first 3 frames are compared.",
        "The kernels differ: Linux 6.1 and 6.12.",
        "1 of 3 processes have the same pid and name in both: these may be two machines, or two boots of one.",
    )
    assert find_changes(one, one).doubts == ()
    hole = one._replace(kpageflags=np.array([pf.LRU, pf.NOPAGE, pf.LRU], np.uint64))
    assert find_changes(one, hole).doubts == ("Memory is in other places: 1 frame has a page in only one of the two.",)


def test_processes_come_and_go_within_one_boot() -> None:
    """Where the boots are known, other processes are no reason for a doubt."""
    one = small([pf.LRU] * 3, {(1, "init"): [0], (2, "a"): [1], (3, "b"): [2]})._replace(capture=Capture(7.0, "b0"))
    other = small([pf.LRU] * 3, {(1, "init"): [0], (4, "c"): [1], (5, "d"): [2]})._replace(capture=Capture(9.0, "b0"))
    assert find_changes(one, other).doubts == ()
    again = other._replace(capture=Capture(9.0, "b1"))
    assert find_changes(one, again).doubts == (
        "The boot ids differ: these are two boots of one machine, or two machines.",
    )


def test_the_older_one_comes_first_if_both_times_are_known() -> None:
    image = small([pf.LRU], {})
    times = (20.0, 10.0, None)
    newer, older, unknown = (side_of_image(image._replace(title=str(time), capture=Capture(time))) for time in times)
    assert in_order(newer, older) == (older, newer) and in_order(older, newer) == (older, newer)
    assert in_order(newer, unknown) == (newer, unknown) and in_order(unknown, older) == (unknown, older)


@pytest.mark.parametrize("frames", [255, 256, 258])
def test_an_older_snapshot_is_compared_towards_the_open_machine(frames: int) -> None:
    """Also of another size: every frame of the open machine has a code, and the parts are of its frames."""
    new = small([pf.NOPAGE] * 255 + [pf.BUDDY] + [pf.SLAB], {})._replace(capture=Capture(20.0))
    old = small([pf.NOPAGE] * 254 + [pf.LRU] * (frames - 254), {})._replace(capture=Capture(10.0))
    m = machine_from_image(new, PROFILES["6.1"])
    sheet = SnapshotSheet(m, m.frames, side_of_image(old)._replace(title="old.npz"))
    for _ in sheet.work():
        pass
    assert sheet.changes is not None and sheet.changes.titles == ("old.npz", "this machine")
    assert len(sheet.changes.codes) == m.frames == 257
    codes = {255: snapshots.FREED if frames > 255 else snapshots.ONE_SIDE, 253: snapshots.NO_PAGE}
    assert {pfn: int(sheet.changes.codes[pfn]) for pfn in codes} == codes
    for part in sheet.parts:
        assert int(sheet.in_part(part.number).sum()) == part.frames
    when = "(00:00:10 UTC) to this machine (00:00:20 UTC)"
    assert f"changed from old.npz {when}" in snapshot_summary(sheet.changes)


@pytest.mark.parametrize("name", ["victim_before.npz", "server.npz"])
def test_a_machine_is_compared_as_its_memory_was_recorded(name: str) -> None:
    """What the model changes when it boots a recording are entries that were read while they changed."""
    path = resources.path(f"machines/{name}")
    machine = to_the_end(side_of_machine(open_file(path).session.machine, name))
    found = to_the_end(snapshots.find_changes(machine, side_of_image(image_of(path))))
    assert not found.flag_words and not found.doubts
    assert found.mapcounts < 30 and len(found.processes) <= 1
