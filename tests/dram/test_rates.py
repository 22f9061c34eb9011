"""Files with fault rates: what is shipped, and bad ones with the place that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwpoison_gui.dram.errors import DramError
from hwpoison_gui.dram.rates import poisson_limits, rates_named, read_rates, shipped_rates

GOOD = """rates = 1
name = "r"
technology = "DDR3"
years = "2011"
unit = "FIT per device"
total = 3.5
device-hours = 4e9
sources = ["a paper"]
bounds = { factor = 2, source = "the same" }
[[fault]]
name = "bit"
part = "cell"
transient = 1.5
permanent = 2
"""
SHARES = (
    GOOD.replace("transient = 1.5\npermanent = 2", "share = 90") + '[[fault]]\nname = "row"\npart = "row"\nshare = 9.9'
)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "r.toml"
    path.write_text(text)
    return path


def test_a_good_file(tmp_path: Path) -> None:
    rates = read_rates(written(tmp_path, GOOD))
    assert rates.title == "r, DDR3, 2011"
    assert [(fault.name, fault.part, fault.fit) for fault in rates.faults] == [("bit", "cell", 3.5)]
    assert rates.per_machine_year(3.5, 1000) == pytest.approx(3.5e-6 * 8766)
    least, most = poisson_limits(14)  # faults that the study saw
    assert rates.bounded(rates.faults[0]) == pytest.approx((3.5 / 2 * least / 14, 3.5, 3.5 * 2 * most / 14))


def test_shares_of_a_total(tmp_path: Path) -> None:
    text = SHARES.replace("factor = 2", "low = 1.75, high = 14").replace("device-hours = 4e9\n", "")
    rates = read_rates(written(tmp_path, text))
    assert rates.has_shares and [fault.fit for fault in rates.faults] == pytest.approx([3.15, 0.3465])
    assert rates.bounded(rates.faults[0]) == pytest.approx((3.15 / 2, 3.15, 3.15 * 4))


@pytest.mark.parametrize(("count", "limits"), [(0, (0, 3.69)), (10, (4.80, 18.39)), (100, (81.36, 121.63))])
def test_poisson_limits_are_those_of_tables(count: int, limits: tuple[float, float]) -> None:
    assert poisson_limits(count) == pytest.approx(limits, abs=0.03)


@pytest.mark.parametrize("name", shipped_rates())
def test_shipped_rates_add_up_and_say_where_they_are_from(name: str) -> None:
    rates = rates_named(name)
    assert sum(fault.fit for fault in rates.faults) == pytest.approx(rates.total, rel=0.002)
    assert rates.sources and rates.not_covered and rates.unpublished and rates.bounds_source
    assert all(low < fit < high for low, fit, high in map(rates.bounded, rates.faults))


def test_shipped_rates_are_those_that_are_quoted() -> None:
    assert shipped_rates() == ["cielo-2013", "hopper-2015", "jaguar-2012"]
    cielo, jaguar = rates_named("cielo-2013"), rates_named("jaguar-2012")
    assert (cielo.low * cielo.total, cielo.high * cielo.total) == pytest.approx((18.8, 73.6))
    # 40.33 FIT of the devices of Cielo, which had 23 billion device-hours in 15 months, are a fault in 11 hours.
    devices = cielo.device_hours / (15 / 12 * 8766)
    assert 1e9 / cielo.total / devices == pytest.approx(11, rel=0.1)
    assert {fault.part: fault.fit for fault in jaguar.faults}["bank"] == pytest.approx(10.8)
    with pytest.raises(DramError, match="nix: no such rates; shipped are cielo-2013, hopper-2015, jaguar-2012"):
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
        ("factor = 2", "low = 4, high = 5", "bounds: expected low and high around the total, 3.5"),
        ("factor = 2", "low = 1", "bounds.high: expected a number"),
        ("total = 3.5", "total = 0", "total: expected more than 0"),
        ("total = 3.5", "total = 5", "fault: the rates add up to 3.5, not to the total, 5"),
        ("device-hours", "device_hours", "device_hours: unknown key; did you mean device-hours?"),
        ('part = "cell"', 'part = "chip"', "fault[0].part: no such part: 'chip'"),
        ("permanent = 2", "", "fault[0].permanent: missing"),
        ("permanent = 2", "permanent = -1", "fault[0].permanent: expected a number, 0 or more"),
        ("transient =", "transeint =", "fault[0].transeint: unknown key; did you mean transient?"),
        ("[[fault]]", "[[fault]", "not TOML"),
    ],
)  # fmt: skip
def test_bad_files(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    assert_refused(written(tmp_path, GOOD.replace(old, new, 1)), said)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("share = 90", "share = 80", "fault: the shares add up to 89.9 %, not to 100 %"),
        ("share = 90", "transient = 1", "fault[0].transient: unknown key"),
        ("share = 90", "share = 101", "fault[0].share: expected a number"),
    ],
)
def test_bad_shares(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert_refused(written(tmp_path, SHARES.replace(old, new, 1)), said)


def assert_refused(path: Path, said: str) -> None:
    with pytest.raises(DramError) as refused:
        read_rates(path)
    assert str(refused.value).startswith(f"{path}: {said}")
