"""Rates of DRAM faults from field studies, read from a TOML file; docs/geometry.md describes it."""

from __future__ import annotations

from math import sqrt
from pathlib import Path
from typing import Any, Final

from hwpoison_gui import resources
from hwpoison_gui.dram.errors import DramError
from hwpoison_gui.dram.fault import MODES
from hwpoison_gui.dram.geometry_file import check_keys, parse_toml
from hwpoison_gui.record import Record

FORMAT: Final = 1
UNIT: Final = "FIT per device"  # faults of a DRAM device in 10**9 hours of its operation
HOURS_PER_YEAR: Final = 8766
DEVICES_PER_RANK: Final = 18  # of 4 bits each, with ECC
_KEYS: Final = {
    "rates": "the version of the format, 1",
    "name": "a text",
    "technology": 'a text, as "DDR3"',
    "years": 'a text, as "2011 to 2012"',
    "unit": f'the unit of all rates, "{UNIT}"',
    "total": "the rate of all faults",
    "device-hours": "how long the study observed all devices together",
    "sources": "a list of texts, the study first",
    "not-covered": "a list of texts",
    "unpublished": "a list of texts",
    "bounds": "a table with factor, or low and high, and source",
    "fault": "tables with name, part, and rates",
}
_REQUIRED: Final = ("rates", "name", "technology", "years", "unit", "total", "sources", "bounds", "fault")
_BY_FACTOR: Final = {"factor": "", "source": ""}
_BY_LIMITS: Final = {"low": "", "high": "", "source": ""}
_RATE_KEYS: Final = {"name": "", "part": "", "transient": "", "permanent": ""}
_SHARE_KEYS: Final = {"name": "", "part": "", "share": ""}
_ROUNDED: Final = 0.05  # published rates and shares have one decimal
_Z: Final = 1.96  # two-sided 95 %


class Rate(Record):
    """Rate of one class of faults of the study; `part`: the mode (fault.MODES) that models it.

    `fit`: faults of one device in 10**9 device-hours, transient and permanent ones together.
    """

    name: str
    part: str
    fit: float


class Rates(Record):
    """The rates of a study.

    Attributes
    ----------
    name, technology, years : str
        The machines of the study, their DRAM, and when they were observed.
    faults : tuple of Rate
    total : float
        FIT per device of all faults, as the source says.
    low, high : float
        The rate of a machine's devices lies between `low` and `high` times the rate, for the reason `bounds_source`.
    device_hours : float
        How long the study observed all devices together; 0: not known.
    sources, not_covered, unpublished : tuple of str
        Where the numbers are published; what an expectation from them leaves out; what could not be verified.
    has_shares : bool
        Whether the source gives shares of the total, and no rate of each sort of fault.
    """

    name: str
    technology: str
    years: str
    faults: tuple[Rate, ...]
    total: float
    low: float
    high: float
    bounds_source: str
    device_hours: float
    sources: tuple[str, ...]
    not_covered: tuple[str, ...] = ()
    unpublished: tuple[str, ...] = ()
    has_shares: bool = False

    @property
    def title(self) -> str:
        """The machines, their DRAM and the years, in one line."""
        return f"{self.name}, {self.technology}, {self.years}"

    def bounded(self, rate: Rate) -> tuple[float, float, float]:
        """The least, the published and the greatest FIT of a sort of fault.

        Where the device-hours of the study are known, its bounds are widened by the 95 % Poisson limits of the number
        of such faults that it saw.
        """
        low, high = self.low, self.high
        seen = rate.fit * self.device_hours / 1e9
        if seen:
            least, most = poisson_limits(seen)
            low, high = low * least / seen, high * most / seen
        return rate.fit * low, rate.fit, rate.fit * high

    def per_machine_year(self, fit: float, devices: int) -> float:
        """Return the expected faults per year of a machine with `devices` devices; `fit`: as in `Rate`."""
        return fit * devices * HOURS_PER_YEAR / 1e9


def poisson_limits(count: float) -> tuple[float, float]:
    """95 % confidence limits of the mean of a Poisson distribution of which `count` was seen, by Byar's method."""
    least = count * (1 - 1 / (9 * count) - _Z / (3 * sqrt(count))) ** 3 if count else 0.0
    more = count + 1
    return max(0.0, least), more * (1 - 1 / (9 * more) + _Z / (3 * sqrt(more))) ** 3


def shipped_rates() -> list[str]:
    """The names of the rates that are shipped."""
    return sorted(path.stem for path in resources.path("rates").glob("*.toml"))


def rates_named(name: str) -> Rates:
    """Shipped rates by name, or those of a file. Raises DramError, or OSError if the file cannot be read."""
    shipped = shipped_rates()
    if name in shipped:
        return read_rates(resources.path(f"rates/{name}.toml"))
    path = Path(name)
    if path.suffix == ".toml" or path.exists():
        return read_rates(path)
    raise DramError(f"no such rates; shipped are {', '.join(shipped)}; others are files, NAME.toml", where=name)


def read_rates(path: Path) -> Rates:
    """The rates of a file. Raises DramError, which names the file and the key, or OSError."""
    try:
        return _rates(parse_toml(path))
    except DramError as error:
        raise DramError(error.why, file=str(path), where=error.where) from None


def _rates(table: dict[str, Any]) -> Rates:
    check_keys(table, _KEYS)
    for key in _REQUIRED:
        if key not in table:
            raise DramError(f"missing; expected {_KEYS[key]}", where=key)
    if table["rates"] != FORMAT:
        raise DramError(f"this program reads version {FORMAT} of the format, not {table['rates']}", where="rates")
    if table["unit"] != UNIT:
        raise DramError(f"{table['unit']!r} is not a unit that is known; expected {_KEYS['unit']}", where="unit")
    if not table["sources"]:
        raise DramError("say where the rates are published", where="sources")
    total = _number(table["total"], "total")
    if not total:
        raise DramError("expected more than 0", where="total")
    low, high = _bounds(table["bounds"], total)
    has_shares = any("share" in fault for fault in table["fault"])
    faults = tuple(_rate(fault, f"fault[{place}]", total, has_shares) for place, fault in enumerate(table["fault"]))
    _check_sum(faults, total, has_shares)
    return Rates(
        name=str(table["name"]),
        technology=str(table["technology"]),
        years=str(table["years"]),
        faults=faults,
        total=total,
        low=low,
        high=high,
        bounds_source=str(table["bounds"].get("source", "")),
        device_hours=_number(table.get("device-hours", 0), "device-hours", 1e15),
        sources=tuple(table["sources"]),
        not_covered=tuple(table.get("not-covered", ())),
        unpublished=tuple(table.get("unpublished", ())),
        has_shares=has_shares,
    )


def _bounds(bounds: dict[str, Any], total: float) -> tuple[float, float]:
    """Return the factors from a rate to its lower and its upper bound. Raises DramError."""
    if "low" not in bounds and "high" not in bounds:
        check_keys(bounds, _BY_FACTOR, "bounds")
        factor = _number(bounds.get("factor"), "bounds.factor")
        if factor < 1:
            raise DramError(
                "expected 1 or more: rates lie between rate / factor and rate × factor", where="bounds.factor"
            )
        return 1 / factor, factor
    check_keys(bounds, _BY_LIMITS, "bounds")
    low, high = (_number(bounds.get(key), f"bounds.{key}") for key in ("low", "high"))
    if not low <= total <= high:
        raise DramError(f"expected low and high around the total, {total:g}", where="bounds")
    return low / total, high / total


def _rate(fault: dict[str, Any], where: str, total: float, has_shares: bool) -> Rate:
    keys = _SHARE_KEYS if has_shares else _RATE_KEYS
    check_keys(fault, keys, where)
    for key in keys:
        if key not in fault:
            raise DramError("missing", where=f"{where}.{key}")
    if fault["part"] not in MODES:
        raise DramError(f"no such part: {fault['part']!r}; there is {', '.join(MODES)}", where=f"{where}.part")
    if has_shares:
        fit = _number(fault["share"], f"{where}.share", 100) * total / 100
    else:
        fit = sum(_number(fault[key], f"{where}.{key}") for key in ("transient", "permanent"))
    return Rate(str(fault["name"]), fault["part"], fit)


def _check_sum(faults: tuple[Rate, ...], total: float, has_shares: bool) -> None:
    """Raise DramError if the sorts of faults do not add up to the total, but for rounding."""
    found, rounding = sum(fault.fit for fault in faults), 2 * _ROUNDED * len(faults)
    if has_shares and abs(found / total * 100 - 100) > rounding:
        raise DramError(f"the shares add up to {found / total * 100:.1f} %, not to 100 %", where="fault")
    if not has_shares and abs(found - total) > rounding:
        raise DramError(f"the rates add up to {found:.1f}, not to the total, {total:g}", where="fault")


def _number(value: Any, where: str, most: float = 1e9) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise DramError(f"expected a number, 0 or more, not {value!r}", where=where)
    return float(value)
