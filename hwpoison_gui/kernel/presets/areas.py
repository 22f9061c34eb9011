"""The VMAs of a preset's programs and their addresses."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.image import FileImage, VmaImage
from hwpoison_gui.record import Record

from .dice import Dice
from .files import OpenFile
from .spec import Anon

PAGE_SHIFT: Final = 12


class Area(Record):
    """A VMA before it has an address. `anon`: its private pages; `file`: the file it maps from page `offset` on."""

    name: str
    pages: int
    perms: str
    anon: Anon | None = None
    file: OpenFile | None = None
    offset: int = 0
    seen: int = 50
    own: int = 12
    locked: bool = False


class Placed(Record):
    """An area and its address as a virtual page number."""

    area: Area
    vpn: int


def layout(areas: list[Area], name: str, dice: Dice) -> list[Placed]:
    """Place areas as execve and mmap would, in ascending order: program, heap, mappings (downward), stack."""
    image = 0x55A00_0000 + dice.one(1 << 24, "text " + name) * 16
    top = 0x7F000_0000 + dice.one(1 << 23, "mmap " + name) * 16
    stack = 0x7FFC0_0000 + dice.one(1 << 18, "stack " + name)
    low: list[Placed] = []
    mapped: list[list[Placed]] = []
    high: list[Placed] = []
    for at, area in enumerate(areas):
        if area.name in ("text", "data"):
            low.append(Placed(area, image))
            image += area.pages
        elif area.name == "heap":
            low.append(Placed(area, image + 512 + dice.one(4096, "heap " + name)))
        elif area.name == "stack":
            high.append(Placed(area, stack - area.pages))
        elif area.offset:
            mapped[-1].append(Placed(area, mapped[-1][-1].vpn + mapped[-1][-1].area.pages))
        else:
            behind = areas[at + 1]  # exists: the stack is the last area
            top -= area.pages + (behind.pages if behind.offset else 0) + 1
            mapped.append([Placed(area, top)])
    return [*low, *(placed for parts in reversed(mapped) for placed in parts), *high]


def vma_image(area: Area, vpn: int) -> VmaImage:
    """The area as a line of /proc/PID/maps."""
    file: FileImage | None = area.file.image if area.file else None
    return VmaImage(
        start=vpn << PAGE_SHIFT,
        end=vpn + area.pages << PAGE_SHIFT,
        perms=area.perms,
        offset=area.offset << PAGE_SHIFT if file else 0,
        device=file.device if file else "00:00",
        inode=file.inode if file else 0,
        path=file.path if file else (area.anon.path if area.anon else ""),
        flags=("lo",) if area.locked else (),
        name=area.name,
    )
