"""Rates of DRAM faults from field studies, read from a TOML file; docs/geometry.md describes it."""

from __future__ import annotations

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
DEFAULT: Final = "jaguar-2012"
DEVICES_PER_RANK: Final = 18  # of 4 bits each, with ECC
_KEYS: Final = {
    "rates": "the version of the format, 1",
    "name": "a text",
    "unit": f'the unit of all rates, "{UNIT}"',
    "sources": "a list of texts",
    "unpublished": "a list of texts",
    "bounds": "a table with factor and source",
    "fault": "tables with name, part, and rates",
}
_FAULT_KEYS: Final = {"name": "", "part": "", "transient": "", "permanent": ""}
_REQUIRED: Final = ("rates", "name", "unit", "sources", "bounds", "fault")


class Rate(Record):
    """How often a sort of fault of the study happens: `part` is the mode (fault.MODES) that it is taken for.

    `fit`: faults of one device in 10**9 device-hours, transient and permanent ones together.
    """

    name: str
    part: str
    fit: float


class Rates(Record):
    """The rates of a study. True ones lie between a rate divided and multiplied by `factor`, says `bounds_source`."""

    name: str
    faults: tuple[Rate, ...]
    factor: float
    bounds_source: str
    sources: tuple[str, ...]
    unpublished: tuple[str, ...] = ()

    def per_machine_year(self, fit: float, devices: int) -> float:
        """How many faults a machine with so many devices has in a year."""
        return fit * devices * HOURS_PER_YEAR / 1e9


def rates_named(name: str) -> Rates:
    """Shipped rates by name, or those of a file. Raises DramError, or OSError if the file cannot be read."""
    shipped = sorted(path.stem for path in resources.path("rates").glob("*.toml"))
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
    bounds = table["bounds"]
    check_keys(bounds, {"factor": "", "source": ""}, "bounds")
    factor = _number(bounds.get("factor"), "bounds.factor")
    if factor < 1:
        raise DramError("expected 1 or more: rates lie between rate / factor and rate × factor", where="bounds.factor")
    if not table["sources"]:
        raise DramError("say where the rates are published", where="sources")
    faults = tuple(_rate(fault, f"fault[{place}]") for place, fault in enumerate(table["fault"]))
    texts = tuple(table["sources"]), tuple(table.get("unpublished", ()))
    return Rates(str(table["name"]), faults, factor, str(bounds.get("source", "")), *texts)


def _rate(fault: dict[str, Any], where: str) -> Rate:
    check_keys(fault, _FAULT_KEYS, where)
    for key in _FAULT_KEYS:
        if key not in fault:
            raise DramError("missing", where=f"{where}.{key}")
    if fault["part"] not in MODES:
        raise DramError(f"no such part: {fault['part']!r}; there is {', '.join(MODES)}", where=f"{where}.part")
    fit = sum(_number(fault[key], f"{where}.{key}") for key in ("transient", "permanent"))
    return Rate(str(fault["name"]), fault["part"], fit)


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise DramError(f"expected a number, 0 or more, not {value!r}", where=where)
    return float(value)
