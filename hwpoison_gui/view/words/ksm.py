"""Words of kernel/ksm.py: pages of equal content are merged."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import ksm
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words

WORDS: Final[dict[Site, Words]] = {
    ksm.MERGEABLE: Words("KSM may merge pages of equal content here."),
    ksm.REPLACED: Words(
        "{comm}:{task} maps frame {frame:#x} at {address:#x} now; frame {frames[1]:#x} had equal content."
    ),
}
