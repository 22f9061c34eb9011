"""Words of kernel/migrate.py: content moves to another frame."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import migrate
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words

WORDS: Final[dict[Site, Words]] = {
    migrate.NO_MEMORY: Words("There is no free memory to migrate to."),
    migrate.HELD: Words("Somebody holds a reference that cannot be migrated."),
    migrate.MOVED: Words("Frame {frames[1]:#x} holds the content now."),
    migrate.REMAPPED: Words("{comm}:{task} maps frame {frames[1]:#x} at {address:#x} instead of {frame:#x}."),
}
