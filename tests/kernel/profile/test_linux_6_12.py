"""Values of the profile of 6.12, read from its sources."""

from __future__ import annotations

import pytest

from hwpoison_gui.kernel import actions_6_12
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.profile.linux_6_1 import V6_1
from hwpoison_gui.kernel.profile.linux_6_12 import V6_12
from hwpoison_gui.kernel.profile.registry import nearest
from tests.workbench import Workbench


@pytest.mark.parametrize("kernel, profile", (((6, 10), V6_1), ((6, 11), V6_12), ((6, 12), V6_12), ((6, 99), V6_12)))
def test_it_stands_for_these_kernels(kernel: tuple[int, int], profile: object) -> None:
    assert nearest(kernel) is profile


def test_soft_offline_is_switched_on_at_boot() -> None:
    """mm/memory-failure.c: sysctl_enable_soft_offline = 1."""
    assert V6_12.sysctl["enable_soft_offline"] == 1 and "enable_soft_offline" not in V6_1.sysctl


def test_the_table_has_no_row_for_slab_pages() -> None:
    """error_states[]: PG_slab is a page type by then."""
    assert sum(row.mask == pf.SLAB for row in V6_1.results.states) == 1
    assert len(V6_12.results.states) == len(V6_1.results.states) - 1
    assert not any(row.mask == pf.SLAB for row in V6_12.results.states)


def test_lines_of_6_1_that_are_gone() -> None:
    assert V6_1.log.already_poisoned and V6_1.log.ksm
    assert not V6_12.log.already_poisoned and not V6_12.log.ksm
    assert V6_12.log.unmap_failed == "failed to unmap page (folio mapcount={left})"


def test_an_action_of_its_own_takes_the_place_of_the_older_one() -> None:
    name = "me_unknown"
    assert V6_12.results.actions[name] is actions_6_12.me_unknown is not V6_1.results.actions[name]


def test_shared_memory_has_large_folios() -> None:
    bench = Workbench("6.12")
    bench.do("file", path="/dev/shm/f", pages=16, filesystem="tmpfs", folio=16)
    bench.area(pages=16, file="/dev/shm/f", shared=True)
    bench.do("write", task="a", at="m+5")
    assert {bench.pfn(f"head:/dev/shm/f@{page}") for page in range(16)} == {bench.pfn("head:/dev/shm/f@5")}


def test_all_lines_of_soft_offline_begin_alike() -> None:
    assert all(line.startswith("Soft offline: ") for line in V6_12.log.soft_offline.values())
