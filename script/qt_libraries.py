"""Print the system libraries that Qt needs and that are missing, with the Debian package of each.

Arguments: `x11` or `wayland` for a window; without arguments, for pictures only.
If none is missing and the X server in DISPLAY does not answer, prints "unreachable".
"""

from __future__ import annotations

import ctypes
import sys

BASE = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libX11.so.6": "libx11-6",
}
X11 = {
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
WAYLAND = {
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
}


def is_there(library: str) -> bool:
    """Whether the dynamic linker finds `library`."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def x_server_answers() -> bool:
    """Whether the X server in DISPLAY accepts a connection; without one Qt aborts."""
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    failed = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return not failed


def main(kinds: list[str]) -> None:
    """Print the report for `kinds` of windows."""
    if not sys.platform.startswith("linux"):
        return
    needed = BASE | (X11 if "x11" in kinds else {}) | (WAYLAND if "wayland" in kinds else {})
    missing = [library for library in needed if not is_there(library)]
    for library in missing:
        print(library, needed[library])
    if not missing and "x11" in kinds and not x_server_answers():
        print("unreachable")


if __name__ == "__main__":
    main(sys.argv[1:])
