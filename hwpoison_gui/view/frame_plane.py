"""All frames as a plane of codes in display order, with its pyramid, counts and list of poisoned frames.

Frame -> id of its flag word -> code of the lens (a table) -> plane. A patch costs what it touches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.view import kinds
from hwpoison_gui.view.intern import Ids, WordTable
from hwpoison_gui.view.layout import Layout, RowMajor, choose_width, slack
from hwpoison_gui.view.pyramid import Pyramid

U8 = npt.NDArray[np.uint8]
U64 = npt.NDArray[np.uint64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

CODES: Final = 256
_ONE_BY_ONE: Final = 24  # touched frames up to which plain integers beat arrays


class FramePlane:
    """What the map shows of the columns `flags`, `refcount`, `mapcount` (kept as views, never written)."""

    def __init__(self, flags: U64, refcount: I32, mapcount: I32, width: int | None = None) -> None:
        self.flags, self.refcount, self.mapcount = flags, refcount, mapcount
        self.frames = int(flags.size)
        self.words = WordTable()
        self._code_of: Callable[[int], int] = kinds.kind_of
        self._own_width = width is not None
        self.layout: Layout = RowMajor(self.frames, width or choose_width(self.frames, 16, 10))
        self._slack = max(slack(self.frames), self.layout.width)
        self._ids: Ids = np.zeros(0, np.uint8)
        self._codes: U8 = np.zeros(0, np.uint8)
        self.pyramid = Pyramid(np.zeros((1, 1), np.uint8))
        self.refresh()

    def refresh(self) -> None:
        """Reads all frames anew."""
        size = self.frames + self._slack
        for dtype in (np.dtype(np.uint8), np.dtype(np.uint16)):
            if self._ids.size != size or self._ids.dtype != dtype:
                self._hold_ids(np.zeros(size, dtype))
            counts = self.words.ids_of(self.flags, self._ids[: self.frames])
            if counts is not None:
                break
        assert counts is not None
        self._word_counts = counts
        self._find_poison()
        self._paint_codes()

    def _find_poison(self) -> None:
        bad = np.array([bool(word & pf.HWPOISON) for word in self.words.words], np.uint8)
        self._poison_list: I64 | None = np.zeros(0, np.int64)
        if self._word_counts[bad == 1].any():
            table = np.zeros(max(CODES, bad.size), np.uint8)
            table[: bad.size] = bad
            self._poison_list = np.flatnonzero(self._looked_up(table)[: self.frames].view(np.bool_))
        self._poisoned = set(self._poison_list.tolist())

    def set_lens(self, code_of: Callable[[int], int]) -> None:
        """Colours frames by another function of their flag word."""
        self._code_of = code_of
        self._paint_codes()

    def set_layout(self, layout: Layout) -> None:
        """Puts the frames in another order; ids and codes stay."""
        self.layout = layout
        if layout.width > self._slack:
            self._slack = layout.width
            self.refresh()
            return
        self.plane = layout.arrange(self._codes)
        self._shared = np.shares_memory(self.plane, self._codes)
        self.pyramid = Pyramid(self.plane, self.pyramid)

    def suit(self, view_width: float, view_height: float) -> bool:
        """Takes the width that suits a view of this shape; tells whether it is another one."""
        if self._own_width:
            return False
        width = choose_width(self.frames, view_width, view_height, self.layout.width)
        if width == self.layout.width:
            return False
        self.set_layout(RowMajor(self.frames, width))
        return True

    def patch(self, pfns: I64) -> None:
        """Reads the frames `pfns` anew; the cost is that of the frames that look different now."""
        touched = sorted(set(np.asarray(pfns, np.int64).tolist()))
        words = [self.flags.item(touched[0])] if len(touched) == 1 else self.flags[touched].tolist()
        new = [self.words.id_of(word) for word in words]
        self._make_room()
        if len(touched) > _ONE_BY_ONE:
            self._patch_many(np.array(touched, np.int64), np.array(new))
            return
        for pfn, after in zip(touched, new, strict=True):
            before = self._ids.item(pfn)
            if before != after:
                self._move(pfn, before, after)
                self._ids[pfn] = after
                code = self._table.item(after)
                self.pyramid.set_one(*self.layout.position(pfn), code)
                if not self._shared:
                    self._codes[pfn] = code

    def _patch_many(self, pfns: I64, new: Ids) -> None:
        different = self._ids[pfns] != new
        pfns, new = pfns[different], new[different]
        for pfn, before, after in zip(pfns.tolist(), self._ids[pfns].tolist(), new.tolist(), strict=True):
            self._move(pfn, before, after)
        self._ids[pfns] = new
        codes = self._table[new]
        self.pyramid.set_many(*self.layout.positions(pfns), codes)
        if not self._shared:
            self._codes[pfns] = codes

    def word(self, pfn: int) -> int:
        """The flag word of a frame, as it is now."""
        return int(self.flags[pfn])

    def kind(self, pfn: int) -> kinds.Kind:
        """The kind of a frame, whatever the lens shows."""
        return kinds.KINDS[kinds.kind_of(self.word(pfn))]

    def ids(self, pfns: I64) -> Ids:
        """The ids of the flag words of frames."""
        return self._ids[pfns]

    def sign_sets(self, pfns: I64) -> U8:
        """The state signs of frames; see kinds.SIGNS."""
        return self._signs[self._ids[pfns]]

    @property
    def poisoned(self) -> I64:
        """The poisoned frames, in order."""
        if self._poison_list is None:
            self._poison_list = np.array(sorted(self._poisoned), np.int64)
        return self._poison_list

    def counts(self) -> I64:
        """Frames of each kind, by the kind's id."""
        total = np.bincount(self._kind_of_id, self._word_counts, len(kinds.KINDS))
        return total.astype(np.int64)

    def _move(self, pfn: int, before: int, after: int) -> None:
        self._word_counts[before] -= 1
        self._word_counts[after] += 1
        words = self.words.words
        if (words[before] ^ words[after]) & pf.HWPOISON:
            self._poisoned ^= {pfn}
            self._poison_list = None

    def _make_room(self) -> None:
        """Words that came with a patch: tables for them, and wider ids when they have run out."""
        missing = len(self.words) - len(self._word_counts)
        if missing:
            self._word_counts = np.concatenate((self._word_counts, np.zeros(missing, np.int64)))
            self._make_tables()
        if len(self.words) > CODES and self._ids.dtype == np.uint8:
            self._hold_ids(self._ids.astype(np.uint16))

    def _hold_ids(self, ids: Ids) -> None:
        self._id_bytes = bytearray(ids.tobytes())
        self._ids = np.frombuffer(self._id_bytes, ids.dtype)

    def _make_tables(self) -> None:
        codes = [kinds.OUTSIDE, *(self._code_of(word) for word in self.words.words[1:])]
        self._kind_of_id = np.array([kinds.kind_of(word) for word in self.words.words], np.int64)
        signs = [0, *(kinds.signs_of(word) for word in self.words.words[1:])]
        size = max(CODES, len(codes))
        self._table: U8 = np.zeros(size, np.uint8)
        self._signs: U8 = np.zeros(size, np.uint8)
        self._table[: len(codes)], self._signs[: len(signs)] = codes, signs

    def _paint_codes(self) -> None:
        self._make_tables()
        self._codes = self._looked_up(self._table)
        self.set_layout(self.layout)

    def _looked_up(self, table: U8) -> U8:
        """The entry of a table for the id of every frame, and of id 0 for what fills up the last row."""
        if self._ids.dtype != np.uint8:
            return table.take(self._ids)
        # several times faster than take
        return np.frombuffer(self._id_bytes.translate(table[:CODES].tobytes()), np.uint8)
