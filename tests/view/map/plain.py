"""What the map has to show, made in the plainest way: every frame's code by its definition, every level a maximum."""

from __future__ import annotations

import numpy as np

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.view.map.codes import FOUND
from hwpoison_gui.view.map.plane import FramePlane


def level_of(plane: np.ndarray, number: int) -> np.ndarray:
    """The highest code of each block of 2**number by 2**number cells."""
    size = 1 << number
    height, width = (-(-edge // size) for edge in plane.shape)
    padded = np.zeros((height * size, width * size), np.uint8)
    padded[: plane.shape[0], : plane.shape[1]] = plane
    return padded.reshape(height, size, width, size).max(axis=(1, 3))


def levels_of(plane: FramePlane) -> list[np.ndarray]:
    """All levels as the plane has them."""
    return [plane.pyramid.level(number) for number in range(len(plane.pyramid.shapes))]


def codes_of(plane: FramePlane, overlay: dict[int, int]) -> np.ndarray:
    """The code of each frame, by the definition of lens, overlay and filter."""
    lens, sheet, match = plane.lens, plane.sheet, plane.match
    codes = np.zeros(plane.frames, np.uint8)
    for pfn, word in enumerate(plane.flags.tolist()):
        if word & pf.HWPOISON:
            code = lens.poison
        elif pfn in overlay:
            code = overlay[pfn]
        elif lens.code_of is not None:
            code = lens.code_of(word)
        else:
            assert sheet is not None
            code = lens.codes[int(sheet.some(np.array([pfn]))[0])]
        found = match is not None and match.word(word) and (match.frames is None or match.frames[pfn])
        codes[pfn] = code | (FOUND if found else 0)
    return codes


def remade(plane: FramePlane, overlay: dict[int, int]) -> list[np.ndarray]:
    """All levels, made anew."""
    layout = plane.layout
    cells = np.zeros((layout.height, layout.width), np.uint8)
    x, y = layout.positions(np.arange(plane.frames))
    cells[y, x] = codes_of(plane, overlay)
    return [level_of(cells, number) for number in range(len(plane.pyramid.shapes))]
