"""The files of the desktop: those mapped by name, those only cached, and generated ones for the rest of the cache.

Times of first use match the programs that use the files; sizes are in pages on a machine of 256 MiB.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .dice import Dice
from .spec import FileSpec

_PG: Final = "/var/lib/postgresql/13/main/"
_MOZILLA: Final = "/home/user/.mozilla/firefox/p4x.default/"

MAPPED: Final[dict[str, FileSpec]] = {
    "locale-archive": FileSpec("/usr/lib/locale/locale-archive", 420, cached=40, when=8, activity=55),
    "fontconfig": FileSpec("/var/cache/fontconfig/b9d506c9ac06c20b433354fa67a72993-le64.cache-7", 40, when=195),
    "icon-cache": FileSpec("/usr/share/icons/Adwaita/icon-theme.cache", 180, cached=60, when=196),
    "dconf": FileSpec("/home/user/.config/dconf/user", 10, dirty=30, written=50, when=198),
    "journal": FileSpec(
        "/var/log/journal/5c31/system.journal", 700, cached=70, dirty=22, written=80, when=26, span=800
    ),
    "user-journal": FileSpec(
        "/var/log/journal/5c31/user-1000.journal", 260, cached=60, dirty=30, written=90, when=200, span=600
    ),
    "places-shm": FileSpec(_MOZILLA + "places.sqlite-shm", 8, dirty=60, written=90, when=392),
    "counters": FileSpec("/srv/app/var/counters.db", 96, dirty=45, written=80, when=118, span=300, run=6),
    "buffers": FileSpec("/SYSV0052e2c1 (deleted)", 4096, "tmpfs", cached=86, dirty=94, when=72, span=420, run=4),
    "pg-shm": FileSpec("/dev/shm/PostgreSQL.1804289383", 16, "tmpfs", dirty=90, when=73),
    "nginx-zone": FileSpec("/dev/zero (deleted)", 256, "tmpfs", cached=45, dirty=60, when=96, span=300, run=5),
    "wl-terminal": FileSpec("/memfd:wayland-shm (deleted)", 420, "tmpfs", dirty=100, when=306, run=100),
    "wl-browser": FileSpec("/memfd:wayland-shm (deleted)", 760, "tmpfs", dirty=100, when=398, run=100),
    "x-pixmaps": FileSpec("/SYSV00000000 (deleted)", 300, "tmpfs", dirty=95, when=240, span=200, run=40),
    "ipc-ring": FileSpec("/memfd:mozilla-ipc (deleted)", 512, "tmpfs", cached=95, dirty=90, when=402, span=200, run=16),
}

CACHED: Final[tuple[FileSpec, ...]] = (
    FileSpec("/dev/sda2", 620, "blockdev", dirty=6, when=2, span=900, run=5, activity=45),
    FileSpec("/boot/efi/EFI/debian/grubx64.efi", 60, "nofs", cached=90, when=3),
    FileSpec("/usr/share/applications", 6, "directory", when=192),
    FileSpec(_PG + "base", 4, "directory", when=74),
    FileSpec("/run/systemd/units.cache", 40, "tmpfs", dirty=100, when=12, span=40),
    FileSpec("/dev/shm/pulse-shm-2763850142", 64, "tmpfs", cached=80, dirty=90, when=210),
    FileSpec("/usr/lib/udev/hwdb.bin", 240, cached=50, when=10),
    FileSpec(_PG + "base/16384/16390", 1300, cached=82, dirty=7, written=35, when=80, span=700, run=20),
    FileSpec(_PG + "base/16384/16396", 420, cached=75, dirty=12, written=50, when=85, span=700, run=8),
    FileSpec(
        _PG + "pg_wal/000000010000000000000007", 512, dirty=16, fresh=16, written=100, when=300, span=600
    ),
    FileSpec("/var/log/nginx/access.log", 90, dirty=15, fresh=30, written=100, when=150, span=800, run=3),
    FileSpec("/srv/www/static/bundle.js", 210, when=130, activity=60),
    FileSpec("/srv/www/static/hero.jpg", 160, when=160),
    FileSpec("/usr/lib/python3/dist-packages/django/db/models/query.py", 20, when=112),
    FileSpec(_MOZILLA + "places.sqlite", 330, cached=60, dirty=5, written=30, when=390, span=300),
    FileSpec(_MOZILLA + "cache2/entries", 260, cached=80, dirty=25, written=100, when=420, span=500),
    FileSpec("/home/user/Downloads/debian-live.iso.part", 520, fresh=62, written=100, when=560, span=160, run=60),
    FileSpec("/home/user/src/notes.txt", 12, dirty=40, written=100, when=622),
    FileSpec("/home/user/src/.notes.txt.swp", 6, fresh=100, when=624, span=60),
    FileSpec("/var/lib/mlocate/mlocate.db", 300, cached=90, when=722, span=30),
    FileSpec("/var/lib/mlocate/mlocate.db.new", 150, fresh=80, when=730, span=190),
    FileSpec("/swapfile", 4, written=100, when=5),
)  # fmt: skip

_FOLDERS: Final = (
    "/home/user/Videos/talk-{}.mkv",
    "/home/user/Pictures/IMG_{}.jpg",
    "/home/user/Music/track-{}.flac",
    "/home/user/src/linux/.git/objects/pack/pack-{}.pack",
    "/var/cache/apt/archives/package_{}_amd64.deb",
    "/home/user/Mail/archive-{}.mbox",
)
_FILES: Final = 60


def rest_of_the_cache(pages: int, dice: Dice) -> Iterator[FileSpec]:
    """Files of various sizes with `pages` pages in total, read throughout the session; some are still being written."""
    typical = max(4, pages // _FILES)
    number = 0
    while pages > 0:
        salt = f"file {number}"
        size = min(pages, typical * (20 + dice.one(160, salt)) // 100 + 1)
        path = _FOLDERS[number % len(_FOLDERS)].format(4711 + 13 * number)
        copied = number % 9 == 4
        yield FileSpec(
            path, size, cached=100 if size < 20 else 88, written=100 if copied else 0, dirty=30 if copied else 0,
            when=250 + dice.one(700, "when " + salt), span=20 + number % 5 * 14, run=(24, 48, 90)[number % 3],
            activity=(0, 10, 40)[number % 3],
        )  # fmt: skip
        pages -= size
        number += 1
