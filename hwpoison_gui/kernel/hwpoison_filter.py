"""hwpoison_filter(): lets a test with injected errors hit only some pages.

After mm/memory-failure.c (6.1); since 7.0 it is in mm/hwpoison-inject.c. Its settings are files of debugfs, in
/sys/kernel/debug/hwpoison, and part of the machine: `Machine.filters` has those that were written, by name.
"""

from __future__ import annotations

from typing import Final

from hwpoison_gui.record import Record

from .kpageflags import stable_page_flags
from .machine import Machine
from .mark import Act, site
from .memcontrol import page_cgroup_ino
from .records import Inode

ENABLE: Final = "corrupt-filter-enable"
DEV_MAJOR: Final = "corrupt-filter-dev-major"
DEV_MINOR: Final = "corrupt-filter-dev-minor"
FLAGS_MASK: Final = "corrupt-filter-flags-mask"
FLAGS_VALUE: Final = "corrupt-filter-flags-value"
MEMCG: Final = "corrupt-filter-memcg"
FLAG_FILES: Final = (FLAGS_MASK, FLAGS_VALUE)  # these hold flag words

ANY: Final = (1 << 32) - 1  # ~0U: any device number


class FilterFile(Record):
    """A file of debugfs: its name, its value after the module was loaded, and the bits that it keeps."""

    name: str
    default: int
    bits: int


FILTER_FILES: Final = {
    file.name: file
    for file in (
        FilterFile(ENABLE, 0, 32),
        FilterFile(DEV_MAJOR, ANY, 32),
        FilterFile(DEV_MINOR, ANY, 32),
        FilterFile(FLAGS_MASK, 0, 64),
        FilterFile(FLAGS_VALUE, 0, 64),
        FilterFile(MEMCG, 0, 64),
    )
}

# Names of the filters, by which a mark says which one refuses a page. The injector also refuses what it cannot hit.
BY_DEVICE: Final = "dev"
BY_FLAGS: Final = "flags"
BY_CGROUP: Final = "memcg"
BY_KIND: Final = "kind"

FILTERED: Final = site("hwpoison_filter", Act.DECIDE, "filtered", "by poisoned")

# (major, minor) of made files, by file system: a disk, or an anonymous device (get_anon_bdev()) without one. Inodes of
# block devices are in a file system of their own (bdev_alloc()): a filter for 8:1 does not let their pages through.
_MADE: Final[dict[str, tuple[int, int]]] = {
    "ext4": (8, 2),
    "directory": (8, 2),
    "nofs": (8, 1),
    "blockdev": (0, 5),
    "tmpfs": (0, 1),
    "hugetlbfs": (0, 15),
}
UNKNOWN_DEVICE: Final = (-1, -1)
_MOUNTS: Final = {"/dev/shm/": (0, 23), "/run/": (0, 22)}  # of tmpfs; (0, 1) is the kernel's own


def setting(m: Machine, name: str) -> int:
    """The value of a file of the filters."""
    return m.filters.view.get(name, FILTER_FILES[name].default)


def is_filtering(m: Machine) -> bool:
    """Return whether the kernel has filters, and they are switched on."""
    return bool(m.filters.view.get(ENABLE)) and m.profile.has("injection_filters")


def hwpoison_filter(m: Machine, pfn: int) -> str:
    """The filter that refuses an error in frame `pfn`: BY_DEVICE, BY_FLAGS or BY_CGROUP; empty if none does."""
    if not is_filtering(m):
        return ""
    if not hwpoison_filter_dev(m, pfn):
        return BY_DEVICE
    if not hwpoison_filter_flags(m, pfn):
        return BY_FLAGS
    return "" if hwpoison_filter_task(m, pfn) else BY_CGROUP


def hwpoison_filter_dev(m: Machine, pfn: int) -> bool:
    """Return whether the page belongs to a file on the device; anonymous memory and the swap cache have none.

    Where a device is asked for, so has no page without a file: page_mapping() is NULL, or has no host.
    """
    if not asks_for_device(m):
        return True
    inode = m.inode_of(m.compound_head(pfn))
    return inode is not None and is_on_device(m, inode)


def asks_for_device(m: Machine) -> bool:
    """Return whether the filter asks for a device at all."""
    return setting(m, DEV_MAJOR) != ANY or setting(m, DEV_MINOR) != ANY


def is_on_device(m: Machine, inode: Inode) -> bool:
    """Return whether a file is on the device that the filter asks for."""
    wanted = setting(m, DEV_MAJOR), setting(m, DEV_MINOR)
    return all(want in (ANY, has) for want, has in zip(wanted, device_of(m, inode), strict=True))


def device_of(m: Machine, inode: Inode) -> tuple[int, int]:
    """(major, minor) of the file system of a file: as recorded, else that of a made machine."""
    return m.devices.get(inode.id) or made_device(inode)


def made_device(inode: Inode) -> tuple[int, int]:
    """(major, minor) of the file system of a file that nobody recorded."""
    if inode.filesystem == "tmpfs":
        return next((device for path, device in _MOUNTS.items() if inode.path.startswith(path)), _MADE["tmpfs"])
    return _MADE[inode.filesystem]


def hwpoison_filter_flags(m: Machine, pfn: int) -> bool:
    """Return whether the flags of the page, as /proc/kpageflags shows them now, have the value under the mask."""
    mask = setting(m, FLAGS_MASK)
    return not mask or stable_page_flags(m, pfn) & mask == setting(m, FLAGS_VALUE)


def hwpoison_filter_task(m: Machine, pfn: int) -> bool:
    """Return whether the page is charged to the memory cgroup whose inode number was written."""
    wanted = setting(m, MEMCG)
    return not wanted or page_cgroup_ino(m, pfn) == wanted


def note_filtered(m: Machine) -> None:
    """Record that an error was filtered, which neither an errno nor a log line shows."""
    m.add_to(m.counters, "filtered", 1)
