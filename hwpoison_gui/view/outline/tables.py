"""The outlines of all kernels, found by the names of their modules.

`handler.py` has that of 2.6.32, `handler_6_1.py` and its like what a later kernel changed: `PHASES`, the parts of its
variants of phases, and `ENTRANCES`, the ways to the state table, by its variant of the phase that takes a reference.
"""

from __future__ import annotations

import re
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from hwpoison_gui.kernel.handler import Verdict
from hwpoison_gui.kernel.profile.variants import Variant
from hwpoison_gui.view import outline
from hwpoison_gui.view.outline.part import Entrance, Part

# A variant without an entry is shown as the newest older one of its name (variants.nearest).
PHASES: Final[dict[Variant[Verdict], Part]] = {}
ENTRANCES: Final[dict[Variant[Verdict], tuple[Entrance, ...]]] = {}


def _version(module: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", module)]


for _name in sorted((found.name for found in iter_modules(outline.__path__)), key=_version):
    if re.fullmatch(r"handler(_\d+)*", _name):
        _module = import_module(f"{outline.__name__}.{_name}")
        PHASES.update(_module.PHASES)
        ENTRANCES.update(getattr(_module, "ENTRANCES", {}))
