"""Every site has words and all words have a site; words ask for nothing that a mark does not carry."""

from __future__ import annotations

import string
from collections.abc import Iterable

import pytest

import hwpoison_gui.session.ops  # noqa: F401  # imports whatever declares sites
from hwpoison_gui.kernel.mark import SITES, Act, Mark, site
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.type import Profile
from hwpoison_gui.view.outline.entry_points import parts_of
from hwpoison_gui.view.outline.faults import TOUCH
from hwpoison_gui.view.outline.io import READ
from hwpoison_gui.view.outline.part import Part
from hwpoison_gui.view.words.lookup import function_of
from hwpoison_gui.view.words.tables import WORDS
from hwpoison_gui.view.words.words import Template, parameters

_OBJECTS = {"frame", "frames", "vmas", "task", "tasks"}


def all_parts(parts: Iterable[Part]) -> list[Part]:
    return [one for part in parts for one in (part, *all_parts(part.parts))]


def test_every_site_has_words_and_all_words_have_a_site() -> None:
    assert set(SITES.values()) == set(WORDS)


def _asked(template: Template) -> set[str]:
    if not isinstance(template, str):
        return set(parameters(template))
    fields = [field for _, field, _, _ in string.Formatter().parse(template) if field is not None]
    return {field.partition("[")[0] for field in fields}


def test_words_ask_only_for_what_a_mark_carries() -> None:
    for one, templates in WORDS.items():
        for template in templates:
            assert _asked(template) <= {*one.args, *_OBJECTS}, one.id


def test_a_site_is_declared_once() -> None:
    one = next(iter(SITES.values()))
    with pytest.raises(ValueError, match="two sites are called"):
        site(one.function, Act.ENTER, name=one.id.partition("/")[2])


def test_the_kernel_s_name_of_a_function_is_the_profile_s() -> None:
    mark = Mark(SITES["page_mkclean/clean"])
    assert [function_of(mark, PROFILES[name]) for name in ("v7", "6.1")] == ["page_mkclean()", "folio_mkclean()"]


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_the_table_of_names_is_of_functions_that_are_shown(profile: Profile) -> None:
    parts = [part for part in all_parts(parts_of(profile, ())) if part.function]
    shown = {site.function for site in SITES.values()} | {
        part.function for part in (*parts, *all_parts((*TOUCH, *READ)))
    }
    assert profile.names.keys() <= shown
    assert all(name != old for old, name in profile.names.items())
