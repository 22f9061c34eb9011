"""Parts of DRAM in a filter expression: `row:of:0x2416`, `bank:channel0/rank1/bg2/bank3`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.view.filter.terms import Term

if TYPE_CHECKING:  # imported on first use to keep start-up fast
    from hwpoison_gui.dram.geometry import Geometry

GeometryOf = Callable[[], "Geometry"]

PARTS: Final = {
    "cell": "one byte of a row of DRAM, and so a frame",
    "row": "a row of a bank",
    "column": "a column of a bank, in all of its rows",
    "bank": "a bank with all of its rows",
    "rank": "a rank with all of its banks",
    "dimm": "a DIMM",
    "channel": "a channel with its DIMMs",
}  # keys: modes of dram/fault.py
_NAMED: Final = re.compile(r"$|(?:of|at)(?::|$)|all$|(?:channel|dimm|sub|rank|bg|bank|row|col)[a-z_-]*(?:0x)?[0-9]")


def is_part(sort: str, rest: str) -> bool:
    """True for a part of DRAM, and not, as in `bank:heap`, a VMA of a process that is called like one."""
    return sort in PARTS and bool(_NAMED.match(rest))


def frames_of_part(m: Machine, term: Term, geometry: GeometryOf | None) -> npt.NDArray[np.bool_]:
    """The frames with a byte in a part of DRAM. Raises FilterError if there is no such part."""
    from hwpoison_gui.dram.errors import DramError
    from hwpoison_gui.dram.fault import frames_of_fault, parse_fault
    from hwpoison_gui.view.base.dram import chosen

    of_machine = geometry() if geometry is not None else chosen(m.flags.view, "")[0]
    found = np.zeros(m.frames, np.bool_)
    try:
        fault = parse_fault(term.text, of_machine, m.frames)
    except DramError as error:
        raise term.error(str(error)) from None
    found[frames_of_fault(of_machine, fault, m.frames)] = True
    return found
