"""One kill -9 of the real program: its next start has what was done, to the letter that was being typed."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.kills import LossError, Program, Run, State, check


def test_what_was_done_is_there_after_kill_9(tmp_path: Path) -> None:
    first = Program(tmp_path, 3, "fixed")
    try:
        first.wait_for("saved")
    finally:
        run = first.kill()
    again = Program(tmp_path, 6, "fixed")
    try:
        found = again.wait_for("found")["found"]
    finally:
        again.kill()
    assert check(run, found) < 60.0 and found == run.states[-1].work
    work = json.loads(found)
    assert [[name, *args.values()][:2] for name, args in work["operations"]] == [["poison", "pfn:0x12c"]]
    assert [op[0][0][1]["frame"] for op in work["branches"]] == ["pfn:0xc8"]
    assert [note[0] for note in work["notes"]] == ["a note"] and work["drafts"][0][0] == "a note, half a thou"


def test_the_check_knows_a_loss(tmp_path: Path) -> None:
    now = time.time()
    run = Run("", [State(now - 20, ""), State(now - 10, "a"), State(now - 4, "b")], now)
    assert check(run, "b") == 0 and check(run, "a") == pytest.approx(4)
    with pytest.raises(LossError, match="10.0 s"):
        check(run, "")
    with pytest.raises(LossError, match="never was"):
        check(run, "c")
