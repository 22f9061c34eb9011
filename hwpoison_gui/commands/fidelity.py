"""The command `fidelity`: writes what comparing the model with all recordings of a checkout gave."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hwpoison_gui.commands.arguments import command_parser
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.terminal import BAD_FILE, GOOD, complain


def run(arguments: Sequence[str]) -> int:
    """Compare and write the pages; returns the exit status."""
    parser = command_parser("fidelity", "Compare with all recordings of a checkout and write the results.")
    parser.add_argument("--data", type=Path, default=Path("tests/data"), metavar="DIR", help="cases, traces and rows")
    parser.add_argument("--out", type=Path, default=Path("docs/fidelity.md"), metavar="FILE", help="file to write")
    kernels = Path("docs/kernels.md")
    parser.add_argument("--kernels", type=Path, default=kernels, metavar="FILE", help="file for how the kernels differ")
    parser.add_argument("--search", action="store_true", help="look again for cases that show a difference")
    options = parser.parse_args(arguments)
    from hwpoison_gui import atomic_file, resources
    from hwpoison_gui.export import kernels_page
    from hwpoison_gui.session.fidelity import report, shown_by
    from hwpoison_gui.sources.recording import open_recording

    server = resources.path("machines/server.npz")
    try:
        exported, hidden = open_recording(server, hidden=False), open_recording(server, hidden=True)
        text = report.page(options.data, exported, hidden)
        shown_by.write(options.data, options.search, print)
        for path, page in ((options.out, text), (options.kernels, kernels_page.page(options.data))):
            path.parent.mkdir(parents=True, exist_ok=True)
            atomic_file.write(path, page.encode())
    except ScenarioError as error:
        return complain(str(error), BAD_FILE)
    except OSError as error:
        return complain(f"{error.filename}: {error.strerror or error}", BAD_FILE)
    return GOOD
