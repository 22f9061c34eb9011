"""Variants: versions of the same phase or action in different kernels.

Phases of memory_failure() and actions of the state table are named by what they do. A kernel that changes one adds a
variant of the same name, and each profile lists the variants that its kernel runs. Other layers look up what they need
to know of a variant by the variant itself. By name a profile gives only the phases of `Asked` (type.py), which each
profile must have, and the actions that its state table names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

if TYPE_CHECKING:
    from ..handler import Handler, Verdict
    from ..mark import Steps

R = TypeVar("R")
T = TypeVar("T")


class Effect(Enum):
    """Effect of an action of the state table on the page; views choose their words by it."""

    LEAVES = "leaves it to the kernel"
    LEAVES_FREE = "leaves it on the free lists"
    HUGE = "handles a huge page as a whole"
    DROPS = "drops it from the page cache"
    DROPS_DIRTY = "records a write-back error and drops it from the page cache"
    KEEPS_IN_SWAP_CACHE = "keeps it in the swap cache, and never writes it"
    DROPS_FROM_SWAP_CACHE = "drops it from the swap cache"
    GIVES_UP = "gives up"


class Variant(Generic[R]):
    """One kernel's version of a phase or an action.

    Attributes
    ----------
    name : str
        What the phase or action does; shared by all its variants.
    kernel : str
        The modelled kernel in which this variant is new.
    run : callable
        Generator function. A phase returns None to continue with the next phase, or the return value of
        memory_failure(); an action returns its result.
    """

    __slots__ = ("kernel", "name", "run")

    def __init__(self, name: str, kernel: str, run: Callable[[Handler], Steps[R]]) -> None:
        self.name, self.kernel, self.run = name, kernel, run

    @property
    def version(self) -> tuple[int, ...]:
        """The numbers of `kernel`, by which variants are ordered."""
        return tuple(map(int, self.kernel.split(".")))

    def __call__(self, h: Handler) -> Steps[R]:
        return self.run(h)

    def __str__(self) -> str:
        return f"{self.name}@{self.kernel}"

    def __repr__(self) -> str:
        return f"<{self}>"


class Action(Variant[str]):
    """One kernel's version of an action of the state table, and its effect on the page."""

    __slots__ = ("effect",)

    def __init__(self, name: str, kernel: str, run: Callable[[Handler], Steps[str]], effect: Effect) -> None:
        super().__init__(name, kernel, run)
        self.effect = effect


V = TypeVar("V", bound=Variant[Any])

VARIANTS: Final[dict[str, Variant[Any]]] = {}  # by name@kernel, in order of declaration


def phase(kernel: str) -> Callable[[Callable[[Handler], Steps[Verdict]]], Variant[Verdict]]:
    """Decorator: register a function as the variant of the phase of that name which is new in `kernel`.

    Raises ValueError if there is one already.
    """
    return lambda run: _register(Variant(run.__name__, kernel, run))


def action(kernel: str, effect: Effect) -> Callable[[Callable[[Handler], Steps[str]]], Action]:
    """Decorator: register a function as the variant of the action of that name which is new in `kernel`."""
    return lambda run: _register(Action(run.__name__, kernel, run, effect))


def _register(variant: V) -> V:
    if str(variant) in VARIANTS:
        raise ValueError(f"two variants are called {variant}")
    VARIANTS[str(variant)] = variant
    return variant


def by_name(*variants: V) -> dict[str, V]:
    """Variants keyed by name."""
    return {variant.name: variant for variant in variants}


def changed(variants: tuple[V, ...], *newer: V) -> tuple[V, ...]:
    """`variants` with those of `newer` in place of the older ones of the same name; the order stays."""
    replaced = by_name(*newer)
    return tuple(replaced.get(variant.name, variant) for variant in variants)


def before(name: str, newer: V, variants: tuple[V, ...]) -> tuple[V, ...]:
    """`variants` with a new one in front of that called `name`. Raises ValueError if there is none."""
    at = [variant.name for variant in variants].index(name)
    return (*variants[:at], newer, *variants[at:])


def nearest(table: Mapping[Variant[Any], T], variant: Variant[Any]) -> T | None:
    """Look up a variant in a table.

    Returns its own entry, else that of the newest older variant of the same name, else None.
    """
    known = [one for one in table if one.name == variant.name and one.version <= variant.version]
    return table[max(known, key=attrgetter("version"))] if known else None
