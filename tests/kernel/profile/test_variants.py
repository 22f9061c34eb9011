"""Variants: declared once, replaced in order, and looked up by themselves."""

from __future__ import annotations

from hwpoison_gui.kernel import actions, actions_6_1, phases, phases_6_1
from hwpoison_gui.kernel.profile.linux_6_1 import V6_1
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.variants import VARIANTS, Effect, Variant, changed, nearest


def test_a_newer_variant_takes_the_place_of_the_older_one() -> None:
    old = (phases.check_pfn, phases.lock_page, phases.check_truncated)
    assert changed(old, phases_6_1.lock_page) == (phases.check_pfn, phases_6_1.lock_page, phases.check_truncated)
    assert changed(old) == old


def test_a_table_answers_with_the_variant_itself_or_the_newest_older_one_of_its_name() -> None:
    table = {phases_6_1.check_pfn: "new", phases.check_pfn: "old", phases.lock_page: "lock"}
    assert [nearest(table, one) for one in table] == ["new", "old", "lock"]

    def check_pfn(kernel: str) -> str | None:
        return nearest(table, Variant("check_pfn", kernel, phases.check_pfn.run))

    assert [check_pfn(kernel) for kernel in ("9.9", "6.12", "6.0", "2.6.32", "2.6.31")] == [
        "new", "new", "old", "old", None,
    ]  # fmt: skip
    assert nearest(table, phases_6_1.shake_page) is None


def test_variants_are_registered_under_their_name_and_kernel() -> None:
    assert all(str(variant) == key for key, variant in VARIANTS.items())
    assert str(phases_6_1.check_pfn) == "check_pfn@6.1"


def test_an_action_keeps_its_effect_from_kernel_to_kernel() -> None:
    """As long as it keeps its name; what it does to LRU lists and references is not part of the effect."""
    for name, action in V6_1.results.actions.items():
        older = PROFILES["v7"].results.actions.get(name)
        assert older is None or older.effect is action.effect
    assert actions.me_swapcache_dirty.effect is Effect.KEEPS_IN_SWAP_CACHE
    assert actions_6_1.me_pagecache_dirty.effect is Effect.DROPS_DIRTY
