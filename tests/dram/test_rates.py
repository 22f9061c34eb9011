"""Files with fault rates: what is shipped, and bad ones with the place that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwpoison_gui.dram.errors import DramError
from hwpoison_gui.dram.rates import DEFAULT, rates_named, read_rates

GOOD = """rates = 1
name = "r"
unit = "FIT per device"
sources = ["a paper"]
bounds = { factor = 2, source = "the same" }
[[fault]]
name = "bit"
part = "cell"
transient = 1.5
permanent = 2
"""


def test_a_good_file(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text(GOOD)
    rates = read_rates(path)
    assert [(fault.name, fault.part, fault.fit) for fault in rates.faults] == [("bit", "cell", 3.5)]
    assert rates.per_machine_year(3.5, 1000) == pytest.approx(3.5e-6 * 8766)


def test_shipped_rates() -> None:
    rates = rates_named(DEFAULT)
    assert sum(fault.fit for fault in rates.faults) == pytest.approx(66.1)
    assert rates.sources and rates.unpublished and rates.factor == 4
    with pytest.raises(DramError, match="nix: no such rates; shipped are jaguar-2012"):
        rates_named("nix")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('unit = "FIT per device"', "", "unit: missing; expected the unit of all rates"),
        ("FIT per device", "FIT", "unit: 'FIT' is not a unit that is known"),
        ("rates = 1", "rates = 2", "rates: this program reads version 1"),
        ('["a paper"]', "[]", "sources: say where"),
        ("factor = 2", "factor = 0.5", "bounds.factor: expected 1 or more"),
        ("factor = 2,", "", "bounds.factor: expected a number"),
        ('part = "cell"', 'part = "chip"', "fault[0].part: no such part: 'chip'"),
        ("permanent = 2", "", "fault[0].permanent: missing"),
        ("permanent = 2", "permanent = -1", "fault[0].permanent: expected a number, 0 or more"),
        ("transient =", "transeint =", "fault[0].transeint: unknown key; did you mean transient?"),
        ("[[fault]]", "[[fault]", "not TOML"),
    ],
)  # fmt: skip
def test_bad_files(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "r.toml"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(DramError) as refused:
        read_rates(path)
    assert str(refused.value).startswith(f"{path}: {said}")
