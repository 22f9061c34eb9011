"""Words of kernel/kill_accessing_process.py."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import kill_accessing_process as kill
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words

WORDS: Final[dict[Site, Words]] = {
    kill.FOUND: Words("{comm}:{task} has the page at {address:#x}."),
    kill.NOT_FOUND: Words("No PTE of {comm}:{task} refers to the page any more."),
}
