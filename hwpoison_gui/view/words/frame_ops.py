"""Words of session/frame_ops.py."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.session import frame_ops
from hwpoison_gui.view.words.words import Words, counted

WORDS: Final[dict[Site, Words]] = {
    frame_ops.WRITEBACK_STARTED: Words("I/O on frame {frame:#x} starts."),
    frame_ops.WRITEBACK_ENDED: Words("I/O on frame {frame:#x} ends."),
    frame_ops.LET_GO: Words("{path}: the page cache lets go of the folio, which nobody else has."),
    frame_ops.REMEMBERED: Words("Frame {frame:#x} is called @{name}."),
    frame_ops.ALLOCATED: Words(lambda frames: f"The kernel allocates {counted(len(frames), 'frame')}."),
}
