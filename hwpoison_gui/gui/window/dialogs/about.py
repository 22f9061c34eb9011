"""Pages of the Help menu, as HTML: about this program, and about the open machine."""

from __future__ import annotations

import html
from typing import Final

from hwpoison_gui import __version__
from hwpoison_gui.opening.opening import Opened
from hwpoison_gui.view.base.mappers import captured_words
from hwpoison_gui.view.words.words import counted

ABOUT: Final = (
    f"<p><b>hwpoison-gui {__version__}</b></p><p>See how Linux survives broken memory: a model of the kernel’s "
    "<code>memory_failure()</code> on a simulated or a real machine’s memory, step by step.</p>"
    "<p>No real memory is ever poisoned: recordings and /proc are only read, and the handler runs on a copy.</p>"
    "<p>MIT licence.</p>"
)


def about_machine(machine: Opened) -> str:
    """Size and source of the machine, and how data that Linux does not export was filled in."""
    m = machine.session.machine
    captured = f" ({words})" if (words := captured_words(m)) else ""
    head = (
        f"<p><b>{html.escape(machine.title)}</b><br>{m.frames:,} frames, {m.frames * 4 // 1024:,} MiB, "
        f"{counted(len(m.processes.view), 'process', 'processes')}{captured}, profile {html.escape(m.profile.name)}</p>"
    )
    where = f"<p>{html.escape(machine.file)}</p>" if machine.file else ""
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in machine.notes)
    rest = f"<p>What Linux does not export, and how it was filled in:</p><ul>{notes}</ul>" if notes else ""
    return head + where + rest
