"""A machine: what is read of it, and the few ways to change it, each of which can be walked back."""

from __future__ import annotations

import numpy as np
import pytest

from hwpoison_gui.kernel import machine
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel import pte as ptes
from hwpoison_gui.kernel.gate import ABSENT
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.page_mapping import MAPPING_ANON, MAPPING_KSM, mapping_flags
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.records import LogLine, Process
from tests.view.outcome.states import with_huge_pages
from tests.workbench import Workbench

both = pytest.mark.parametrize("profile", ("v7", "6.1"))


@pytest.fixture
def m() -> Machine:
    fresh = Workbench().m
    fresh.gate.take()
    return fresh


@pytest.mark.parametrize("frames", (0, 255, (1 << 32) + 1))
def test_a_size_that_no_machine_has(frames: int) -> None:
    with pytest.raises(ValueError, match="frames"):
        Machine(frames, PROFILES["6.1"])


def test_a_bare_machine_has_the_settings_of_its_kernel() -> None:
    for profile in PROFILES.values():
        bare = Machine(256, profile)
        assert dict(bare.sysctl.view) == dict(profile.sysctl)
        assert bare.zones[-1].end == 256 and not bare.panicked and bare.hardware_corrupted_kb == 0


def test_a_large_column_has_its_frames_and_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_HUGE_FROM", 1)
    m = Machine(3000, PROFILES["6.1"])
    for column in (m.refcount, m.mapping, m.index):
        assert column.view.tolist() == [0] * 3000
        m.put(column, 2999, 1)
        assert np.flatnonzero(column.view).tolist() == [2999]


# -- Page tables


def test_a_huge_entry_is_found_for_each_of_its_pages(m: Machine) -> None:
    small, huge = ptes.mk_pte(7), ptes.mk_pte(1024, ptes.PSE)
    m.set_pte(9, 512, huge)
    m.set_pte(9, 1024, small)
    assert [m.pte(9, vpn) for vpn in (511, 512, 513, 1023, 1024, 1025)] == [0, huge, huge, huge, small, 0]
    assert m.pte(8, 512) == 0


def test_rss_follows_the_entries(m: Machine) -> None:
    for entry, rss in (
        (ptes.mk_pte(7), 1), (ptes.mk_pte(8, ptes.RW), 1), (ptes.mk_pte(1024, ptes.PSE), 512), (ptes.swp_pte(3), 0),
        (ptes.mk_pte(9, ptes.SPECIAL), 0), (ptes.mk_pte(7), 1), (ptes.hwpoison_pte(7), 0), (0, 0),
    ):  # fmt: skip
        m.set_pte(9, 512, entry)
        assert m.rss.view.get(9, 0) == rss and m.pte(9, 512) == entry
    assert 9 not in m.rss.view and 9 not in m.ptes.view
    m.gate.backward(m.gate.take())
    assert 9 not in m.ptes.view


# -- page->mapping


def test_mapping_leads_to_an_anon_vma_a_file_or_nothing(m: Machine) -> None:
    assert m.anon_vma_of(3000) == 0 and m.inode_of(3000) is None
    m.put(m.mapping, 3000, 5 << 2 | 1)
    assert m.anon_vma_of(3000) == 5 and m.inode_of(3000) is None
    m.put(m.mapping, 3000, 5 << 2 | MAPPING_KSM)
    assert m.anon_vma_of(3000) == 0 and m.inode_of(3000) is None


def test_a_tails_mapping_is_its_head(m: Machine) -> None:
    bench = Workbench(huge_pages=1)
    bench.area("h", pages=512, huge="hugetlb", shared=True)
    bench.do("write", task="a", at="h+3")
    tail = bench.pfn("a:h+3")
    assert bench.m.compound_head(tail) == tail - 3 == bench.m.compound_head(tail - 3)
    assert bench.m.inode_of(tail) is None and bench.m.inode_of(tail - 3) is not None
    assert m.compound_head(3000) == 3000


def test_many_heads_and_mappings_are_those_of_the_frames_one_by_one() -> None:
    m = with_huge_pages("6.1", np.random.default_rng(4)).machine
    heads = [m.compound_head(pfn) for pfn in range(m.frames)]
    mappings = [int(m.mapping.view[head]) for head in heads]
    tails = [pfn for pfn in range(m.frames) if m.page(pfn) & pf.COMPOUND_TAIL]
    column, first = m.mapping.view.copy(), tails[0]
    assert {mapping_flags(mappings[pfn]) for pfn in tails} == {0, MAPPING_ANON}, "of files and anonymous"
    for which in (slice(None), slice(first - 3, first + 5), slice(7, 7), np.array([first, 3, first + 1, 0, first])):
        pfns = np.arange(m.frames)[which]
        assert m.compound_heads(which).tolist() == [heads[pfn] for pfn in pfns]
        assert m.folio_mappings(which).tolist() == [mappings[pfn] for pfn in pfns]
        places, found = m.tails_among(which)
        assert places.tolist() == [at for at, pfn in enumerate(pfns.tolist()) if heads[pfn] != pfn]
        assert found.tolist() == [heads[pfn] for pfn in pfns if heads[pfn] != pfn]
    assert (m.mapping.view == column).all(), "reading changes nothing"


# -- VMAs and processes


@both
def test_a_vma_is_found_by_each_of_its_addresses(profile: str) -> None:
    bench = Workbench(profile)
    bench.area(pages=3)
    bench.area("n", pages=1)
    bench.do("munmap", task="a", at="m+1", pages=1)
    machine, mm, start = bench.m, bench.session.world.process("a").mm, bench.session.resolve_address("a", "m+0")
    for at, mapped in ((-1, 0), (0, 1), (0xFFF, 1), (0x1000, 0), (0x1FFF, 0), (0x2000, 1), (0x2FFF, 1), (0x3000, 0)):
        assert bool(machine.find_vma(mm, start + at)) == mapped
    starts = [vma.start for vma in machine.vmas_of(mm)]
    assert len(starts) == 3 and starts == sorted(starts)


def test_the_vmas_of_an_address_space_are_sorted_by_address() -> None:
    bench = Workbench()
    bench.area("m")
    bench.area("n")
    m = bench.m
    mm = bench.session.tid_of("a")
    assert mm is not None
    first, second = m.vmas_of(mm)
    m.put(m.vmas, first.id, first._replace(start=second.end, end=second.end + first.end - first.start))
    assert [vma.id for vma in m.vmas_of(mm)] == [second.id, first.id]


def test_the_living_are_in_order_and_without_the_dead(m: Machine) -> None:
    for tgid, ended in ((900, ""), (800, "exit"), (850, "")):
        m.put(m.processes, tgid, Process(tgid, 1, "x", "x", tgid, ended=ended))
    assert [process.tgid for process in m.living()][-2:] == [900, 850]


# -- Changing


def test_flags_are_set_and_cleared_alone(m: Machine) -> None:
    m.put(m.flags, 3000, pf.LRU)
    m.set_flags(3000, pf.DIRTY | pf.ARCH_2)
    assert m.page(3000) == pf.LRU | pf.DIRTY | pf.ARCH_2
    m.clear_flags(3000, pf.DIRTY | pf.SLAB)
    assert m.page(3000) == pf.LRU | pf.ARCH_2
    m.put_flags(np.array([3000, 3002]), on=pf.UPTODATE | pf.LOCKED, off=pf.LRU | pf.LOCKED)
    assert m.page(3000) == pf.ARCH_2 | pf.UPTODATE, "off comes last"
    assert not m.page(3001) & pf.UPTODATE and m.page(3002) & pf.UPTODATE
    m.put_flags(np.array([3000]), off=pf.UPTODATE)
    assert m.page(3000) == pf.ARCH_2
    m.put_flags(np.array([3000]), on=pf.LRU)
    assert m.page(3000) == pf.ARCH_2 | pf.LRU


def test_a_counter_that_is_zero_is_not_there(m: Machine) -> None:
    m.add_to(m.swap_map, 7, 2)
    m.add_to(m.swap_map, 7, -1)
    assert m.swap_map.get(7) == 1
    m.add_to(m.swap_map, 7, -1)
    assert m.swap_map.get(7) is ABSENT
    m.add_to(m.refcount, 3000, 2)
    m.add_to(m.refcount, 3000, -2)
    assert m.refcount.get(3000) == 0


def test_a_number_is_given_once(m: Machine) -> None:
    first = [m.new_id("thing") for _ in range(3)]
    assert first == [1, 2, 3] and m.new_id("other") == 1
    m.gate.backward(m.gate.take())
    assert m.new_id("thing") == 1


def test_the_kernel_log_grows_by_lines(m: Machine) -> None:
    before = len(m.log.view)
    m.printk("one")
    m.printk("two", 7, fatal=True)
    assert list(m.log.view.values())[before:] == [LogLine("one", -1, False), LogLine("two", 7, True)]


def test_poisoned_pages_are_told_in_kilobytes(m: Machine) -> None:
    m.add_to(m.counters, "num_poisoned_pages", 3)
    assert m.hardware_corrupted_kb == 12
    m.put(m.counters, "panic", 1)
    assert m.panicked


def test_bits_that_are_not_named_stay_as_they_are() -> None:
    m = Workbench().m
    frames = np.array([5, 6])
    m.put(m.flags, 5, pf.LOCKED)
    m.put(m.flags, 6, 0)
    m.put_flags(frames, on=pf.DIRTY)
    assert m.flags.view[frames].tolist() == [pf.LOCKED | pf.DIRTY, pf.DIRTY]
    m.put_flags(frames, off=pf.DIRTY)
    assert m.flags.view[frames].tolist() == [pf.LOCKED, 0]


def test_a_machine_is_one_node_unless_an_image_says_otherwise() -> None:
    assert {zone.node for zone in Workbench().m.zones} == {0}
