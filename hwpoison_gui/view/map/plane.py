"""All frames as the map shows them: lens, filter and layout, with counts and the list of poisoned frames.

The class code of a frame is looked up in a table of the lens, by the id of its flag word or by its byte in a sheet.
Changing the lens or filter exchanges the table; codes and their maxima are computed when they are painted. The cost
of a patch depends only on the number of frames patched.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from itertools import chain
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.record import Record
from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.base.intern import Ids, WordTable
from hwpoison_gui.view.map.camera import MARGIN, Camera
from hwpoison_gui.view.map.codes import FOUND, Codes, Exceptions, Filter
from hwpoison_gui.view.map.frame_bytes import Held
from hwpoison_gui.view.map.layout import PATIENCE, ByShape, Layout, RowMajor, choose_width, slack, widths
from hwpoison_gui.view.map.layout_zones import ByZone
from hwpoison_gui.view.map.lenses import KIND, Lens
from hwpoison_gui.view.map.look_up import translated
from hwpoison_gui.view.map.pyramid import Pyramid, level_for

U8 = npt.NDArray[np.uint8]
U64 = npt.NDArray[np.uint64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

CODES: Final = 256
_VIEW: Final = 1280.0, 720.0, 1.0  # assumed until it is known
_CHUNK: Final = 1 << 18
_BELOW_4_GIB: Final = 1 << 20  # frames


class Sheet(Protocol):
    """One byte per frame for lenses that need more than the flag word (map/lens_sheets.py)."""

    held: Held

    def some(self, pfns: I64) -> U8:
        """Compute the bytes of some frames from the machine's current state; same shape as `pfns`."""


class Match(Record):
    """The match of a filter: frames whose flag word passes `word`, restricted to `frames` (bool per frame) if given."""

    word: Callable[[int], bool]
    frames: Bools | None = None


def suited(layout: Layout, view_width: float, view_height: float, patience: float) -> Layout:
    """Return the layout with the row length or the shape that suits a view; curves are returned unchanged."""
    room = view_width - 2 * MARGIN, view_height - 2 * MARGIN
    if isinstance(layout, (RowMajor, ByZone)):
        return layout.of_width(choose_width(layout.frames, *room, layout.width, patience))
    return layout.of_shape(*room, patience) if isinstance(layout, ByShape) else layout


def _holes(size: int, words: U64, lengths: npt.NDArray[Any], numbers: npt.NDArray[Any]) -> U64:
    """A column with NOPAGE for the frames below 4 GiB without memory, by which a geometry of DRAM is fitted; else 0."""
    flags = np.zeros(size, np.uint64)  # untouched pages of the array take no memory
    hole = (words & np.uint64(pf.NOPAGE)) != 0
    if hole.any():
        ends = np.cumsum(lengths[:_BELOW_4_GIB], dtype=np.int64)  # no run is empty
        some = int(np.searchsorted(ends, _BELOW_4_GIB)) + 1
        flags[np.flatnonzero(np.repeat(hole[numbers[:some]], lengths[:some]))] = pf.NOPAGE
    return flags


class FramePlane:
    """The state shown by the map.

    Parameters
    ----------
    flags, refcount, mapcount
        Columns of the machine, one value per frame; read-only views, never copied.
    width
        Fixed number of frames per row; None: chosen to suit the view.
    runs
        Flag words, length and number (index into the words) of each run of equal frames: a picture without a machine,
        whose frames are not looked at one by one. The columns then have their size, and only what a layout asks for.
    """

    def __init__(
        self,
        flags: U64,
        refcount: I32,
        mapcount: I32,
        width: int | None = None,
        runs: tuple[U64, npt.NDArray[Any], npt.NDArray[Any]] | None = None,
    ) -> None:
        self.flags, self.refcount, self.mapcount = flags, refcount, mapcount
        self._runs = runs
        self.frames = int(flags.size)
        self.words = WordTable()
        self.lens: Lens = KIND
        self.sheet: Sheet | None = None
        self.match: Match | None = None
        self._own_width = width is not None
        self.layout: Layout = RowMajor(self.frames, width or choose_width(self.frames, 16, 10))
        self.room = self.frames + max(slack(self.frames), self.layout.width)
        self._ids = Held(0)
        self._narrow: Held | None = None  # 1 for each frame of `match.frames`
        self._overlay: dict[int, int] = {}
        self._told_words = 0  # number of words that the tables cover
        self.codes = Codes(self.layout, self._ids, np.zeros(CODES, np.uint8))
        self._view = _VIEW
        self.pyramid = Pyramid(self.codes)
        self.refresh()

    @classmethod
    def picture(cls, words: U64, lengths: npt.NDArray[Any], numbers: npt.NDArray[Any]) -> FramePlane:
        """The frames of a machine that is not open yet, from runs of equal flag words."""
        size = int(lengths.sum(dtype=np.int64))
        counts = np.broadcast_to(np.int32(0), size)
        return cls(_holes(size, words, lengths, numbers), counts, counts, runs=(words, lengths, numbers))

    def refresh(self) -> None:
        """Read all frames again."""
        for dtype in (np.dtype(np.uint8), np.dtype(np.uint16)):
            if self._ids.size != self.room or self._ids.values.dtype != dtype:
                self._ids = Held(self.room, dtype)
            target = self._ids.values[: self.frames]
            if self._runs is None:
                counts = self.words.ids_of(self.flags, target)
            else:
                counts = self.words.ids_of_runs(*self._runs, target)
            if counts is not None:
                break
        assert counts is not None
        self._word_counts = counts
        self._find_poison()
        self._ids.arrange(self.layout)
        self._show()

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

    def follow(self, flags: U64, refcount: I32, mapcount: I32) -> bool:
        """Switch to other columns if their flags are equal to the current ones, and return whether they are."""
        if not np.array_equal(self.flags, flags):
            return False
        self.flags, self.refcount, self.mapcount = flags, refcount, mapcount
        return True

    # -- lens, filter, layout

    def set_lens(self, lens: Lens, sheet: Sheet | None = None) -> None:
        """Colour frames by another lens; `sheet` is required if and only if the lens uses one."""
        assert (sheet is None) == (lens.code_of is not None)
        self.lens, self.sheet = lens, sheet
        self._overlay = {}
        if sheet is not None:
            sheet.held.arrange(self.layout, again=False)
        self._show()

    def set_overlay(self, marks: Sequence[tuple[I64, int]]) -> None:
        """Show frames with the given codes instead of those of the lens; later marks win, poison wins over all."""
        new = {int(pfn): code for pfns, code in marks for pfn in pfns}
        touched = np.array(sorted(self._overlay.keys() | new.keys()), np.int64)
        self._overlay = new
        if len(touched):
            self._update(touched)

    def set_filter(self, match: Match | None) -> None:
        """Mark the frames that a filter finds; None: no filter."""
        self.match, self._narrow = match, None
        if match is not None and match.frames is not None:
            self._narrow = Held(self.room)
            self._narrow.values[: self.frames] = match.frames
            self._narrow.arrange(self.layout)
        self._show()

    def settled(self, match: Match) -> Match:
        """Return a filter of the frames that `match` finds now, whatever happens to them later."""
        found = translated(self._ids.values[: self.frames], self._table_of(match.word)).view(np.bool_)
        return Match(lambda word: True, found if match.frames is None else found & match.frames)

    def set_layout(self, layout: Layout, own_width: bool = False) -> None:
        """Show frames in another layout; `own_width`: keep its row length whatever the shape of the view."""
        if layout.in_order and self.frames + layout.width > self.room:
            raise ValueError(f"{layout.width} frames per row are too many")
        again = not (layout.in_order and self.layout.in_order)
        before, self.layout, self._own_width = self.layout, layout, own_width
        if layout == before:
            return
        if again:
            for held in (self._ids, self._narrow, self.sheet.held if self.sheet is not None else None):
                if held is not None:
                    held.arrange(layout)
        self._show()

    def suit(self, view_width: float, view_height: float, patience: float = PATIENCE) -> bool:
        """Choose the row length that suits a view of this shape, and return whether it changed.

        The current one is kept while it is at least `patience` (0 to 1) times as good as the best.
        """
        layout = self.layout if self._own_width else suited(self.layout, view_width, view_height, patience)
        if layout.width == self.layout.width:
            return False
        self.set_layout(layout)
        return True

    @property
    def suited_width(self) -> int | None:
        """The row length, if it was chosen to suit the view."""
        return self.layout.width if isinstance(self.layout, (RowMajor, ByZone)) and not self._own_width else None

    def take_width(self, width: int) -> bool:
        """Take a row length that was chosen to suit a view before, and return whether it can be used here."""
        layout = self.layout
        if self._own_width or width not in widths(self.frames) or not isinstance(layout, (RowMajor, ByZone)):
            return False
        self.set_layout(layout.of_width(width))
        return True

    def seen(self, view_width: float, view_height: float, ratio: float = 1.0) -> None:
        """Tell the size of the view in pixels, and device pixels per pixel: which level then shows all frames."""
        self._view = view_width, view_height, ratio
        base = self._base()
        if base != self.pyramid.base:
            self.pyramid = Pyramid(self.codes, base, self.pyramid)

    def _base(self) -> int:
        *size, ratio = self._view
        cell = Camera(self.layout.width, self.layout.height, *size).fit_cell
        return max(1, level_for(cell * ratio))

    # -- the index of a large map

    def needs_index(self, sheets: Iterable[Sheet] = ()) -> bool:
        """Return whether `index` would make the next change of the lens, or move of the view, faster."""
        base = self.pyramid.base
        unknown = any(held.needs_sets(self.layout, base) for held in self._all_held(sheets))
        return unknown or (base > 1 and not self.pyramid.is_complete)

    def index(self, sheets: Iterable[Sheet] = ()) -> Generator[float, None, None]:
        """Find which numbers occur in each block of cells, and build all levels; yields the share done of a part.

        It may be left and begun again at any time, and ends early if the lens, the filter or the layout changes.
        `sheets`: those of lenses that may be chosen next.
        """
        pyramid, layout = self.pyramid, self.layout
        shown, *others = (
            held.find_sets(layout, pyramid.base) if held.needs_sets(layout, pyramid.base) else ()
            for held in self._all_held(sheets)
        )
        for done in chain(shown, pyramid.complete(), *others):
            yield done
            if self.pyramid is not pyramid:
                return

    def _all_held(self, sheets: Iterable[Sheet]) -> list[Held]:
        """The numbers that are shown, and all others that may be."""
        shown = [self.sheet.held] if self.sheet is not None else []
        return list(dict.fromkeys([*shown, self._ids, *(sheet.held for sheet in sheets)]))

    # -- changes of the machine

    def patch(self, pfns: I64) -> None:
        """Read the frames `pfns` again."""
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
        self._update(changed)

    def _update(self, pfns: I64) -> None:
        """Update what is shown of the frames `pfns`; all others must be unchanged."""
        self.codes = self._codes_now()
        self.pyramid.update(self.codes, *self.layout.positions(pfns))

    def _lens_codes_of(self, pfns: I64) -> U8:
        """Return the codes of frames without overlay and filter."""
        table, values = self._table, self._ids.values
        if self.sheet is not None:
            table, values = self._sheet_table, self.sheet.held.values
        codes: U8 = table[values[pfns]]
        return codes

    # -- queries

    def word(self, pfn: int) -> int:
        """Return the current flag word of a frame."""
        return int(self.flags[pfn])

    def kind(self, pfn: int) -> kinds.Kind:
        """Return the page kind of a frame, whatever the lens."""
        return kinds.KINDS[kinds.kind_of(self.word(pfn))]

    def ids(self, pfns: I64) -> Ids:
        """Return the ids of the flag words of frames (see `words`)."""
        ids: Ids = self._ids.values[pfns]
        return ids

    def sign_sets(self, pfns: I64) -> U8:
        """Return the state signs of frames as bit sets of kinds.SIGNS."""
        signs: U8 = self._signs[self._ids.values[pfns]]
        return signs

    def is_poisoned(self, pfn: int) -> bool:
        return pfn in self._poisoned

    @property
    def poisoned(self) -> I64:
        """The poisoned frames, ascending."""
        if self._poison_list is None:
            self._poison_list = np.sort(np.fromiter(self._poisoned, np.int64, len(self._poisoned)))
        return self._poison_list

    def counts(self) -> I64:
        """Return the number of frames of each kind, by the kind's id."""
        return self._counts_by(self._kind_of_id, len(kinds.KINDS))

    def classes_of(self, pfns: I64) -> U8:
        """Return the class codes of frames under the current lens, without the bit of the filter."""
        return self.codes.at(*self.layout.positions(np.asarray(pfns, np.int64))) & np.uint8(FOUND - 1)

    def found(self, pfns: I64 | slice) -> Bools:
        """Return which of the frames the filter finds; all False without a filter."""
        found = translated(self._ids.values[pfns], self._found.view(np.uint8)).view(np.bool_)
        return found if self.match is None or self.match.frames is None else found & self.match.frames[pfns]

    def found_count(self) -> int:
        """Return the number of frames that the filter finds; all frames without a filter."""
        if self.match is None:
            return self.frames
        if self.match.frames is None:
            return int(self._word_counts[self._found[: len(self._word_counts)]].sum())
        parts = (slice(start, min(start + _CHUNK, self.frames)) for start in range(0, self.frames, _CHUNK))
        return sum(int(np.count_nonzero(self.found(part))) for part in parts)

    def next_found(self, pfn: int, forward: bool) -> int | None:
        """Return the next or previous frame by pfn that the filter finds, wrapping around; None if there is none."""
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
        """Return the number of frames of each class of the lens, by code."""
        if self.sheet is None:
            total = self._counts_by(self._table.astype(np.int64), CODES)
        else:
            total = np.bincount(self._sheet_table, self.sheet.held.counts(), CODES).astype(np.int64)
        if self.sheet is not None or self._overlay:
            other = np.array(sorted(self._overlay.keys() | self._poisoned), np.int64)
            total -= np.bincount(self._lens_codes_of(other), minlength=CODES)
            total += np.bincount(self.classes_of(other), minlength=CODES)
        return total[: len(self.lens.classes)]

    def _counts_by(self, code_of_id: I64, size: int) -> I64:
        total = np.bincount(code_of_id[: len(self._word_counts)], self._word_counts, size)
        return total.astype(np.int64)

    # -- internal

    def _exchange(self, pfns: I64, after: Ids) -> None:
        """Set the flag word ids of frames, and update counts and the list of poisoned frames."""
        before, size = self._ids.values[pfns], len(self._word_counts)
        self._word_counts += np.bincount(after, minlength=size) - np.bincount(before, minlength=size)
        turned = pfns[self._bad[before] != self._bad[after]]
        if len(turned):
            self._poisoned ^= set(turned.tolist())
            self._poison_list = None
        self._ids.put(pfns, after)

    def _make_room(self) -> None:
        """Extend the tables to words first seen in a patch, and widen ids to 16 bits if a byte no longer holds them."""
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
        """Return a table, by id, of a function of the flag word; zeros if it is None."""
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

    def _show(self) -> None:
        """Show all frames after a change of lens, filter or layout."""
        self._make_tables()
        self.codes = self._codes_now()
        self.pyramid = Pyramid(self.codes, self._base(), self.pyramid)

    def _codes_now(self) -> Codes:
        found, narrow = self._found * np.uint8(FOUND), self._narrow
        if self.sheet is None and narrow is None:
            return Codes(self.layout, self._ids, self._table | found, None, self._exceptions())
        marks = Filter(self._ids, found, narrow) if self.match is not None else None
        numbers, table = (self._ids, self._table) if self.sheet is None else (self.sheet.held, self._sheet_table)
        return Codes(self.layout, numbers, table, marks, self._exceptions())

    def _exceptions(self) -> Exceptions:
        """Return the cells that differ from the table: the overlay, and poison if a sheet is used."""
        pfns = self.poisoned if self.sheet is not None else np.zeros(0, np.int64)
        codes = np.full(len(pfns), self.lens.poison, np.uint8)
        over = {pfn: code for pfn, code in self._overlay.items() if pfn not in self._poisoned}
        if over:
            pfns = np.concatenate((pfns, np.fromiter(over.keys(), np.int64, len(over))))
            codes = np.concatenate((codes, np.fromiter(over.values(), np.uint8, len(over))))
        return Exceptions.of(self.layout, pfns, codes)
