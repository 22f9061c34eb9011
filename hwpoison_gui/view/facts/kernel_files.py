"""Files of /proc and debugfs that hold a number and can be written: the pool of huge pages, filters of the injector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hwpoison_gui.kernel import hwpoison_filter as filters
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.hugetlb_pool import persistent_huge_pages
from hwpoison_gui.kernel.machine import Machine
from hwpoison_gui.kernel.profile.registry import having
from hwpoison_gui.kernel.records import HPAGE_PMD_ORDER, MAX_ORDER
from hwpoison_gui.record import Record
from hwpoison_gui.session.scenario.schema import MOST, MOST_HUGE_PAGES
from hwpoison_gui.view.words.debugfs import MEANINGS, shown_value, typed_value

_MEMCG_PATHS: Final = 12


class KernelFile(Record):
    """A file that holds a number.

    `name` is its path below /proc/sys/vm or /sys/kernel/debug. The operation `op` writes it: `args` are its arguments
    but for the number, which is the argument `key`. `text` is the initial text of its input field, `most` the largest
    number accepted.
    """

    name: str
    value: int
    text: str
    meaning: str
    op: str
    args: Mapping[str, Any]
    key: str
    most: int


def pool_files(m: Machine) -> list[KernelFile]:
    """The two files of the pool of huge pages."""
    known = (
        ("vm.nr_hugepages", "hugepages", persistent_huge_pages(m),
         "Huge pages of 2 MiB in the pool of hugetlb. Memory gives it the free blocks of 2 MiB that there are: nothing "
         "is reclaimed or moved to make one."),
        ("vm.nr_overcommit_hugepages", "overcommit_hugepages", m.counter("nr_overcommit_huge_pages"),
         "Surplus pages: how many more the pool may get while a mapping needs them. They go back when they are free."),
    )  # fmt: skip
    return [KernelFile(name, now, str(now), tip, op, {}, "pages", MOST_HUGE_PAGES) for name, op, now, tip in known]


def filter_files(m: Machine) -> list[KernelFile]:
    """The files of the filters of the injector; the switch comes last, as it is best written last."""
    names = sorted(filters.FILTER_FILES, key=lambda name: name == filters.ENABLE)
    found = []
    for name in names:
        now, bits = filters.setting(m, name), filters.FILTER_FILES[name].bits
        most = (1 << bits) - 1 if bits < 64 else MOST
        shown = f"hwpoison/{name}", now, typed_value(name, now), _meaning(m, name)
        found.append(KernelFile(*shown, "debugfs", {"name": name}, "value", most))
    return found


def _meaning(m: Machine, name: str) -> str:
    cgroups = [f"{number} {path}" for number, path in _cgroups(m).items()]
    if name != filters.MEMCG or not cgroups:
        return MEANINGS[name]
    more = ", …" if len(cgroups) > _MEMCG_PATHS else ""
    return f"{MEANINGS[name]}. Here: {', '.join(cgroups[:_MEMCG_PATHS])}{more}"


def _cgroups(m: Machine) -> dict[int, str]:
    """Paths of the memory cgroups of this machine, by inode number."""
    if m.memcg is None:
        return {}
    return {number: path for number, path in zip(m.memcg.inodes, m.memcg.names, strict=True) if number}


def missing_pool(m: Machine) -> str:
    """Why the pool of huge pages cannot be set; empty where it can."""
    blocks = any(m.free_area.of(order) for order in range(HPAGE_PMD_ORDER, MAX_ORDER + 1))
    if m.counter("nr_huge_pages") or blocks:
        return ""
    return "This machine has no hugetlb page, and no free block of 2 MiB to make one of."


def missing_filters(m: Machine) -> str:
    """Why there are no filters; empty where there are."""
    if m.profile.has("injection_filters"):
        return ""
    first = having("injection_filters")[0]
    return f"{first.title} has this, {m.profile.title} has not: choose profile {first.name}."


def written(m: Machine, file: KernelFile, text: str) -> dict[str, Any] | None:
    """The arguments of the operation that writes what was typed; None if the file has that value.

    Raises ValueError with what is wrong. Numbers are decimal, or hexadecimal with 0x; flags may be named
    (`lru,dirty`), a device may be `any`, and a cgroup may be its path.
    """
    number = _number_of(m, file, text.strip())
    if number > file.most:
        raise ValueError(f"{file.name}: {number} is more than {file.most}")
    return None if number == file.value else {**file.args, file.key: number}


def reads_as(m: Machine, file: KernelFile, text: str) -> str:
    """The flag word that was typed, with the names of its bits; empty for other files and where it is none."""
    name = file.args.get("name")
    if name not in filters.FLAG_FILES:
        return ""
    try:
        number = _number_of(m, file, text.strip())
    except ValueError:
        return ""
    return shown_value(name, number) if 0 < number <= file.most else ""


def bits_of(file: KernelFile) -> str:
    """The bits of a file that holds a flag word, as `0 locked, 1 error, …`; empty for other files."""
    is_word = file.args.get("name") in filters.FLAG_FILES
    return ", ".join(f"{flag.bit} {flag.name.lower()}" for flag in pf.FLAGS) if is_word else ""


def _number_of(m: Machine, file: KernelFile, text: str) -> int:
    name = file.args.get("name")
    if text == "any" and name in (filters.DEV_MAJOR, filters.DEV_MINOR):
        return filters.ANY
    if name == filters.MEMCG and text.startswith("/"):
        number = next((number for number, path in _cgroups(m).items() if path == text), None)
        if number is None:
            raise ValueError(f"{file.name}: no memory cgroup of this machine is called {text}")
        return number
    names = [word.strip().upper() for word in text.split(",")]
    if name in filters.FLAG_FILES and text and all(word in pf.BY_NAME for word in names):
        return sum({1 << pf.BY_NAME[word].bit for word in names})
    digits = text.removeprefix("0x") if text.startswith("0x") else text
    base = 16 if text.startswith("0x") else 10
    if not digits.isascii() or not digits.isalnum() or len(digits) > 20:
        raise ValueError(f"{file.name}: expected a number, not “{text[:40]}”")
    try:
        return int(digits, base)
    except ValueError:
        raise ValueError(f"{file.name}: expected a number, not “{text[:40]}”") from None
