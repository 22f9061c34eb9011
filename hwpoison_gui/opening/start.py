"""Initial content of a window: frames that it shows at once, and their machine, which it opens after that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hwpoison_gui.kernel.boot.snapshot_format import FrameColumns
from hwpoison_gui.opening.opening import (
    Cancelled,
    Opened,
    Progress,
    default_machine,
    kept_desktop,
    open_file,
    open_scenario,
)
from hwpoison_gui.record import Record

if TYPE_CHECKING:
    from hwpoison_gui.opening.first_frames import Picture


class Start(Record):
    """Initial content of a window: frames that it shows at once, and a function that opens their machine.

    `picture`: of frames that are known long before their machine is open. `title`: what opening it is called then.
    `second`: a file that the machine is compared with once it is open.
    """

    columns: FrameColumns
    open: Callable[[Progress, Cancelled], Opened]
    picture: Picture | None = None
    title: str = ""
    second: Path | None = None


def start_of_desktop() -> Start:
    """The default machine. If it is in the user's cache, its frames can be shown before it is loaded."""
    kept = kept_desktop()
    columns = kept.columns()
    if columns is None:
        return start_of(default_machine(kept=kept))
    return Start(columns, lambda *_: default_machine(kept=kept))


def start_of(opened: Opened) -> Start:
    """A start with a machine that is already open."""
    m = opened.session.machine
    starts = (0, *(zone.start for zone in m.zones[1:]))
    return Start(FrameColumns(m.flags.view, m.refcount.view, m.mapcount.view, starts), lambda *_: opened)


def start_of_large(path: Path, second: Path | None = None) -> Start | None:
    """A start with a file that takes long to open, None for other files.

    Parameters
    ----------
    second
        A file to compare it with; None also if that one is no machine but error records.

    Raises
    ------
    SourceError
        If the file is damaged, or the second one has a form that cannot be opened.
    OSError
    """
    from hwpoison_gui.opening.first_frames import picture_of
    from hwpoison_gui.sources.recognise import Reader, form_of

    if second is not None:
        form = form_of(second)
        if form.reader is Reader.RECORDS:
            return None
        if form.reader is Reader.NONE:
            raise form.refusal(second)
    picture = picture_of(path)
    if picture is None:
        return None
    plane = picture.plane
    columns = FrameColumns(plane.flags, plane.refcount, plane.mapcount, (0,))
    return Start(columns, lambda *waiting: open_file(path, "", *waiting), picture, f"Opening {path.name}", second)


def open_to_present(path: Path) -> Opened:
    """Open a file; a scenario that fails half-way is opened up to the failure, and `failed` has the reason."""
    from hwpoison_gui.sources.recognise import Reader, form_of

    if form_of(path).reader is Reader.SCENARIO:
        return open_scenario(path, halfway=True)
    return open_file(path)
