"""Words of a difference between two kernels, in Markdown: each one's phases, actions, rules and values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.profile.type import Exit, Profile, StateRow
from hwpoison_gui.kernel.profile.variants import Variant
from hwpoison_gui.session.fidelity.differences import Difference
from hwpoison_gui.view.words.tables import BEHAVIOUR

NOTHING: Final = "–"

# Words for a kernel that does elsewhere what a difference is about; keys: kernel and difference.
_ELSEWHERE: Final[dict[tuple[str, str], str]] = {
    ("6.1", "phases.check_filter"): "hwpoison_filter(), asked after the split, with the page locked.",
}


def kernels_words(difference: Difference) -> tuple[str, str]:
    """Say how the older and how the newer kernel has it."""
    return (
        _of_kernel(difference, difference.older, difference.before),
        _of_kernel(difference, difference.newer, difference.after),
    )


def _of_kernel(difference: Difference, kernel: Profile, value: Any) -> str:
    if difference.flags:
        return " ".join(pf.names_of(value)) or NOTHING
    words = value_words(value)
    return _ELSEWHERE.get((kernel.name, difference.name), NOTHING) if words == NOTHING else words


def value_words(value: Any) -> str:
    """Return a profile value as Markdown; NOTHING if it is None or empty."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, tuple) and value and isinstance(value[0], StateRow):
        return f"{len(value)} rows"
    if type(value) is tuple:  # a record is one as well
        return " ".join(f"`{one}`" for one in value) or NOTHING
    if callable(value):
        return BEHAVIOUR.get(value) or _named(value)
    if isinstance(value, Exit):
        return f"`{value.kind}`, {value.result}, {value.errno}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"`{value}`" if isinstance(value, str) else str(value)


def _named(value: Callable[..., Any]) -> str:
    """Name a variant or a function that has no words, and the kernel or the file that brought it."""
    if isinstance(value, Variant):
        return f"`{value.name}()` of {value.kernel}."
    return f"`{value.__name__}()` of `{value.__module__.rpartition('.')[2]}.py`."
