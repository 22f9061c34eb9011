"""The desktop's programs: who runs, who forked whom, and what each has mapped.

A session with a browser and a terminal, besides the servers of a small web application, one of each way
to treat SIGBUS and PR_MCE_KILL among them.
"""

from __future__ import annotations

from typing import Final

from .spec import Anon, Child, Library, Map, Program

_LIB: Final = "/usr/lib/x86_64-linux-gnu/"

LIBRARIES: Final[dict[str, Library]] = {
    "ld.so": Library(_LIB + "ld-2.31.so", 34, 2),
    "libc": Library(_LIB + "libc-2.31.so", 350, 6),
    "libm": Library(_LIB + "libm-2.31.so", 130, 1),
    "libpthread": Library(_LIB + "libpthread-2.31.so", 20, 2),
    "libz": Library(_LIB + "libz.so.1.2.11", 24, 1),
    "libssl": Library(_LIB + "libssl.so.1.1", 96, 6),
    "libcrypto": Library(_LIB + "libcrypto.so.1.1", 420, 28),
    "libpcre": Library(_LIB + "libpcre.so.3.13.3", 70, 1),
    "libsystemd": Library(_LIB + "libsystemd.so.0.28.0", 120, 4),
    "libdbus": Library(_LIB + "libdbus-1.so.3.19.13", 60, 2),
    "libgcrypt": Library(_LIB + "libgcrypt.so.20.2.8", 170, 5),
    "libglib": Library(_LIB + "libglib-2.0.so.0.6600.8", 250, 2),
    "libgobject": Library(_LIB + "libgobject-2.0.so.0.6600.8", 80, 3),
    "libgio": Library(_LIB + "libgio-2.0.so.0.6600.8", 360, 8),
    "libX11": Library(_LIB + "libX11.so.6.4.0", 240, 5),
    "libxcb": Library(_LIB + "libxcb.so.1.1.0", 36, 1),
    "libpixman": Library(_LIB + "libpixman-1.so.0.40.0", 140, 8),
    "libcairo": Library(_LIB + "libcairo.so.2.11600.0", 260, 4),
    "libpango": Library(_LIB + "libpango-1.0.so.0.4600.2", 70, 3),
    "libfreetype": Library(_LIB + "libfreetype.so.6.17.1", 160, 5),
    "libfontconfig": Library(_LIB + "libfontconfig.so.1.12.0", 60, 2),
    "libgtk": Library(_LIB + "libgtk-3.so.0.2404.20", 1150, 20),
    "libmutter": Library(_LIB + "libmutter-7.so.0.0.0", 330, 16),
    "libmozjs": Library(_LIB + "libmozjs-78.so.78.4.0", 1300, 50),
    "libstdcxx": Library(_LIB + "libstdc++.so.6.0.28", 250, 12),
    "swrast_dri": Library(_LIB + "dri/swrast_dri.so", 900, 40),
    "libvte": Library(_LIB + "libvte-2.91.so.0.6200.3", 110, 3),
    "libxul": Library("/usr/lib/firefox-esr/libxul.so", 3000, 130),
    "libnss3": Library(_LIB + "libnss3.so", 280, 10),
    "libpython": Library(_LIB + "libpython3.9.so.1.0", 640, 80),
    "libtinfo": Library(_LIB + "libtinfo.so.6.2", 36, 4),
    "libreadline": Library(_LIB + "libreadline.so.8.1", 60, 3),
}

_C: Final = ("ld.so", "libc")
_THREADS: Final = (*_C, "libpthread", "libm")
_GLIB: Final = (*_THREADS, "libpcre", "libz", "libglib", "libgobject", "libgio")
_GTK: Final = (
    *_GLIB,
    "libX11",
    "libxcb",
    "libpixman",
    "libcairo",
    "libpango",
    "libfreetype",
    "libfontconfig",
    "libgtk",
)

_LOCALE: Final = Map("locale", "locale-archive", "r--p", 45, 5)
_FONTS: Final = Map("fontconfig", "fontconfig", "r--s", 50, 20)
_ICONS: Final = Map("icons", "icon-cache", "r--s", 20, 20)
_DCONF: Final = Map("dconf", "dconf", "rw-s", 90, 10)


def _exe(path: str, text: int, data: int) -> Library:
    return Library(path, text, data)


_BASH: Final = _exe("/usr/bin/bash", 230, 12)


def _bash(name: str, pid: int, when: int) -> Program:
    libs = (*_C, "libtinfo", "libreadline")
    return Program(name, "bash", pid, 1187, when, _BASH, libs, heap=110, swapped=14, areas=(_LOCALE,))


_SERVERS: Final = (
    Program(
        "systemd", "systemd", 1, 0, 0, _exe("/usr/lib/systemd/systemd", 330, 70),
        (*_THREADS, "libsystemd", "libgcrypt"), heap=360, swapped=30, sigbus="handler", mce_kill="late",
    ),
    Program(
        "systemd-journald", "systemd-journal", 231, 1, 25, _exe("/usr/lib/systemd/systemd-journald", 44, 4),
        (*_THREADS, "libsystemd", "libgcrypt"), heap=90, swapped=15, sigbus="handler",
        areas=(Map("journal", "journal", "rw-s", 35, 10), Map("user-journal", "user-journal", "rw-s", 30, 10)),
    ),
    Program(
        "watchdog", "watchdog", 402, 1, 40, _exe("/usr/sbin/watchdog", 26, 4), (), heap=24, stack=6, locked=True,
        mce_kill="early",
    ),
    Program(
        "dbus-daemon", "dbus-daemon", 418, 1, 45, _exe("/usr/bin/dbus-daemon", 54, 3),
        (*_THREADS, "libsystemd", "libdbus"), heap=120, swapped=18, sigbus="ignored",
    ),
    Program(
        "postgres", "postgres", 530, 1, 70, _exe("/usr/lib/postgresql/13/bin/postgres", 1300, 30),
        (*_THREADS, "libssl", "libcrypto", "libz"), heap=230, swapped=12, cowed=35, sigbus="handler",
        areas=(
            Map("buffers", "buffers", "rw-s", 4, 34), Map("dynamic", "pg-shm", "rw-s", 30, 60),
            Anon("work", 320, cowed=100, span=120, run=20, swapped=4), _LOCALE,
        ),
        children=(
            Child(538, 8), Child(539, 9), Child(540, 10),
            Child(1702, 640),
        ),
    ),
    Program(
        "nginx", "nginx", 561, 1, 95, _exe("/usr/sbin/nginx", 250, 22), (*_C, "libpcre", "libssl", "libcrypto", "libz"),
        heap=150, swapped=25, cowed=30,
        areas=(Map("zone", "nginx-zone", "rw-s", 30, 25), Anon("pool", 90, cowed=70, span=400, run=10)),
        children=(
            Child(562, 6), Child(563, 7), Child(564, 8),
        ),
    ),
    Program(
        "python3", "python3", 583, 1, 110, _exe("/usr/bin/python3.9", 6, 2),
        (*_THREADS, "libz", "libssl", "libcrypto", "libpython"), heap=1300, swapped=9, cowed=24, span=50,
        areas=(Anon("arena", 640, cowed=45, span=40, run=24), Map("counters", "counters", "rw-s", 60, 20), _LOCALE),
        children=(
            Child(597, 30), Child(598, 32), Child(599, 34),
        ),
    ),
)  # fmt: skip

_SESSION: Final = (
    Program(
        "gnome-shell", "gnome-shell", 1011, 1, 190, _exe("/usr/bin/gnome-shell", 5, 1),
        (*_GTK, "libmutter", "libmozjs", "libstdcxx", "swrast_dri"), heap=1000, span=260, threads=9,
        areas=(
            Anon("gc", 1500, span=420, run=32, swapped=6), Map("window-1", "wl-terminal", "rw-s", 90, 5),
            Map("window-2", "wl-browser", "rw-s", 85, 5), _LOCALE, _FONTS, _ICONS, _DCONF,
        ),
    ),
    Program(
        "Xwayland", "Xwayland", 1064, 1011, 235, _exe("/usr/bin/Xwayland", 480, 14),
        (*_THREADS, "libpixman", "libfreetype", "libX11", "libxcb", "libstdcxx", "swrast_dri"), heap=520, span=150,
        threads=4, sigbus="blocked", areas=(Map("pixmaps", "x-pixmaps", "rw-s", 70, 10),),
    ),
    Program(
        "gpg-agent", "gpg-agent", 1102, 1, 262, _exe("/usr/bin/gpg-agent", 84, 4), (*_C, "libpthread", "libgcrypt"),
        heap=60, swapped=25, areas=(Anon("secmem", 16, present=100, swapped=0, locked=True),),
    ),
    Program(
        "gnome-terminal", "gnome-terminal-", 1187, 1, 300, _exe("/usr/libexec/gnome-terminal-server", 64, 3),
        (*_GTK, "libvte", "libstdcxx"), heap=480, threads=4, swapped=10,
        areas=(
            Anon("scrollback", 260, span=500, run=8), Map("window", "wl-terminal", "rw-s", 90, 5),
            _LOCALE, _FONTS, _ICONS, _DCONF,
        ),
    ),
    _bash("bash", 1195, 325),
    Program(
        "firefox", "firefox-esr", 1260, 1011, 380, _exe("/usr/lib/firefox-esr/firefox-esr", 90, 6),
        (*_GTK, "libstdcxx", "libnss3", "libxul"), heap=1500, span=200, threads=31, cowed=22,
        areas=(
            Anon("js", 1000, cowed=100, span=330, run=32, swapped=5), Map("ipc", "ipc-ring", "rw-s", 60, 25),
            Map("window", "wl-browser", "rw-s", 30, 20), Map("places", "places-shm", "rw-s", 0, 0),
            _LOCALE, _FONTS, _ICONS, _DCONF,
        ),
        children=(
            Child(1332, 40, "Web Content", 17),
            Child(1398, 130, "Web Content", 17),
            Child(1455, 250, "Web Content", 15),
        ),
    ),
    _bash("bash-2", 1601, 600),
    Program(
        "vim", "vim", 1622, 1601, 620, _exe("/usr/bin/vim.basic", 640, 50),
        (*_THREADS, "libtinfo", "libpython", "libz"), heap=330, areas=(Anon("buffer", 120, span=200, run=6), _LOCALE),
    ),
    Program(
        "updatedb", "updatedb.mlocat", 1733, 1, 720, _exe("/usr/bin/updatedb.mlocate", 10, 1), _C, heap=180, span=200,
        swapped=0, areas=(_LOCALE,),
    ),
)  # fmt: skip

PROGRAMS: Final[tuple[Program, ...]] = (*_SERVERS, *_SESSION)

OPTIONAL: Final = frozenset({"watchdog", "nginx", "Xwayland", "bash-2", "vim", "updatedb"})
"""Those that a very small machine does without."""
