"""The command `render`: a page for the browser, a picture or a film of what was done on a machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hwpoison_gui import terminal
from hwpoison_gui.commands.arguments import COMPLETE, command_parser
from hwpoison_gui.commands.reporting import Reported, write_text
from hwpoison_gui.terminal import BAD_FILE, GOOD, complain

if TYPE_CHECKING:
    from hwpoison_gui.export.wanted import Wanted
    from hwpoison_gui.opening.opening import Opened

_SUBJECTS: Final = ("window", "map", "rmap", "outline", "stage")


def run(arguments: Sequence[str]) -> int:
    """Render a file; returns the exit status."""
    parser = command_parser(
        "render", "Write a page for the browser, a picture or a film of what was done on a machine."
    )
    parser.epilog = (
        "the suffix of OUT decides: .html .png .svg .gif .apng .mp4 .webm; exit status: 0 made, 2 not made; "
    )
    parser.epilog += COMPLETE
    parser.add_argument("file", type=Path, metavar="FILE", help="a scenario, or a saved session")
    parser.add_argument("--to", required=True, type=Path, metavar="OUT", help="file to write")
    parser.add_argument("--what", default="", choices=_SUBJECTS, help="of a picture: what it shows (default: window)")
    parser.add_argument("--size", default="", metavar="WxH", help="in pixels (default: 1280x720)")
    parser.add_argument("--scale", default=0, type=int, metavar="N", help="of .png: 2 to 4 times as fine")
    parser.add_argument("--fps", default=0, type=int, metavar="N", help="of a film: pictures per second")
    parser.add_argument(
        "--speed", default=0.0, type=float, metavar="X", help="of a film: 2 leaves half the time to read"
    )
    parser.add_argument("--theme", default="", metavar="NAME", help="dark, light or high-contrast (default: dark)")
    parser.add_argument("--steps", default="", metavar="A-B", help="timeline positions, not stops: of a picture, one")
    parser.add_argument("--reduced-motion", action="store_true", help="of a film: cuts instead of flights")
    parser.add_argument("--progress", action="store_true", help="print the share that is done, for other programs")
    options = parser.parse_args(arguments)
    from hwpoison_gui.export import wanted
    from hwpoison_gui.opening.opening import open_file

    try:
        asked = wanted.wanted(options.to, options.what, options.size, options.scale, options.fps, options.speed,
                              options.theme, options.steps, not options.reduced_motion)  # fmt: skip
    except wanted.UnsuitedError as error:
        return complain(str(error), BAD_FILE)
    with Reported(options.file) as reported, terminal.Progress(options.progress) as progress:
        return _made(open_file(options.file), asked, options.file, progress)
    return reported.status


def _made(opened: Opened, wanted: Wanted, file: Path, progress: Callable[[float, str], None]) -> int:
    from hwpoison_gui.export.extras import MissingExtraError
    from hwpoison_gui.export.story import TooLongError
    from hwpoison_gui.export.wanted import PAGES, UnsuitedError

    try:
        if wanted.kind in PAGES:
            text = _page(opened, wanted)
            progress(1.0, "page")
            return write_text(wanted.out, text)
        from hwpoison_gui.gui.app.render import render

        render(opened, wanted, progress)
    except (UnsuitedError, TooLongError) as error:
        return complain(f"{file}: {error}", BAD_FILE)
    except MissingExtraError as error:
        return complain(str(error), BAD_FILE)
    except OSError as error:
        return complain(f"{wanted.out}: cannot be written: {error.strerror or error}", BAD_FILE)
    return GOOD


def _page(opened: Opened, wanted: Wanted) -> str:
    from hwpoison_gui.export.html import page
    from hwpoison_gui.export.story import story

    summary = opened.scenario.summary if opened.scenario is not None else ""
    first, last = wanted.within(opened.session)
    return page(story(opened.session, opened.title, summary, first, last))
