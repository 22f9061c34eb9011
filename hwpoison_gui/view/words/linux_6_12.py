"""Words of kernel/profile/linux_6_12.py."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel.profile import linux_6_12
from hwpoison_gui.view.words.words import Behaviour

BEHAVIOUR: Final[Behaviour] = {
    linux_6_12.io_refuses: (
        "For poisoned pages of tmpfs and hugetlbfs; of a huge page, only for the 4 KiB that are bad."
    ),
}
