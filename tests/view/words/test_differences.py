"""A difference between two kernels is worded for both, whichever two are compared."""

from __future__ import annotations

import re
from dataclasses import fields
from itertools import combinations

from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.kernel.profile.type import Profile
from hwpoison_gui.kernel.profile.variants import VARIANTS
from hwpoison_gui.session.fidelity.differences import RECORDS, differences, pairs
from hwpoison_gui.view.words.differences import BEHAVIOUR, NOTHING, kernels_words


def test_every_phase_action_and_function_of_a_profile_has_its_words() -> None:
    records = [getattr(profile, group) for profile in PROFILES.values() for group in RECORDS]
    values = [getattr(record, field.name) for record in records for field in fields(record)]
    assert BEHAVIOUR.keys() == {*VARIANTS.values(), *filter(callable, values)}
    assert all(words.endswith(".") for words in BEHAVIOUR.values())


def test_both_kernels_are_described_in_different_words() -> None:
    for older, newer in combinations(PROFILES.values(), 2):
        words = {one.name: kernels_words(one) for one in differences(older, newer)}
        assert [name for name, (before, after) in words.items() if before == after] == []


def test_a_kernel_that_does_elsewhere_what_a_phase_does_says_so() -> None:
    assert _words(PROFILES["6.1"], PROFILES["6.12"], "phases.check_filter")[0].startswith(
        "hwpoison_filter(), asked after"
    )
    assert _words(PROFILES["v7"], PROFILES["6.12"], "phases.check_filter")[0] == NOTHING


def test_values_are_worded_by_what_they_are() -> None:
    (v7, v6_1), (_, v6_12), *_ = pairs()
    assert _words(v7, v6_1, "mm.exclusive") == (NOTHING, "MAPPEDTODISK")
    assert _words(v7, v6_1, "sysctls.memory_failure_early_kill") == ("1", "0")
    assert _words(v6_1, v6_12, "sysctls.enable_soft_offline") == (NOTHING, "1")
    assert _words(v6_1, v6_12, "log.ksm") == ("`can't handle KSM pages.`", NOTHING)
    assert _words(v6_1, v6_12, "results.states") == ("12 rows", "11 rows")
    assert _words(v7, v6_1, "features.ksm") == ("no", "yes")
    assert _words(v6_1, v6_12, "results.exits.unsplit thp")[1] == "`unsplit thp`, Failed, EHWPOISON"


def _words(older: Profile, newer: Profile, name: str) -> tuple[str, str]:
    (one,) = (found for found in differences(older, newer) if found.name == name)
    return kernels_words(one)


def test_a_variant_that_several_kernels_run_is_told_without_the_name_of_one() -> None:
    for profile in PROFILES.values():
        for variant in (*profile.phases, *profile.results.actions.values()):
            named = set(re.findall(r"\b(?:2\.6\.32|6\.1|6\.12|7\.2)\b", BEHAVIOUR[variant]))
            assert named <= {".".join(map(str, profile.modelled))}, (profile.name, BEHAVIOUR[variant])
