"""The words of all sites, of what phases, actions and the functions of profiles do, and of upgrades.

Modules of this package that are named like one of kernel/ or session/ have them: `WORDS` of its sites, `BEHAVIOUR` of
its variants and functions, and those of a profile `UPGRADE`, what an upgrade to the kernel of that name changes.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from hwpoison_gui import kernel, session
from hwpoison_gui.kernel import profile
from hwpoison_gui.kernel.mark import Site
from hwpoison_gui.view import words
from hwpoison_gui.view.words.words import Behaviour, Words

_DECLARING: Final = {found.name for found in iter_modules([*kernel.__path__, *profile.__path__, *session.__path__])}
_MODULES: Final = tuple(
    import_module(f"{words.__name__}.{found.name}")
    for found in iter_modules(words.__path__)
    if found.name in _DECLARING
)

WORDS: Final[dict[Site, Words]] = {}
BEHAVIOUR: Final[Behaviour] = {}
UPGRADE: Final[dict[str, str]] = {}
for _module in _MODULES:
    WORDS.update(getattr(_module, "WORDS", {}))
    BEHAVIOUR.update(getattr(_module, "BEHAVIOUR", {}))
    UPGRADE.update(getattr(_module, "UPGRADE", {}))
