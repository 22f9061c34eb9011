"""The sentence of a mark. Sentences are made on demand, never while an operation runs."""

from __future__ import annotations

from functools import cache
from typing import Any

from hwpoison_gui.kernel.mark import Mark, Site
from hwpoison_gui.kernel.profile.type import Profile
from hwpoison_gui.kernel.profile.variants import Variant
from hwpoison_gui.view.words.words import Words, filled, values_of


def text_of(mark: Mark) -> str:
    """The sentence of a mark, with the values that decided."""
    return filled(words_at(mark.site).text, values_of(mark))


def clause_of(mark: Mark) -> str:
    """Return the sentence of a mark without its full stop, to begin a longer one."""
    return text_of(mark).removesuffix(".")


def why_of(mark: Mark) -> str:
    """The reason, as it stands after "because"; empty where the sentence says it."""
    return filled(words_at(mark.site).why, values_of(mark))


def branch_of(mark: Mark) -> str:
    """The branch taken, in the kernel's words; empty where there was no other."""
    template = words_at(mark.site).branch
    return (template and filled(template, values_of(mark))) or mark.site.branch


def function_of(mark: Mark, profile: Profile) -> str:
    """The kernel function, by its name in the kernel that runs: `collect_procs()`; empty for a step of none."""
    return f"{profile.called(mark.site.function)}()" if mark.site.function else ""


@cache
def words_at(site: Site) -> Words:
    """The words of a site; one without any is told by its function and branch, which a test rules out as shipped."""
    from hwpoison_gui.view.words.tables import WORDS  # imported here to keep start-up fast

    return WORDS.get(site) or Words(f"{site.function}(): {site.branch}." if site.branch else f"{site.function}().")


@cache
def behaviour_of(variant: Variant[Any]) -> str:
    """Return what a phase or an action does, in a sentence; one without words is told by its name and its kernel."""
    from hwpoison_gui.view.words.tables import BEHAVIOUR  # imported here to keep start-up fast

    return BEHAVIOUR.get(variant) or f"{variant.name}() of {variant.kernel}."
