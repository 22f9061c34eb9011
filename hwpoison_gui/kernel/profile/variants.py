"""Variants: what a step of the handler does, in the kernel that brought it or changed it.

Phases of memory_failure() and actions of the state table are named by what they do. A kernel that does one of them
otherwise has a variant of the same name; a profile lists the variants that its kernel runs.
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
        What it does; the same for all variants of it.
    kernel : str
        The modelled kernel that brought this variant.
    run : callable
        The generator function. A phase returns None to go on, or what memory_failure() returns; an action returns
        the result.
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


VARIANTS: Final[dict[str, Variant[Any]]] = {}  # all there are, as name@kernel, in the order of the kernels


def phase(kernel: str) -> Callable[[Callable[[Handler], Steps[Verdict]]], Variant[Verdict]]:
    """Declare a function to be a kernel's variant of the phase of its name."""
    return lambda run: _register(Variant(run.__name__, kernel, run))


def action(kernel: str) -> Callable[[Callable[[Handler], Steps[str]]], Variant[str]]:
    """Declare a function to be a kernel's variant of the action of its name."""
    return lambda run: _register(Variant(run.__name__, kernel, run))


def _register(variant: Variant[R]) -> Variant[R]:
    if str(variant) in VARIANTS:
        raise ValueError(f"two variants are called {variant}")
    VARIANTS[str(variant)] = variant
    return variant


def by_name(*variants: Variant[R]) -> dict[str, Variant[R]]:
    """Variants under the names that rows of a state table use."""
    return {variant.name: variant for variant in variants}


def changed(variants: tuple[Variant[R], ...], *newer: Variant[R]) -> tuple[Variant[R], ...]:
    """Variants in their order, each of `newer` in the place of the one of its name."""
    replaced = by_name(*newer)
    return tuple(replaced.get(variant.name, variant) for variant in variants)


def nearest(table: dict[str, T], variant: Variant[Any]) -> T | None:
    """What a table by name@kernel, in the order of kernels, has for a variant: else for the newest of its name."""
    found = table.get(str(variant))
    if found is not None:
        return found
    return next((table[key] for key in reversed(table) if key.partition("@")[0] == variant.name), None)
