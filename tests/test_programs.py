"""A fixed sample of the random programs: what is foretold happens."""

from __future__ import annotations

from random import Random

import pytest

from tests.programs import KINDS_OF_PROGRAM, Kind, Wrong, shrunk, tried


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", sorted(KINDS_OF_PROGRAM), ids=lambda kind: f"{kind[0]}-{kind[1]}")
def test_what_is_foretold_happens(kind: Kind, seed: int) -> None:
    operations, wrong = tried(Random(seed), kind)
    assert operations and not wrong, shrunk(wrong[0])


def test_a_program_is_cut_down_to_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tests.programs.look",
        lambda session, pfns: ["a died"] if session.machine.processes.view[101].ended else [],
    )
    program = [("read", {"task": "b", "at": "m+0"}), ("exit", {"task": "a"}), ("drop_caches", {})]
    assert shrunk(Wrong("a died", ("v7", False), program)).program == [("exit", {"task": "a"})]
