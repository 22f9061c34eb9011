"""All frames as a plane of codes in display order, with its pyramid, counts and list of poisoned frames.

Frame -> id of its flag word, or byte of a sheet -> code of the lens (a table) -> plane. A patch costs what it
touches. The top bit of a code says that the filter found the frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.base.intern import Ids, WordTable
from hwpoison_gui.view.map.camera import MARGIN
from hwpoison_gui.view.map.held import Held
from hwpoison_gui.view.map.layout import PATIENCE, Layout, RowMajor, choose_width, slack
from hwpoison_gui.view.map.layout_zones import ByZone
from hwpoison_gui.view.map.lenses import KIND, Lens
from hwpoison_gui.view.map.pyramid import Pyramid

U8 = npt.NDArray[np.uint8]
U64 = npt.NDArray[np.uint64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

CODES: Final = 256
FOUND: Final = 0x80  # the bit of a code that a filter sets
_ONE_BY_ONE: Final = 24  # touched frames up to which plain integers beat arrays
_CHUNK: Final = 1 << 18


class Sheet(Protocol):
    """A byte a frame that a lens looks at (map/lens_sheets.py)."""

    held: Held

    def some(self, pfns: I64) -> U8:
        """The bytes of some frames, as they are now."""


class Match(NamedTuple):
    """What a filter finds: frames whose word passes, and of these only `frames` where it is not None."""

    word: Callable[[int], bool]
    frames: Bools | None = None


def suited(layout: Layout, view_width: float, view_height: float, patience: float) -> Layout:
    """The same order with rows of the length that suits a view of this shape; a curve is as it is."""
    if not isinstance(layout, (RowMajor, ByZone)):
        return layout
    room = view_width - 2 * MARGIN, view_height - 2 * MARGIN
    return layout.of_width(choose_width(layout.frames, *room, layout.width, patience))


class FramePlane:
    """What the map shows of the columns `flags`, `refcount`, `mapcount` (kept as views, never written)."""

    def __init__(self, flags: U64, refcount: I32, mapcount: I32, width: int | None = None) -> None:
        self.flags, self.refcount, self.mapcount = flags, refcount, mapcount
        self.frames = int(flags.size)
        self.words = WordTable()
        self.lens: Lens = KIND
        self.sheet: Sheet | None = None
        self.match: Match | None = None
        self._own_width = width is not None
        self.layout: Layout = RowMajor(self.frames, width or choose_width(self.frames, 16, 10))
        self.room = self.frames + max(slack(self.frames), self.layout.width)
        self._ids = Held(0)
        self._overlay: dict[int, int] = {}
        self._told_words = 0  # words that there are tables for
        self._codes: U8 = np.zeros(0, np.uint8)
        self.pyramid = Pyramid(np.zeros((1, 1), np.uint8))
        self.refresh()

    def refresh(self) -> None:
        """Reads all frames anew."""
        for dtype in (np.dtype(np.uint8), np.dtype(np.uint16)):
            if self._ids.size != self.room or self._ids.values.dtype != dtype:
                self._ids = Held(self.room, dtype)
            counts = self.words.ids_of(self.flags, self._ids.values[: self.frames])
            if counts is not None:
                break
        assert counts is not None
        self._word_counts = counts
        self._find_poison()
        self._ids.arrange(self.layout)
        self._paint_codes()

    def _find_poison(self) -> None:
        bad = np.array([bool(word & pf.HWPOISON) for word in self.words.words], np.bool_)
        found = []
        if self._word_counts[bad[: len(self._word_counts)]].any():
            table = np.zeros(max(CODES, bad.size), np.bool_)
            table[: bad.size] = bad
            for start in range(0, self.frames, _CHUNK):
                part = self._ids.values[start : min(start + _CHUNK, self.frames)]
                found.append(np.flatnonzero(table[part]) + start)
        self._poison_list: I64 | None = np.concatenate(found) if found else np.zeros(0, np.int64)
        self._poisoned = set(self._poison_list.tolist())

    # -- what is shown

    def set_lens(self, lens: Lens, sheet: Sheet | None = None) -> None:
        """Colours frames by another lens; `sheet` is what it looks at, where it looks at one."""
        assert (sheet is None) == (lens.code_of is not None)
        self.lens, self.sheet = lens, sheet
        self._overlay = {}
        if sheet is not None:
            sheet.held.arrange(self.layout, again=False)
        self._paint_codes()

    def set_overlay(self, marks: Sequence[tuple[I64, int]]) -> None:
        """Frames with a code of their own, whatever the lens says of the rest; later ones win."""
        new = {int(pfn): code for pfns, code in marks for pfn in pfns}
        touched = np.array(sorted(self._overlay.keys() | new.keys()), np.int64)
        self._overlay = new
        if len(touched):
            self._write(touched)

    def set_filter(self, match: Match | None) -> None:
        """Marks what a filter finds; None: there is no filter."""
        self.match = match
        self._paint_codes()

    def set_layout(self, layout: Layout, own_width: bool = False) -> None:
        """Puts the frames in another order; `own_width`: it is not to follow the shape of the view."""
        if layout.in_order and self.frames + layout.width > self.room:
            raise ValueError(f"{layout.width} frames a row are too many")
        again = not (layout.in_order and self.layout.in_order)
        before, self.layout, self._own_width = self.layout, layout, own_width
        if layout == before:
            return
        if again:
            for held in (self._ids, self.sheet.held if self.sheet is not None else None):
                if held is not None:
                    held.arrange(layout)
            self._paint_codes()
        else:
            self._show()

    def suit(self, view_width: float, view_height: float, patience: float = PATIENCE) -> bool:
        """Takes the width that suits a view of this shape; tells whether it is another one.

        The present one stays while it does at least `patience` (0 to 1) as well as the best.
        """
        layout = self.layout if self._own_width else suited(self.layout, view_width, view_height, patience)
        if layout.width == self.layout.width:
            return False
        self.set_layout(layout)
        return True

    # -- what changes

    def patch(self, pfns: I64) -> None:
        """Reads the frames `pfns` anew; the cost is that of the frames touched."""
        touched = np.sort(np.asarray(pfns, np.int64))
        touched = touched[np.diff(touched, prepend=-1) != 0]
        new = self.words.look_up(self.flags[touched])
        self._make_room()
        different = self._ids.values[touched] != new
        changed = touched[different]
        self._exchange(changed, new[different].astype(self._ids.values.dtype))
        if self.sheet is not None:
            changed = touched
            self.sheet.held.put(changed, self.sheet.some(changed))
        self._write(changed)

    def _write(self, pfns: I64) -> None:
        """Writes the codes of frames, and what depends on them."""
        if not len(pfns):
            return
        self.pyramid.set_many(*self.layout.positions(pfns), self._codes_of(pfns))

    def _lens_codes_of(self, pfns: I64) -> U8:
        """What the lens alone says of frames."""
        if self.sheet is None:
            return np.asarray(self._table[self._ids.values[pfns]], np.uint8)
        return np.asarray(self._sheet_table[self.sheet.held.values[pfns]], np.uint8)

    def _codes_of(self, pfns: I64) -> U8:
        ids, codes = self._ids.values[pfns], self._lens_codes_of(pfns)
        codes[self._bad[ids]] = self.lens.poison
        for n, pfn in enumerate(pfns.tolist() if self._overlay else ()):
            if pfn in self._overlay and not self._bad[ids[n]]:
                codes[n] = self._overlay[pfn]
        if self.match is not None:
            codes = codes & np.uint8(FOUND - 1) | self.found(pfns).astype(np.uint8) * np.uint8(FOUND)
        return np.asarray(codes, np.uint8)

    # -- asking

    def word(self, pfn: int) -> int:
        """The flag word of a frame, as it is now."""
        return int(self.flags[pfn])

    def kind(self, pfn: int) -> kinds.Kind:
        """The kind of a frame, whatever the lens shows."""
        return kinds.KINDS[kinds.kind_of(self.word(pfn))]

    def ids(self, pfns: I64) -> Ids:
        """The ids of the flag words of frames."""
        ids: Ids = self._ids.values[pfns]
        return ids

    def sign_sets(self, pfns: I64) -> U8:
        """The state signs of frames; see kinds.SIGNS."""
        signs: U8 = self._signs[self._ids.values[pfns]]
        return signs

    def is_poisoned(self, pfn: int) -> bool:
        return pfn in self._poisoned

    @property
    def poisoned(self) -> I64:
        """The poisoned frames, in order."""
        if self._poison_list is None:
            self._poison_list = np.array(sorted(self._poisoned), np.int64)
        return self._poison_list

    def counts(self) -> I64:
        """Frames of each kind, by the kind's id."""
        return self._counts_by(self._kind_of_id, len(kinds.KINDS))

    def classes_of(self, pfns: I64) -> U8:
        """The class of each of some frames, by its code in the lens."""
        return np.asarray(self._codes_of(pfns) & np.uint8(FOUND - 1), np.uint8)

    def found(self, pfns: I64 | slice) -> Bools:
        """Which of some frames the filter finds; none without one."""
        found: Bools = self._found[self._ids.values[pfns]]
        return found if self.match is None or self.match.frames is None else found & self.match.frames[pfns]

    def found_count(self) -> int:
        """How many frames the filter finds; all without one."""
        if self.match is None:
            return self.frames
        if self.match.frames is None:
            return int(self._word_counts[self._found[: len(self._word_counts)]].sum())
        return int(np.count_nonzero(self.plane >= FOUND))

    def next_found(self, pfn: int, forward: bool) -> int | None:
        """The frame nearest after or before `pfn` that the filter finds, in order of memory; round at the ends."""
        parts = [(pfn + 1, self.frames), (0, pfn + 1)] if forward else [(0, max(pfn, 0)), (max(pfn, 0), self.frames)]
        for first, last in parts:
            starts = range(first, last, _CHUNK) if forward else range(first, last, _CHUNK)[::-1]
            for start in starts:
                part = slice(start, min(start + _CHUNK, last))
                places = np.flatnonzero(self.found(part))
                if len(places):
                    return int(places[0 if forward else -1]) + start
        return None

    def class_counts(self) -> I64:
        """Frames of each class of the lens, by its code."""
        if self.sheet is None:
            total = self._counts_by(self._table.astype(np.int64), CODES)
        else:
            total = np.bincount(self._sheet_table, self.sheet.held.counts(), CODES).astype(np.int64)
        if self.sheet is not None or self._overlay:
            other = np.array(sorted(self._overlay.keys() | self._poisoned), np.int64)
            total -= np.bincount(self._lens_codes_of(other), minlength=CODES)
            total += np.bincount(self._codes_of(other) & (FOUND - 1), minlength=CODES)
        return total[: len(self.lens.classes)]

    def _counts_by(self, code_of_id: I64, size: int) -> I64:
        total = np.bincount(code_of_id[: len(self._word_counts)], self._word_counts, size)
        return total.astype(np.int64)

    # -- inside

    def _exchange(self, pfns: I64, after: Ids) -> None:
        """Gives frames the ids of other words."""
        before, size = self._ids.values[pfns], len(self._word_counts)
        self._word_counts += np.bincount(after, minlength=size) - np.bincount(before, minlength=size)
        turned = pfns[self._bad[before] != self._bad[after]]
        if len(turned):
            self._poisoned ^= set(turned.tolist())
            self._poison_list = None
        self._ids.put(pfns, after)

    def _make_room(self) -> None:
        """Words that came with a patch: tables for them, and wider ids when they have run out."""
        missing = len(self.words) - len(self._word_counts)
        if missing:
            self._word_counts = np.concatenate((self._word_counts, np.zeros(missing, np.int64)))
            self._make_tables()
        if len(self.words) > CODES and self._ids.values.dtype == np.uint8:
            wide = Held(self.room, np.uint16)
            wide.values[:] = self._ids.values
            wide.arrange(self.layout)
            self._ids = wide

    def _table_of(self, of: Callable[[int], int] | None) -> U8:
        """What is said of each word, by its id; zeros where nothing is."""
        words = self.words.words
        made = np.zeros(max(CODES, len(words)), np.uint8)
        if of is not None:
            made[1 : len(words)] = [of(word) for word in words[1:]]
        return made

    def _make_tables(self) -> None:
        if self._told_words != len(self.words):
            self._told_words = len(self.words)
            self._kind_of_id = self._table_of(kinds.kind_of).astype(np.int64)
            self._signs = self._table_of(kinds.signs_of)
            self._bad = self._table_of(lambda word: word >> pf.BY_NAME["HWPOISON"].bit & 1).astype(np.bool_)
        self._table = self._table_of(self.lens.code_of)
        self._table[self._bad] = self.lens.poison
        self._sheet_table: U8 = np.frombuffer(self.lens.codes, np.uint8)
        self._found = self._table_of(self.match.word if self.match is not None else None).astype(np.bool_)

    def _paint_codes(self) -> None:
        self._make_tables()
        if self.sheet is None:
            plain = self.match is None or self.match.frames is None
            self._codes = self._ids.looked_up(self._table | self._found * np.uint8(FOUND) if plain else self._table)
            if not plain:
                self._codes |= self._marks()
        else:
            self._codes = self.sheet.held.looked_up(self._sheet_table)
            if self.match is not None:
                self._codes |= self._marks()
        self._show()
        again = np.array(sorted(self._overlay), np.int64)
        if self.sheet is not None:
            again = np.union1d(again, self.poisoned)
        self._write(again)

    def _marks(self) -> U8:
        """The bit of what the filter found, in display order."""
        assert self.match is not None
        marks = self._ids.looked_up(self._found * np.uint8(FOUND))
        if self.match.frames is not None:
            narrow = self.match.frames.view(np.uint8)
            if not self.layout.in_order:
                narrow = self.layout.arrange(narrow).reshape(-1)
            marks[: narrow.size] *= narrow
        return marks

    def _show(self) -> None:
        layout = self.layout
        self.plane = self._codes[: layout.width * layout.height].reshape(layout.height, layout.width)
        self.pyramid = Pyramid(self.plane, self.pyramid)
