"""The records of a profile: fields are given by name, none is changed afterwards, and what is looked up is there."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from typing import get_args

import pytest

from hwpoison_gui.kernel import phases
from hwpoison_gui.kernel.profile.linux_7_2 import V7_2
from hwpoison_gui.kernel.profile.type import Asked, Files, Results
from hwpoison_gui.kernel.profile.v7 import V7
from hwpoison_gui.kernel.profile.variants import Variant, before


def test_fields_are_those_that_are_declared() -> None:
    with pytest.raises(TypeError, match="Results: errno_of, exits"):
        Results(states=(), actions={})  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="nothing"):
        replace(V7.results, nothing=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Results(())  # type: ignore[call-arg]


def test_a_field_without_a_value_has_its_default() -> None:
    files = V7.files
    assert Files(
        io_refuses=files.io_refuses, report_error=files.report_error, error_remove_page=files.error_remove_page
    ).large_folios == ()  # fmt: skip
    assert replace(files, large_folios=("xfs",)).large_folios == ("xfs",)


def test_a_record_is_changed_by_a_copy_only() -> None:
    with pytest.raises(FrozenInstanceError, match="title"):
        V7.title = "another"  # type: ignore[misc]
    assert replace(V7, title="another").results is V7.results


@pytest.mark.parametrize("name", get_args(Asked))
def test_a_profile_has_each_phase_that_is_asked_for_by_name(name: str) -> None:
    """A kernel that gives one of them a new name is refused when its profile is built, not when it runs."""
    renamed = tuple(Variant("renamed", "9.9", phase.run) if phase.name == name else phase for phase in V7_2.phases)
    with pytest.raises(ValueError, match=f"profile 9.9 has no phase {name}"):
        replace(V7_2, name="9.9", phases=renamed)


def test_a_state_table_has_the_actions_of_its_rows_and_a_row_for_every_page() -> None:
    results = V7.results
    with pytest.raises(ValueError, match="missing: me_free, me_huge_page"):
        replace(results, actions={k: v for k, v in results.actions.items() if k not in ("me_free", "me_huge_page")})
    for states in ((), results.states[:-1]):
        with pytest.raises(ValueError, match="does not match every page"):
            replace(results, states=states)


def test_a_phase_is_put_before_one_that_is_there() -> None:
    with pytest.raises(ValueError, match="nowhere"):
        before("nowhere", phases.check_pfn, V7.phases)
