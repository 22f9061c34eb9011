"""Operations that a profile lacks are refused, whoever asks for them."""

from __future__ import annotations

import pytest

from hwpoison_gui.session.errors import ScenarioError
from tests.workbench import Workbench


@pytest.mark.parametrize(
    "op, args, why",
    (
        ("soft_offline", {"frame": "a:m+0"}, "`soft_offline` is only for profile 6.1"),
        ("unpoison", {"frame": "a:m+0"}, "`unpoison` is only for profile 6.1"),
        ("poison", {"frame": "a:m+0", "via": "hard_offline"}, "is only for profile 6.1"),
        ("sysctl", {"name": "enable_soft_offline", "value": 1}, "`enable_soft_offline` is only for profile"),
    ),
)
def test_a_session_refuses_what_its_profile_lacks(op: str, args: dict[str, object], why: str) -> None:
    bench = Workbench("v7")
    bench.area()
    bench.do("write", task="a", at="m+0")
    before, operations = bench.session.stamp, len(bench.session.operations)
    with pytest.raises(ScenarioError, match=why):
        bench.session.act(op, args)
    assert bench.session.stamp == before and len(bench.session.operations) == operations
    assert bench.session.recording is None
