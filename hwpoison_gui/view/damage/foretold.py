"""Predicted damage from errors in some frames, in a few lines, for the question before they are broken."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.view.base.impacts import IMPACTS
from hwpoison_gui.view.base.naming import listed
from hwpoison_gui.view.damage.damage import Damage, Toll
from hwpoison_gui.view.outcome import classes
from hwpoison_gui.view.words.words import counted

_MOST_NAMES: Final = 5
# The lens has this class for errors that signal nobody; most content is lost by errors that signal.
_NAMES: Final = {classes.LOST: "content lost, nobody is signalled"}


def foretold(damage: Damage, toll: Toll) -> list[str]:
    """Frames by outcome, the worst first; the processes that would be hit; and what would be lost."""
    found = []
    for number in reversed(range(len(toll.frames))):
        count = toll.frames[number]
        if count and number not in classes.NO_MEMORY:
            found.append(f"{counted(count, 'frame')}: {_NAMES.get(number, classes.CLASSES[number].name)}")
    for kind, known in IMPACTS.items():
        tgids = [tgid for tgid, impact in toll.hit.items() if impact == kind]
        if tgids:
            who = listed([damage.m.processes.view[tgid].label for tgid in tgids], _MOST_NAMES)
            found.append(f"{known.meaning}: {who}")
    if toll.lost:
        found.append(f"Content lost: {toll.lost_words}")
    return found
