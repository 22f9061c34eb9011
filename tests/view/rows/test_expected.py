"""Rows and words of an expectation: sums first, one column where the policies agree, and what the brackets are."""

from __future__ import annotations

import pytest

from hwpoison_gui.dram.rates import rates_named
from hwpoison_gui.dram.shipped import shipped
from hwpoison_gui.view.damage.expected import AssessedRates, Mean, expected
from hwpoison_gui.view.rows.expected import bounded, cells_of, expected_columns, expected_notes, expected_rows


def assessed(name: str, hit_early: float) -> AssessedRates:
    """Of 72 devices; each fault hits one process under late kill."""
    rates = rates_named(name)
    parts = {rate.part for rate in rates.faults}
    found = tuple(
        (early, expected({part: Mean(1, hit, hit) for part in parts}, rates, 72))
        for early, hit in enumerate((1.0, hit_early))
    )
    return AssessedRates(shipped("plain"), rates, 72, True, found)


def test_processes_hit_have_a_column_for_each_policy_only_where_these_differ() -> None:
    for hit, fields in ((1.0, ["hit_0"]), (2.0, ["hit_0", "hit_1"])):
        rows = expected_rows(assessed("cielo-2013", hit))
        columns = expected_columns(rows)
        assert [column.field for column in columns] == ["name", *fields, "faults", "frames", "fit"]
        every, *sorts = rows
        assert every.hit_1 == pytest.approx(sum(row.hit_1 for row in sorts)) == pytest.approx(hit * every.faults)
        assert cells_of(columns)(every)[0] == "all" and cells_of(columns)(every)[-1] == "40.3"


def test_the_words_say_what_the_brackets_are_and_what_is_left_out() -> None:
    cielo, hopper = ("\n".join(expected_notes(assessed(name, 1.0))) for name in ("cielo-2013", "hopper-2015"))
    assert "In brackets: 0.47 to 1.8 times the rate, as 18.8, 41.2 and 73.6 FIT" in cielo
    assert "95 % Poisson limits" in cielo and "Poisson" not in hopper
    assert "In brackets: a factor of 4 to both sides" in hopper
    for words in (cielo, hopper):
        assert "Not covered: DDR4 and DDR5." in words and "shares only" in words and "ASPLOS 2015" in words


def test_numbers_have_two_digits_below_ten() -> None:
    assert bounded((0.0123, 1.234, 1234.5)) == "1.2 (0.012 to 1,234)"
