"""Variants: versions of the same phase or action in different kernels.

Phases of memory_failure() and actions of the state table are named by what they do. A kernel that changes one adds a
variant of the same name, and each profile lists the variants that its kernel runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

if TYPE_CHECKING:
    from ..handler import Handler, Verdict
    from ..mark import Steps

R = TypeVar("R")
T = TypeVar("T")


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

    def __call__(self, h: Handler) -> Steps[R]:
        return self.run(h)

    def __str__(self) -> str:
        return f"{self.name}@{self.kernel}"

    def __repr__(self) -> str:
        return f"<{self}>"


VARIANTS: Final[dict[str, Variant[Any]]] = {}  # by name@kernel, in order of declaration


def phase(kernel: str) -> Callable[[Callable[[Handler], Steps[Verdict]]], Variant[Verdict]]:
    """Decorator: register a function as the variant of the phase of that name which is new in `kernel`.

    Raises ValueError if there is one already.
    """
    return lambda run: _register(Variant(run.__name__, kernel, run))


def action(kernel: str) -> Callable[[Callable[[Handler], Steps[str]]], Variant[str]]:
    """Decorator: register a function as the variant of the action of that name which is new in `kernel`."""
    return lambda run: _register(Variant(run.__name__, kernel, run))


def _register(variant: Variant[R]) -> Variant[R]:
    if str(variant) in VARIANTS:
        raise ValueError(f"two variants are called {variant}")
    VARIANTS[str(variant)] = variant
    return variant


def by_name(*variants: Variant[R]) -> dict[str, Variant[R]]:
    """Variants keyed by name."""
    return {variant.name: variant for variant in variants}


def changed(variants: tuple[Variant[R], ...], *newer: Variant[R]) -> tuple[Variant[R], ...]:
    """`variants` with those of `newer` in place of the older ones of the same name; the order stays."""
    replaced = by_name(*newer)
    return tuple(replaced.get(variant.name, variant) for variant in variants)


def nearest(table: dict[str, T], variant: Variant[Any]) -> T | None:
    """Look up a variant in a table keyed by name@kernel in the order of kernels.

    Returns the entry of the variant itself, else that of the newest variant of the same name, else None.
    """
    found = table.get(str(variant))
    if found is not None:
        return found
    return next((table[key] for key in reversed(table) if key.partition("@")[0] == variant.name), None)
