"""Writes pictures of the window without a display: the first, a middle and the last step of a scenario or the demo."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.session import Session
from hwpoison_gui.sources.errors import SourceError
from hwpoison_gui.terminal import BAD_FILE, NOT_DONE, complain

_SIZE: Final = (1280, 800)


def write_pictures(out: Path, file: Path | None = None, live: bool = False) -> int:
    """Write first.png, middle.png, last.png and kernel.log to `out`, and print their paths. Returns the exit status."""
    # Even if there is a display: pictures look the same everywhere, and no window appears.
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from hwpoison_gui.gui.app.run import application
    from hwpoison_gui.opening.demo import default_demo
    from hwpoison_gui.opening.opening import open_file, open_live

    app = application()
    try:
        opened = open_live(_quiet, _never) if live else default_demo() if file is None else open_file(file)
    except (ScenarioError, SourceError) as error:
        return complain(str(error), BAD_FILE)
    except OSError as error:
        return complain(f"{file}: cannot be read: {error.strerror or error}", BAD_FILE)
    from hwpoison_gui.gui.window.main_window import MainWindow
    from hwpoison_gui.view.rows.log import log_lines

    window = MainWindow(opened, remember=False)
    try:
        window.resize(*_SIZE)
        window.show()
        window.room.reset()
        log = log_lines(opened.session)
        moments = moments_of(opened.session)
        out.mkdir(parents=True, exist_ok=True)
        for name, position in moments.items():
            window.controller.show_step(position)
            app.processEvents()
            window.panels.make_what_is_seen()
            window.controller.work.finish()
            window.present.finish()
            app.processEvents()
            path = out / f"{name}.png"
            if not window.grab().save(str(path)):
                return complain(f"{path}: cannot be written", NOT_DONE)
            print(path)
        path = out / "kernel.log"
        path.write_text("".join(f"{line.text}\n" for line in log), "utf-8")
        print(path)
    except OSError as error:
        return complain(f"{error.filename or out}: {error.strerror or error}", NOT_DONE)
    finally:
        window.close()
        window.deleteLater()
        app.processEvents()
    return 0


def moments_of(session: Session) -> dict[str, int]:
    """Timeline positions of the pictures: `first`, `middle` (of the last error) and `last`."""
    total = len(session.steps)
    broken = [operation for operation in session.operations if operation.name in ("poison", "soft_offline")]
    middle = (broken[-1].first + broken[-1].last + 1) // 2 if broken else (total + 1) // 2
    return {"first": 0, "middle": middle, "last": total}


def _quiet(share: float, doing: str) -> None:
    """Tell nobody of the progress."""


def _never() -> bool:
    return False
