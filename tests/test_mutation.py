"""The explanations of mutants that no test notices belong to code that is there."""

from __future__ import annotations

from tests.mutation.__main__ import all_mutants, explained, outdated


def test_every_explained_mutant_is_one_of_the_code() -> None:
    mutants = all_mutants([""])
    assert mutants
    assert not outdated(explained(), mutants)
