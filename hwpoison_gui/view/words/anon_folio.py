"""Words of kernel/anon_folio.py: large folios of anonymous memory."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import anon_folio
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Words

WORDS: Final[dict[Site, Words]] = {
    anon_folio.NEW_FOLIO: Words(
        "A new folio of {pages} pages at frame {frame:#x} is mapped at {address:#x}, by a PTE for each page."
    ),
}
