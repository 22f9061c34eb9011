"""Whatever happens to the map, each level is what a plain remake shows: no stale cell, and no lost one."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.view.map.layout import Layout, RowMajor
from hwpoison_gui.view.map.layout_curves import Hilbert, Morton
from hwpoison_gui.view.map.layout_zones import ByZone
from hwpoison_gui.view.map.lens_sheets import AnySheet, made
from hwpoison_gui.view.map.lenses import BY_KEY, CHANGED
from hwpoison_gui.view.map.plane import FramePlane, Match
from tests.view.map.plain import levels_of, remade

WORDS = [0, pf.BUDDY, pf.RESERVED, pf.SLAB, pf.PGTABLE, pf.NOPAGE, 0x5828, 0x868, 0x487C, 0x411800, 0x2000007028]
KEYS = ["kind", "state", "mapcount", "refcount", "zone", "changed"]
COUNTS = [0, 1, 2, 9, 50, 1000]
PFNS = st.lists(st.integers(0, 9999), max_size=60)


def layouts(frames: int) -> list[Layout]:
    return [
        RowMajor(frames, 64),
        RowMajor(frames, 33),
        ByZone(frames, 40, (0, frames // 3)),
        Hilbert(frames),
        Morton(frames),
    ]


class Map(RuleBasedStateMachine):
    """A plane under every lens, filter, layout, overlay and patch, in any order."""

    @initialize(frames=st.integers(256, 1500), seed=st.integers(0, 2**32), many=st.booleans())
    def begin(self, frames: int, seed: int, many: bool) -> None:
        self.rng = np.random.default_rng(seed)
        self.m = m = Machine(frames, PROFILES["v7"])
        words = np.array(WORDS, np.uint64)
        if many:  # more words than a byte counts
            words = np.concatenate((words, np.arange(400, dtype=np.uint64) << np.uint64(44) | np.uint64(0x868)))
        self.words = words
        m.flags.load(slice(None), words[self.rng.integers(0, len(words), frames)])
        for column in (m.refcount, m.mapcount):
            column.load(slice(None), np.array(COUNTS, np.int32)[self.rng.integers(0, len(COUNTS), frames)])
        self.plane = FramePlane(m.flags.view, m.refcount.view, m.mapcount.view)
        self.layouts = layouts(frames)
        self.overlay: dict[int, int] = {}
        self.sheets: list[AnySheet] = []

    @rule(key=st.sampled_from(KEYS))
    def lens(self, key: str) -> None:
        lens, self.overlay = BY_KEY[key], {}
        if lens.sheet:
            self.sheets = [made(lens.sheet, self.m, self.plane.room), *self.sheets[:1]]
        self.plane.set_lens(lens, self.sheets[0] if lens.sheet else None)

    @rule(number=st.integers(0, 4))
    def layout(self, number: int) -> None:
        self.plane.set_layout(self.layouts[number])

    @rule(flag=st.sampled_from([pf.LRU, pf.DIRTY, pf.HWPOISON, 0]), narrow=st.booleans())
    def filter(self, flag: int, narrow: bool) -> None:
        frames = self.rng.random(self.m.frames) < 0.3 if narrow else None
        self.plane.set_filter(Match(lambda word: bool(word & flag), frames) if flag else None)

    @rule(pfns=PFNS, poison=st.booleans())
    def patch(self, pfns: list[int], poison: bool) -> None:
        touched = np.unique(np.array(pfns, np.int64) % self.m.frames)
        for pfn in touched.tolist():
            word = int(self.rng.choice(self.words)) | (pf.HWPOISON if poison and self.rng.random() < 0.3 else 0)
            self.m.put(self.m.flags, pfn, word)
            self.m.put(self.m.mapcount, pfn, int(self.rng.choice(COUNTS)))
        self.plane.patch(touched)

    @precondition(lambda self: self.plane.lens is CHANGED)
    @rule(before=PFNS, last=PFNS)
    def mark(self, before: list[int], last: list[int]) -> None:
        marks = [(np.array(before, np.int64) % self.m.frames, 3), (np.array(last, np.int64) % self.m.frames, 4)]
        self.overlay = {pfn: code for pfns, code in marks for pfn in pfns.tolist()}
        self.plane.set_overlay(marks)

    @rule()
    def read_all(self) -> None:
        self.plane.refresh()

    @rule(edge=st.sampled_from([20, 24, 40, 1000]))
    def see(self, edge: int) -> None:
        """In a view of another size: a small one shows all frames by a high level."""
        self.plane.seen(edge, edge)

    @rule(enough=st.booleans(), flag=st.sampled_from([0, pf.LRU, pf.DIRTY]))
    def index(self, enough: bool, flag: int) -> None:
        """In slices, which may end early. The next filter is then told by the sets, at the level of all the map."""
        if not self.plane.needs_index(self.sheets):
            return
        for _ in self.plane.index(self.sheets):
            if not enough:
                return
        assert not self.plane.needs_index(self.sheets)
        self.plane.set_filter(Match(lambda word: bool(word & flag)) if flag else None)
        self.look(self.plane.pyramid.base)

    @rule(number=st.integers(0, 12))
    def look(self, number: int) -> None:
        """A paint of one level may come after any of the others, or not: only then it is built."""
        number = min(number, len(self.plane.pyramid.shapes) - 1)
        assert np.array_equal(self.plane.pyramid.level(number), remade(self.plane, self.overlay)[number]), number

    @rule()
    def paint(self) -> None:
        expected = remade(self.plane, self.overlay)
        for number, level in enumerate(levels_of(self.plane)):
            assert np.array_equal(level, expected[number]), number
        classes = expected[0] & 0x7F
        counts = np.bincount(classes[classes > 0], minlength=len(self.plane.lens.classes))
        counts[0] = self.plane.class_counts()[0]
        assert self.plane.class_counts().tolist() == counts.tolist()
        assert self.plane.found_count() == ((expected[0] >= 0x80).sum() if self.plane.match else self.m.frames)

    @invariant()
    def poison_is_seen(self) -> None:
        poisoned = np.flatnonzero(self.m.flags.view & np.uint64(pf.HWPOISON))
        assert self.plane.poisoned.tolist() == poisoned.tolist()


TestMap = Map.TestCase
