"""The bits that a class of frames gets from the filters of the injector, against each filter asked about each frame."""

from __future__ import annotations

from itertools import combinations
from typing import Final

import numpy as np
import pytest

from hwpoison_gui.kernel import hwpoison_filter as filters
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.outcome.filter_bits import FilterBits
from tests.workbench import do

MASK: Final = pf.DIRTY | pf.ANON
SETTINGS: Final = {
    "device": {"dev-major": 8, "dev-minor": 2},
    "cgroup": {"memcg": 1},
    "flags": {"flags-mask": MASK, "flags-value": pf.DIRTY},
}
SOME: Final = [names for count in range(4) for names in combinations(SETTINGS, count)]


@pytest.fixture(name="session", scope="module")
def _session() -> Session:
    """A desktop with files on several devices, one of them dirty, and frames with and without a cgroup."""
    session = Session.fresh(1 << 12, 1, "desktop", 0, "6.1")
    for path, filesystem in (("/srv/dirty", "ext4"), ("/dev/shm/other", "tmpfs")):
        do(session, "file", path=path, pages=4, filesystem=filesystem)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="f", pages=4, file="/srv/dirty", shared=True)
    do(session, "write", task="a", at="f+1")
    return session


def lets_through(m: Machine, names: tuple[str, ...], pfn: int) -> tuple[bool, ...]:
    """Whether each filter lets an error in a frame through; that of the flags by the flag word of the head."""
    word = m.page(m.compound_head(pfn))
    each = {"device": filters.hwpoison_filter_dev(m, pfn), "cgroup": filters.hwpoison_filter_task(m, pfn),
            "flags": word & MASK == pf.DIRTY}  # fmt: skip
    return tuple(each[name] for name in names)


@pytest.mark.parametrize("names", SOME, ids="-".join)
def test_frames_have_the_same_bits_where_each_filter_that_is_set_treats_them_alike(
    session: Session, names: tuple[str, ...]
) -> None:
    home = session.position
    for name, value in {"enable": 1, **{key: value for one in names for key, value in SETTINGS[one].items()}}.items():
        do(session, "debugfs", name=f"corrupt-filter-{name}", value=value)
    m = session.machine
    bits = FilterBits(m).of(np.arange(m.frames))
    seen = {(lets_through(m, names, pfn), bit) for pfn, bit in enumerate(bits.tolist())}
    assert len(seen) == len({treated for treated, _ in seen}) == len({bit for _, bit in seen})
    assert {bit != 0 for treated, bit in seen if any(treated)} <= {True}
    for at in range(len(names)):
        assert {treated[at] for treated, _ in seen} == {False, True}
    assert not int(np.bitwise_or.reduce(bits)) & (pf.ARCH_2 * 2 - 1), "they are above the flags"
    session.seek(home)


def test_a_machine_without_files_has_no_device() -> None:
    session = Session.fresh(512, profile="6.1")
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="m", pages=1)
    do(session, "write", task="a", at="m+0")
    assert not session.machine.inodes.view
    for name, value in (("dev-major", 8), ("enable", 1)):
        do(session, "debugfs", name=f"corrupt-filter-{name}", value=value)
    assert not FilterBits(session.machine).of(np.arange(512)).any()
