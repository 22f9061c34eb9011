"""The plane: kinds of all frames, patched as read anew, with counts and the list of poisoned frames."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.map.layout import RowMajor
from hwpoison_gui.view.map.layout_curves import Hilbert
from hwpoison_gui.view.map.layout_zones import ByZone
from hwpoison_gui.view.map.lenses import STATE
from hwpoison_gui.view.map.plane import FramePlane, suited
from tests.view.map.plain import levels_of

WORDS = [0, pf.BUDDY, pf.RESERVED, pf.SLAB, pf.PGTABLE, 0x5828, 0x868, 0x487C, 0x411800, 0x2000007028]


def plane_of(flags: np.ndarray, width: int | None = None) -> FramePlane:
    counts = np.zeros(flags.size, np.int32)
    return FramePlane(flags, counts, counts, width)


def some_flags(frames: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.array(WORDS, np.uint64)[rng.integers(0, len(WORDS), frames)]


def same(one: FramePlane, other: FramePlane) -> bool:
    return (
        all(np.array_equal(a, b) for a, b in zip(levels_of(one), levels_of(other), strict=True))
        and np.array_equal(one.counts(), other.counts())
        and np.array_equal(one.poisoned, other.poisoned)
    )


def test_codes_are_kinds_and_the_rest_is_outside() -> None:
    flags = some_flags(1000)
    plane = plane_of(flags, 64)
    codes = plane.pyramid.level(0).reshape(-1)
    assert codes[:1000].tolist() == [kinds.kind_of(word) for word in flags.tolist()]
    assert set(codes[1000:].tolist()) == {kinds.OUTSIDE}
    assert plane.counts().tolist() == np.bincount(codes[:1000], minlength=len(kinds.KINDS)).tolist()


@given(st.integers(1, 3000), st.lists(st.lists(st.integers(0, 2999), max_size=60), max_size=5), st.integers(0, 2**32))
def test_a_patch_equals_reading_anew(frames: int, patches: list[list[int]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    flags = some_flags(frames, seed)
    plane = plane_of(flags, 96)
    levels_of(plane)
    for patch in patches:
        pfns = np.array(patch, np.int64) % frames
        flags[pfns] = np.array(WORDS, np.uint64)[rng.integers(0, len(WORDS), len(pfns))]
        flags[pfns[::2]] ^= np.uint64(pf.HWPOISON)
        plane.patch(pfns)
    assert same(plane, plane_of(flags, 96))
    assert plane.poisoned.tolist() == np.flatnonzero(flags & np.uint64(pf.HWPOISON)).tolist()


def test_more_words_than_a_byte_counts() -> None:
    flags = some_flags(4096)
    plane = plane_of(flags, 64)
    levels_of(plane)
    for pfn in range(400):
        flags[pfn] = np.uint64(0x868 | pfn << 44)
        plane.patch(np.array([pfn]))
    assert same(plane, plane_of(flags, 64))
    plane.refresh()
    assert same(plane, plane_of(flags, 64))
    assert plane.sign_sets(np.array([3]))[0] == kinds.MAPPED


def test_a_lens_is_another_table() -> None:
    flags = some_flags(2048)
    plane = plane_of(flags, 64)
    plane.set_lens(STATE)
    dirty = flags & np.uint64(pf.DIRTY) != 0
    code = STATE.id_of("dirty")
    assert np.array_equal(plane.pyramid.level(0).reshape(-1)[:2048] == code, dirty)
    flags[5] = np.uint64(pf.DIRTY)
    plane.patch(np.array([5]))
    assert plane.pyramid.level(0)[0, 5] == code
    assert plane.class_counts()[code] == (flags & np.uint64(pf.DIRTY) != 0).sum()
    assert plane.counts()[kinds.FREE] == (flags == np.uint64(pf.BUDDY)).sum()


def test_another_order_of_frames() -> None:
    class Backwards(RowMajor):
        """The last frame first: a layout that needs a copy."""

        __slots__ = ()
        in_order = False

        def position(self, pfn: int) -> tuple[int, int]:
            return RowMajor.position(self, self.frames - 1 - pfn)

        def positions(self, pfns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return RowMajor.positions(self, self.frames - 1 - pfns)

        def arrange(self, codes: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
            plane = np.zeros((self.height, self.width), np.uint8) if out is None else out
            plane.reshape(-1)[: self.frames] = codes[: self.frames][::-1]
            return plane

    flags = some_flags(1000)
    plane = plane_of(flags, 64)
    plane.set_layout(Backwards(1000, 64))
    flags[7] |= np.uint64(pf.HWPOISON)
    plane.patch(np.array([7]))
    assert plane.pyramid.level(0).reshape(-1)[992] == kinds.POISON
    plane.set_layout(RowMajor(1000, 64))
    assert same(plane, plane_of(flags, 64))


def test_the_width_follows_the_view_unless_it_was_given() -> None:
    flags = some_flags(65_536)
    plane = plane_of(flags)
    assert plane.suit(400, 1200)
    tall = plane.layout.width
    assert not plane.suit(401, 1200)
    assert plane.suit(1600, 500)
    assert plane.layout.width > tall
    assert not plane_of(flags, 256).suit(400, 1200)
    rows = plane.layout
    assert suited(Hilbert(65_536), 400, 1200, 1.0).width == 256
    assert suited(ByZone(65_536, 3000, (0, 4096)), 400, 1200, 1.0).width < rows.width


def test_no_frame_is_copied_or_written() -> None:
    flags = some_flags(512)
    flags.flags.writeable = False
    plane = plane_of(flags, 32)
    assert plane.flags is flags
    plane.patch(np.array([3]))


@pytest.mark.parametrize("frames", [1, 2, 31, 33])
def test_few_frames(frames: int) -> None:
    plane = plane_of(some_flags(frames))
    assert plane.counts().sum() == frames
    plane.patch(np.arange(frames))
    assert plane.counts().sum() == frames
