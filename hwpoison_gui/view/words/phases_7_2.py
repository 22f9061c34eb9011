"""Words of kernel/phases_7_2.py."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import phases_7_2 as phases
from hwpoison_gui.view.words.words import Behaviour

BEHAVIOUR: Final[Behaviour] = {
    phases.check_pfn: (
        "pfn_to_online_page(), else memory_failure_pfn(): a pfn without a page has a result line, and EBUSY for ENXIO."
    ),
    phases.take_reference: (
        "get_hwpoison_page(), also for an injector that has a reference, which is given back with an unhandlable page."
    ),
}
