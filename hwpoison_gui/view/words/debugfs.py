"""Words of the files in /sys/kernel/debug/hwpoison that set the filters of the injector."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel import hwpoison_filter as filters
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.machine import Machine

MEANINGS: Final = {
    filters.ENABLE: "1: only errors in pages that all these filters let through are handled. 0: all errors are",
    filters.DEV_MAJOR: "Major number of the device whose files are hit; 4294967295 (~0) for any",
    filters.DEV_MINOR: "Minor number of the device whose files are hit; 4294967295 (~0) for any",
    filters.FLAGS_MASK: "Flags of /proc/kpageflags that are looked at; 0 for none",
    filters.FLAGS_VALUE: "What the flags under the mask must be",
    filters.MEMCG: "Inode number of the memory cgroup whose pages are hit; 0 for all",
}


def shown_value(name: str, value: int) -> str:
    """A value as it is shown: flags in hexadecimal, with their names."""
    named = pf.words_of(value) if name in filters.FLAG_FILES else ""
    return f"{typed_value(name, value)} ({named})" if named else typed_value(name, value)


def typed_value(name: str, value: int) -> str:
    """A value as it is typed: flags in hexadecimal."""
    if name in filters.FLAG_FILES:
        return f"{value:#x}"
    return "any" if value == filters.ANY and name in (filters.DEV_MAJOR, filters.DEV_MINOR) else str(value)


def filters_words(m: Machine) -> str:
    """Pages that the filters of the injector accept, as a clause; empty while they are off."""
    if not filters.is_filtering(m):
        return ""
    parts = []
    if filters.asks_for_device(m):
        device = (shown_value(name, filters.setting(m, name)) for name in (filters.DEV_MAJOR, filters.DEV_MINOR))
        parts.append(f"files on device {':'.join(device)}")
    if mask := filters.setting(m, filters.FLAGS_MASK):
        value = filters.setting(m, filters.FLAGS_VALUE)
        parts.append(f"flags & {mask:#x} = {value:#x}")
    if number := filters.setting(m, filters.MEMCG):
        parts.append(f"cgroup {number}")
    return " and ".join(parts) or "LRU, hugetlb and free pages"
