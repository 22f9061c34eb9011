"""Terms of DRAM: how memory modules are built, and how addresses are spread over them."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.view.words.glossary.term import Term

_EDAC: Final = "Documentation/driver-api/edac.rst"
_GEOMETRY: Final = "docs/geometry.md of this program"

TERMS: Final = (
    Term(
        "DRAM",
        "The memory of the machine: chips of cells that are addressed by bank, row and column. The memory controller "
        "decides which of them a physical address reaches.",
        (_EDAC, _GEOMETRY),
    ),
    Term(
        "DIMM",
        "A memory module: chips on a board, in a slot of a channel. What breaks may be a cell, or all of it.",
        (_EDAC,),
        ("memory module",),
    ),
    Term(
        "memory channel",
        "The wires between the memory controller and some DIMMs. Neighbouring lines of memory are spread over all "
        "channels, so that they are read at the same time; so a frame has bytes on each.",
        (_EDAC, _GEOMETRY),
    ),
    Term(
        "rank",
        "The chips of a DIMM that answer together; a DIMM has one, two or four ranks.",
        (_EDAC,),
    ),
    Term(
        "bank of DRAM",
        "A part of a rank that has one row open at a time; DDR4 has 16 in 4 bank groups. Consecutive addresses are "
        "spread over banks.",
        (_EDAC, _GEOMETRY),
        ("bank group",),
    ),
    Term(
        "row of DRAM",
        "The cells of a bank that are read at once: 8 KiB or so. It may fail as a whole, and then all frames that "
        "have bytes in it do, which are not all beside each other.",
        (_EDAC, _GEOMETRY),
    ),
    Term(
        "geometry",
        "Which channel, DIMM, rank, bank and row a physical address reaches: XORs of address bits, most of which "
        "makers do not publish. The menu Map has a choice of those that were found by measuring.",
        (_GEOMETRY,),
        ("geometry of DRAM", "DRAM geometry"),
    ),
)
