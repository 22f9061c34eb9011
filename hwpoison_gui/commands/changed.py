"""The command `changed`: what is different in the second of two snapshots of a machine."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hwpoison_gui.commands.arguments import command_parser
from hwpoison_gui.export import changes
from hwpoison_gui.image import MemoryImage
from hwpoison_gui.sources.errors import SourceError
from hwpoison_gui.sources.machine_file import image_of
from hwpoison_gui.sources.recognise import Reader, form_of
from hwpoison_gui.terminal import GOOD, complain, report_width
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.map.snapshots import find_changes, in_order, side_of_image

_A_MACHINE: Final = "a snapshot, a recording, or raw page flags"


def run(arguments: Sequence[str]) -> int:
    """Compare two files and print what changed; returns the exit status."""
    parser = command_parser(
        "changed",
        description="Say what changed between two snapshots of a machine: flags, kinds, broken frames, who maps what; "
        "from the older to the newer, where both say when they were captured.",
        epilog="exit status: 0 compared, 2 a file is bad",
    )
    for name in ("old", "new"):
        parser.add_argument(name, type=Path, metavar=name.upper(), help=_A_MACHINE)
    parser.add_argument("--json", action="store_true", help="as one JSON object")
    options = parser.parse_args(arguments)
    try:
        sides = (side_of_image(_image(path))._replace(title=str(path)) for path in (options.old, options.new))
        old, new = in_order(*sides)
        found = to_the_end(find_changes(old, new))
    except SourceError as error:
        return complain(error)
    except OSError as error:
        return complain(f"{error.filename}: cannot be read: {error.strerror or error}")
    except MemoryError:
        return complain(f"{options.old}, {options.new}: need more memory than there is")
    sys.stdout.write(changes.as_json(found) if options.json else changes.as_text(found, report_width()))
    return GOOD


def _image(path: Path) -> MemoryImage:
    """The memory in a file. Raises SourceError, OSError; also for a scenario, which makes its memory."""
    form = form_of(path)
    if form.reader in (Reader.SCENARIO, Reader.SESSION):
        raise SourceError(path, "", f"{form.name}; expected {_A_MACHINE}")
    return image_of(path)
