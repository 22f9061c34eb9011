"""Lenses: what the colour of a frame on the map means. Each lens is a table of classes, numbered by severity.

A lens uses the flag word, or a sheet with one byte per frame (map/lens_sheets.py). The highest class of every lens is
hardware poison, so that no lens can hide it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.record import Record
from hwpoison_gui.view.base import kinds
from hwpoison_gui.view.outcome import classes as outcomes

U8 = npt.NDArray[np.uint8]

MOST_CLASSES: Final = 128  # the top bit of a code means "found by the filter"


class Owner(Record):
    """A process or file whose frames are a class of the owner lens. `sort`: task or path, as a filter names it."""

    sort: str = ""
    name: str = ""


class LensClass(Record):
    """One class of a lens: `id` is its code, `key` names its colour; `name`, `short` and `meaning` are displayed.

    `owner`: of a class that stands for one owner; an empty one if the machine has fewer owners than colours.
    """

    id: int
    key: str
    name: str
    meaning: str
    short: str = ""
    owner: Owner | None = None

    @property
    def shortest(self) -> str:
        return self.short or self.name


# Key, name, meaning, and where they are given short name and owner.
_Row = tuple[str, str, str] | tuple[str, str, str, str] | tuple[str, str, str, str, Owner]


class Lens(Record):
    """A lens. `classes` are in order of code: the first is the space past the last frame, the last is poison.

    `code_of` maps a flag word to a class; it is None if the lens uses the sheet named `sheet`, whose bytes are looked
    up in `codes`. `quiet`: classes that need not stand out from the ground. `row`: what the filter calls a row of a
    table, for the frames of that row alone; empty for a lens of the map.
    """

    key: str
    name: str
    question: str
    classes: tuple[LensClass, ...]
    code_of: Callable[[int], int] | None = None
    sheet: str = ""
    codes: bytes = bytes(range(256))
    quiet: tuple[str, ...] = ("hole",)
    row: str = ""

    @property
    def poison(self) -> int:
        """The code of a poisoned frame."""
        return self.classes[-1].id

    def id_of(self, key: str) -> int:
        return next(one.id for one in self.classes if one.key == key)


def _classes(*rows: _Row) -> tuple[LensClass, ...]:
    framed = (
        ("outside", "outside", "past the last frame"),
        ("hole", "no page", "a hole: no memory at this frame number"),
        *rows,
        ("poison", "hardware poison", "broken memory: HWPOISON is set", "poison"),
    )
    return tuple(LensClass(number, *row) for number, row in enumerate(framed))


def _first(*rules: tuple[int, int]) -> Callable[[int], int]:
    """Return a function from flag word to the code of the first rule with a flag set; an empty mask always matches."""

    def code_of(word: int) -> int:
        return next(code for mask, code in rules if word & mask or not mask)

    return code_of


KIND: Final = Lens(
    "kind",
    "Kind",
    "What kind of page does the frame hold?",
    tuple(LensClass(*kind) for kind in kinds.KINDS),
    kinds.kind_of,
)


STATE: Final = Lens(
    "state",
    "State",
    "Is its content somewhere else as well: clean, the only copy, dirty, being written, or locked?",
    _classes(
        ("free", "free", "in a free block of the buddy allocator"),
        ("kernel", "not cached", "kernel memory and the like: it has no copy anywhere, and no such state"),
        ("clean", "clean", "DIRTY is clear: nothing newer than the copy on disk or in swap, as far as the page knows"),
        ("sole", "only copy", "anonymous or tmpfs, not in the swap cache: there is no other copy, whatever DIRTY says"),
        ("dirty", "dirty", "DIRTY is set: its content is newer than any copy"),
        ("writeback", "writeback", "WRITEBACK is set: being written to disk or swap now"),
        ("locked", "locked", "LOCKED is set: one thread works on it, others wait"),
    ),
    _first(
        (pf.HWPOISON, 9),
        (pf.NOPAGE, 1),
        (pf.BUDDY, 2),
        (pf.LOCKED, 8),
        (pf.WRITEBACK, 7),
        (pf.DIRTY, 6),
        (pf.SWAPCACHE, 4),
        (pf.ANON | pf.SWAPBACKED, 5),
        (pf.LRU | pf.UPTODATE | pf.MAPPEDTODISK, 4),
        (0, 3),
    ),
)

# A count belongs to the class of the highest bound that it reaches.
COUNT_BOUNDS: Final = (0, 1, 2, 3, 10, 100)
COUNT_NAMES: Final = ("0", "1", "2", "3 to 9", "10 to 99", "100 or more")
COUNT_EXISTS: Final = 0x80
COUNT_HOLE: Final = 0x40
COUNT_REFS: Final = 3  # shift of the refcount class in the byte; the mapcount class is below it


def _count_codes(shift: int) -> bytes:
    def code(byte: int) -> int:
        if not byte & COUNT_EXISTS:
            return 0
        return 1 if byte & COUNT_HOLE else 2 + min(byte >> shift & 7, len(COUNT_BOUNDS) - 1)

    return bytes(code(byte) for byte in range(256))


def _count_classes(zero: tuple[str, str], word: str) -> tuple[LensClass, ...]:
    names = [f"{count} {word}{'' if count == '1' else 's'}" for count in COUNT_NAMES]
    rows = [(f"ramp{n}", names[n], f"{names[n]} per frame", COUNT_NAMES[n]) for n in range(1, len(names))]
    return _classes(("free", zero[0], zero[1], "0"), *rows)


MAPCOUNT: Final = Lens(
    "mapcount",
    "Mappings",
    "How many PTEs map it? All of them have to be found and unmapped.",
    _count_classes(("not mapped", "no PTE maps it: there is no process to find"), "mapping"),
    sheet="counts",
    codes=_count_codes(0),
)

MAPCOUNT_UNKNOWN: Final = MAPCOUNT._replace(
    classes=_count_classes(("not known", "page flags alone do not say how many PTEs map it"), "mapping")
)

MAPCOUNT_PARTIAL: Final = MAPCOUNT._replace(
    classes=_count_classes(
        ("none captured", "no PTE of a captured process maps it; others were not captured"), "mapping"
    )
)

REFCOUNT: Final = Lens(
    "refcount",
    "References",
    "Who holds on to it? References beyond mappings and page cache can keep it from being taken away.",
    _count_classes(("no references", "free, or inside a larger allocation"), "reference"),
    sheet="counts",
    codes=_count_codes(COUNT_REFS),
)

_LONGEST: Final = 11  # characters of an owner's short name
OWNERS: Final = 6  # owners that have a colour of their own


def owner_lens(owners: tuple[Owner, ...] = (Owner(),) * OWNERS) -> Lens:
    """Return the owner lens; `owners`: those with a colour of their own, the largest last (highest code)."""
    hues = [
        (
            f"owner{number}",
            owner.name or "nobody",
            f"frames of {owner.name}" if owner.name else "no further owner",
            short_owner(owner.name),
            owner,
        )
        for number, owner in enumerate(owners)
    ]
    return Lens(
        "owner",
        "Owner",
        "Whose is it? The largest processes and files have colours, others are grey.",
        _classes(
            ("free", "free", "in a free block of the buddy allocator"),
            ("kernel", "kernel's", "owned by no process and no file", "kernel"),
            ("other", "all others", "of smaller processes and files", "others"),
            *hues,
        ),
        sheet="owner",
    )


def short_owner(name: str) -> str:
    """Shorten the name of a process, or of a file without its folder."""
    short = (name.rpartition("/")[2] or name).partition(" ")[0]
    return short if len(short) <= _LONGEST else short[: _LONGEST - 1] + "…"


OWNER: Final = owner_lens()

ZONES: Final = 7  # zones that have a colour of their own


def zone_lens(rows: tuple[tuple[str, str, str], ...] = ()) -> Lens:
    """Return the zone lens; `rows`: name, meaning and short name of zones with a colour, in order of address."""
    shown = (*rows, *(("no further zone", "this machine has fewer", "none"),) * (ZONES - len(rows)))
    hues = [(f"zone{number}", name, meaning, short) for number, (name, meaning, short) in enumerate(shown)]
    return Lens(
        "zone",
        "Zone",
        "Which zone of the allocator is it in, and which node’s memory is that?",
        _classes(
            ("nozone", "in no zone", "never given to the allocator: kept by the firmware, or past the last zone"),
            ("other", "all other zones", "of smaller zones, which are too many for a colour each", "others"),
            *hues[::-1],
        ),
        sheet="zone",
    )


ZONE: Final = zone_lens()

OUTCOME: Final = Lens(
    "outcome",
    "Outcome",
    "What would an error in this frame do now, under this profile and these sysctls?",
    tuple(LensClass(*one, outcomes.SHORT.get(one.key, "")) for one in outcomes.CLASSES),
    sheet="outcome",
    quiet=("hole", "filtered"),
)

# After a panic, no frame breaks any more.
OUTCOME_STOPPED: Final = OUTCOME._replace(
    classes=tuple(
        LensClass(one.id, one.key, "stopped", "the machine has panicked: nothing more happens to it")
        if one.id == outcomes.PANICS
        else one
        for one in OUTCOME.classes
    )
)

KERNELS_HOLE: Final = 1  # bytes of the sheet: no page, the same outcome, and from 3 on the groups that differ
KERNELS_SAME: Final = 2


def kernels_lens(one: str = "", other: str = "", groups: tuple[int, ...] = ()) -> Lens:
    """The lens of what differs between two kernels.

    Parameters
    ----------
    one, other
        Names of the profiles; empty before they are compared.
    groups
        The class of the outcome under the other kernel (classes.CLASSES) of each group, by its number less 1.
    """
    outside, hole, *rest = OUTCOME.classes
    both = f"{one} and {other}" if other else "both kernels"
    alike = f"same under {one} and {other}" if other else "same outcome"
    same = LensClass(0, "same", alike, f"an error has the same outcome under {both}", "same")
    classes = tuple(each._replace(id=number) for number, each in enumerate((outside, hole, same, *rest)))
    known = bytes([0, KERNELS_HOLE, KERNELS_SAME, *(code if code <= KERNELS_HOLE else code + 1 for code in groups)])
    against = f"Which frames have another outcome under {other} than under {one}, and which?" if other else ""
    return Lens(
        "kernels",
        "Kernels",
        against or "Which frames have another outcome under another kernel, and which?",
        classes,
        sheet="kernels",
        codes=known + bytes(256 - len(known)),
        quiet=("hole", "same", "filtered"),
    )


KERNELS: Final = kernels_lens()
KERNEL_GROUPS: Final = KERNELS._replace(codes=bytes(range(256)))  # gives the bytes themselves, for the filter

CHANGED: Final = Lens(
    "changed",
    "Changed",
    "Which frames did this operation touch, and which of them its last step?",
    _classes(
        ("unchanged", "untouched", "this operation has not changed it so far"),
        ("touched", "touched", "changed by an earlier step of this operation"),
        ("just", "just now", "changed by the last step"),
    ),
    lambda word: 1 if word & pf.NOPAGE else 2,
    quiet=("hole", "unchanged"),
)


def snapshot_lens(title: str = "", row: str = "") -> Lens:
    """The lens of what is different in a second snapshot, called `title`.

    The numbers of its classes are those of map/snapshots.py. `row`: the word of a part, see map/snapshot_parts.py.
    """
    return Lens(
        "snapshot",
        "Snapshot",
        f"What changed between this machine and {title}?" if title else "What is different in a second snapshot?",
        _classes(
            ("same", "unchanged", "the same flags and the same users in both snapshots", "same"),
            ("users", "other users", "the same flags, but mapped by others, or another number of times", "users"),
            ("flags", "other flags", "a page of the same kind with other flags", "flags"),
            ("freed", "freed", "in use before, and free after"),
            ("allocated", "allocated", "free before, and in use after"),
            ("kind", "other kind", "a page of another kind"),
            ("single", "in one only", "there is a page in only one of the two snapshots", "one only"),
            ("broken", "newly poisoned", "HWPOISON is set only after", "poisoned"),
        ),
        sheet="snapshot",
        quiet=("hole", "same"),
        row=row,
    )


SNAPSHOT: Final = snapshot_lens()
NO_SNAPSHOT: Final = "There is no second snapshot: Machine > Compare with a snapshot… opens one."

LENSES: Final[tuple[Lens, ...]] = (KIND, STATE, MAPCOUNT, REFCOUNT, OWNER, ZONE, OUTCOME, CHANGED, KERNELS)
BY_KEY: Final[dict[str, Lens]] = {lens.key: lens for lens in (*LENSES, SNAPSHOT)}  # without a number: only of a pair
