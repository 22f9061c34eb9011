"""Words of kernel/actions_6_12.py."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import actions_6_12 as actions
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view.words.words import Behaviour, Words

WORDS: Final[dict[Site, Words]] = {
    actions.UNKNOWN: Words("No row of the state table matches: the page is left alone."),
}

BEHAVIOUR: Final[Behaviour] = {
    actions.me_unknown: "No row matches, which should not happen: ignored.",
}
