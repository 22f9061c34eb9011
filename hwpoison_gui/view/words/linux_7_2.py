"""Words of kernel/profile/linux_7_2.py."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel.profile import linux_7_2
from hwpoison_gui.view.words.words import Behaviour

BEHAVIOUR: Final[Behaviour] = {
    linux_7_2.reuses: (
        "Also a page of a large folio that this address space alone maps, and that nobody else refers to."
    ),
}
