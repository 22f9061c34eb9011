"""Sources of errors: each injector's own behaviour."""

from __future__ import annotations

import pytest

from tests.workbench import Workbench


@pytest.mark.parametrize("via, lines", (("corrupt-pfn", 0), ("hard_offline", 1), ("srao", 1)))
def test_a_number_that_is_no_page(via: str, lines: int) -> None:
    outcome = Workbench().do("poison", frame="any:out-of-range", via=via)
    assert outcome.errno == "ENXIO"
    assert len(outcome.log) == lines
