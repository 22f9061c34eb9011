"""The filters of the injector: which pages each refuses, and what is left of an error that was refused."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui import resources
from hwpoison_gui.kernel import hwpoison_filter as filters
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.boot.machine import machine_from_image
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.memcontrol import page_cgroup_ino, page_cgroup_inos
from hwpoison_gui.kernel.migrate import MOVED
from hwpoison_gui.kernel.page_alloc import free_page
from hwpoison_gui.kernel.presets import desktop
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.session import Session
from hwpoison_gui.sources.recording import open_recording
from tests.workbench import Workbench, do

LATER = [name for name, profile in PROFILES.items() if profile.has("injection_filters")]


def turn_on(session: Session, **values: int) -> None:
    for name, value in {**values, "enable": 1}.items():
        do(session, "debugfs", name=f"corrupt-filter-{name.replace('_', '-')}", value=value)


def mapped() -> Workbench:
    """A dirty page of a file, and one of anonymous memory."""
    bench = Workbench()
    bench.do("file", path="/f", pages=2)
    bench.area("f", file="/f", shared=True)
    bench.do("write", task="a", at="f+0")
    bench.area("n", populate=True)
    return bench


def test_the_kernel_of_2009_has_none() -> None:
    assert "v7" not in LATER and len(LATER) == len(PROFILES) - 1
    with pytest.raises(ScenarioError, match="only for profile 6.1, 6.12 and 7.2"):
        turn_on(Session.fresh(profile="v7"))


def test_a_file_of_32_bits_keeps_no_more() -> None:
    with pytest.raises(ScenarioError, match="32 bits"):
        turn_on(Session.fresh(profile="6.1"), dev_major=1 << 32)
    turn_on(Session.fresh(profile="6.1"), memcg=1 << 32)


def test_a_file_of_a_device_number_takes_32_ones_and_the_others_take_64_bits() -> None:
    session = Session.fresh(profile="6.1")
    wide = {name for name, file in filters.FILTER_FILES.items() if file.bits == 64}
    assert wide == {filters.FLAGS_MASK, filters.FLAGS_VALUE, filters.MEMCG}
    for name in filters.FILTER_FILES.keys() - wide:
        do(session, "debugfs", name=name, value=(1 << 32) - 1)
        with pytest.raises(ScenarioError, match="32 bits"):
            do(session, "debugfs", name=name, value=1 << 32)


def test_files_nobody_wrote_read_as_the_module_sets_them_and_all_ones_is_any_device() -> None:
    bench = mapped()
    any_device = 0xFFFF_FFFF
    read = {name: filters.setting(bench.m, name) for name in filters.FILTER_FILES}
    assert {name for name, value in read.items() if value} == {filters.DEV_MAJOR, filters.DEV_MINOR}
    assert read[filters.DEV_MAJOR] == read[filters.DEV_MINOR] == any_device
    turn_on(bench.session, dev_major=any_device, dev_minor=any_device)
    assert not filters.hwpoison_filter(bench.m, bench.pfn("a:n+0"))


def test_only_disks_have_a_major_number_and_each_mount_has_its_own_minor() -> None:
    bench = mapped()
    file = next(inode for inode in bench.m.inodes.view.values() if inode.path == "/f")
    made = {
        (filesystem, path): filters.made_device(file._replace(filesystem=filesystem, path=path))
        for filesystem, path in (
            ("ext4", "/f"), ("directory", "/d"), ("nofs", "/n"), ("blockdev", "/dev/sda1"), ("hugetlbfs", "/h"),
            ("tmpfs", "/dev/zero"), ("tmpfs", "/dev/shm/f"), ("tmpfs", "/run/f"),
        )
    }  # fmt: skip
    assert made["ext4", "/f"] == made["directory", "/d"]
    del made["directory", "/d"]
    assert len(set(made.values())) == len(made)
    assert all(major == (8 if filesystem in ("ext4", "nofs") else 0) for (filesystem, _), (major, _) in made.items())
    assert all(number < 0 for number in filters.UNKNOWN_DEVICE), "no filter asks for it"
    assert all(number < 0 for number in filters.UNKNOWN_DEVICE), "no filter asks for it"
    assert made["nofs", "/n"][1] == 1, "the block device /dev/sda1 is that of its file system"


def test_while_they_are_off_they_refuse_nothing() -> None:
    bench = mapped()
    turn_on(bench.session, dev_major=99, flags_mask=1, flags_value=1, memcg=99)
    assert filters.hwpoison_filter(bench.m, bench.pfn("a:n+0"))
    bench.do("debugfs", name="corrupt-filter-enable", value=0)
    assert not filters.hwpoison_filter(bench.m, bench.pfn("a:n+0"))
    assert bench.do("poison", frame="a:n+0").result == "Recovered"


@pytest.mark.parametrize(
    ("device", "anonymous", "file"),
    [({"dev_major": 8}, "dev", ""), ({"dev_minor": 2}, "dev", ""), ({"dev_major": 9}, "dev", "dev"),
     ({"dev_major": 8, "dev_minor": 3}, "dev", "dev"), ({}, "", "")],
)  # fmt: skip
def test_only_a_file_has_a_device(device: dict[str, int], anonymous: str, file: str) -> None:
    bench = mapped()
    turn_on(bench.session, **device)
    assert filters.hwpoison_filter(bench.m, bench.pfn("a:n+0")) == anonymous
    assert filters.hwpoison_filter(bench.m, bench.pfn("/f@0")) == file


def test_the_first_filter_that_refuses_is_named() -> None:
    bench = mapped()
    pfn = bench.pfn("a:n+0")
    turn_on(bench.session, memcg=7)
    assert filters.hwpoison_filter(bench.m, pfn) == filters.BY_CGROUP
    turn_on(bench.session, flags_mask=pf.LRU)
    assert filters.hwpoison_filter(bench.m, pfn) == filters.BY_FLAGS
    turn_on(bench.session, dev_minor=1)
    assert filters.hwpoison_filter(bench.m, pfn) == filters.BY_DEVICE


@pytest.mark.parametrize("profile", LATER)
@pytest.mark.parametrize("via", ["corrupt-pfn", "hard_offline", "srao", "srar", "madvise"])
@pytest.mark.parametrize("area", ["n", "t", "h"])
def test_a_refused_error_leaves_references_and_counts_as_they_were(profile: str, via: str, area: str) -> None:
    bench = Workbench(profile, huge_pages=1)
    bench.area("n", populate=True)
    bench.area("t", pages=512, huge="thp", populate=True)
    bench.area("h", pages=512, huge="hugetlb", populate=True)
    turn_on(bench.session, dev_major=99)
    m, pfn = bench.m, bench.pfn(f"a:{area}+0")
    before = int(m.refcount.view[m.compound_head(pfn)]), int(m.mapcount.view[pfn])
    came = bench.do("poison", frame=f"a:{area}+0", via=via, task="a")
    assert came.filtered and not came.broke and came.result is None and came.log == () and came.signals == ()
    assert came.errno == (0 if via in ("corrupt-pfn", "hard_offline", "madvise") else "EOPNOTSUPP")
    split = area == "t" and profile == "6.1" and via != "corrupt-pfn"
    assert (int(m.refcount.view[pfn]), int(m.mapcount.view[pfn])) == ((1, 1) if split else before)
    assert not m.page(pfn) & pf.LOCKED and not m.hardware_corrupted_kb and not any(m.mf_stats().values())
    keeps = area == "h" and via != "corrupt-pfn"  # see hugetlb_clear_page_hwpoison()
    assert bool(m.page(pfn) & pf.HWPOISON) == keeps and not m.raw_hwp.of(pfn)


@pytest.mark.parametrize("profile", LATER)
def test_a_refused_error_in_a_tail_of_a_huge_page_stays_on_that_frame_alone(profile: str) -> None:
    bench = Workbench(profile, huge_pages=1)
    bench.area("h", pages=512, huge="hugetlb", populate=True)
    turn_on(bench.session, dev_major=99)
    head = bench.pfn("a:h+0")
    assert bench.do("poison", frame="a:h+9", via="hard_offline").filtered
    assert [pfn - head for pfn in range(head, head + 512) if bench.m.page(pfn) & pf.HWPOISON] == [9]
    assert bench.m.counter("filtered") == 1
    assert bench.m.counter("filtered") == 1


def with_cgroups(profile: str) -> Machine:
    """A desktop whose pages on the LRU are charged to cgroup 7 or 9 in turn."""
    image = desktop(4096, 1)
    charged = (image.kpageflags & np.uint64(pf.LRU)) != 0
    inodes = np.where(charged, 7 + 2 * (np.arange(len(charged)) % 2), 0).astype(np.uint64)
    m = machine_from_image(image._replace(cgroup=inodes, cgroups={7: "/a"}), PROFILES[profile])
    m.gate.record()
    return m


@pytest.mark.parametrize("profile", LATER)
def test_many_frames_are_charged_as_each_is(profile: str) -> None:
    for m in (with_cgroups(profile), Session.fresh(4096, 1, "desktop", 1, profile).machine):
        pfns = np.flatnonzero((m.flags.view & np.uint64(pf.COMPOUND_TAIL)) == 0)
        assert page_cgroup_inos(m, pfns).tolist() == [page_cgroup_ino(m, pfn) for pfn in pfns.tolist()]


def test_a_moved_page_stays_charged_and_a_free_one_is_charged_to_nobody() -> None:
    m = with_cgroups("6.1")
    session = Session(m)
    moved = next(pfn for pfn in range(1, m.frames, 2) if m.page(pfn) & pf.ANON and m.mapcount.view[pfn] == 1)
    assert page_cgroup_ino(m, moved) == 9
    assert do(session, "soft_offline", frame=f"pfn:{moved:#x}").errno == 0
    new = next(mark.frames[1] for mark in session.steps.marks if mark.site is MOVED)
    assert page_cgroup_ino(m, new) == 9 and new + 1 not in m.charged.view
    turn_on(session, memcg=9)
    assert not filters.hwpoison_filter(m, new)
    free_page(m, new)
    assert page_cgroup_ino(m, new) == 0
    pfns = np.arange(m.frames)[(m.flags.view & np.uint64(pf.COMPOUND_TAIL)) == 0]
    assert page_cgroup_inos(m, pfns).tolist() == [page_cgroup_ino(m, pfn) for pfn in pfns.tolist()]
    assert filters.hwpoison_filter(m, new) == filters.BY_CGROUP


def test_a_page_that_was_charged_after_the_recording_is_the_roots() -> None:
    session = Session(with_cgroups("6.12"))
    do(session, "task", name="new")
    do(session, "mmap", task="new", name="m", pages=4, populate=True)
    pfn = session.resolve_frame("new:m+0")
    assert page_cgroup_ino(session.machine, pfn) == 1


def test_a_recorded_file_has_the_device_of_its_maps_and_an_unknown_one_none() -> None:
    m = machine_from_image(open_recording(resources.path("machines/server.npz")), PROFILES["6.1"])
    m.gate.record()
    turn_on(Session(m), dev_major=0xFE)
    devices = {filters.device_of(m, inode) for inode in m.inodes.view.values()}
    assert filters.UNKNOWN_DEVICE in devices
    known = [one for one in m.inodes.view.values() if filters.device_of(m, one) != filters.UNKNOWN_DEVICE]
    assert any(filters.is_on_device(m, one) for one in known if one.filesystem == "ext4")
    assert not any(filters.is_on_device(m, one) for one in known if one.path.startswith("/SYSV"))


def test_flags_are_asked_about_under_the_mask_only() -> None:
    bench = mapped()
    pfns = [bench.pfn("a:f+0"), bench.pfn("a:n+0")]
    turn_on(bench.session, flags_value=pf.ANON)
    assert [filters.hwpoison_filter_flags(bench.m, pfn) for pfn in pfns] == [True, True], "without a mask"
    turn_on(bench.session, flags_mask=pf.ANON)
    assert [filters.hwpoison_filter_flags(bench.m, pfn) for pfn in pfns] == [False, True]
