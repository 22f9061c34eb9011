"""The records of a profile: all fields are given by name, and none is changed afterwards."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from hwpoison_gui.kernel.profile.type import Files, Results
from hwpoison_gui.kernel.profile.v7 import V7


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
