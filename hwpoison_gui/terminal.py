"""The terminal: exit statuses, and text from files and processes, with control characters shown as escapes, never sent.

A title or a file's name may hold sequences that clear the screen, name the window or reverse the direction of text.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any, Final, Self, TextIO, cast

# Exit statuses of the commands.
GOOD: Final = 0
NOT_DONE: Final = 1
BAD_FILE: Final = 2
INTERRUPTED: Final = 130  # by SIGINT, as shells say it

# Control, format (such as U+202E, which reverses text), half surrogate pairs, line and paragraph separator.
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LAYOUT: Final = "\n\t"
_TO_THE_END: Final = "\x1b[K"  # erases what an earlier, longer line has left
_SELDOM_S: Final = 0.1


def visible(text: str) -> str:
    r"""The text with `\u001b` and the like for each character that a terminal obeys; lines and tabs stay.

    The escapes are those of JSON and TOML, so JSON with them still reads as the same values.
    """
    if text.isprintable():
        return text
    from unicodedata import category  # imported here to keep start-up fast

    return "".join(
        char if char in _LAYOUT or char.isprintable() or category(char) not in _HIDDEN else _escape(char)
        for char in text
    )


def _escape(char: str) -> str:
    code = ord(char)
    if code > 0xFFFF:
        code -= 0x10000
        return f"\\u{0xD800 | code >> 10:04x}\\u{0xDC00 | code & 0x3FF:04x}"
    return f"\\u{code:04x}"


def one_line(text: str) -> str:
    """Return the same as `visible` with line ends and tabs escaped too: a name cannot begin a line of its own."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


class VisibleText:
    """A text stream that writes everything to another one, by `visible`; for the rest it is the other one."""

    def __init__(self, to: TextIO) -> None:
        self._to = to

    def write(self, text: str) -> int:
        self._to.write(visible(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._to, name)


class OutputError(Exception):
    """Standard output cannot be written; one message."""


class Output(VisibleText):
    """Standard output, whose errors raise OutputError: a full disk is not a fault of the file being read."""

    def write(self, text: str) -> int:
        with _named():
            return super().write(text)

    def flush(self) -> None:
        with _named():
            self._to.flush()


@contextlib.contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"standard output: cannot be written: {error.strerror or error}") from None


@contextlib.contextmanager
def shown() -> Iterator[None]:
    """Within the block, sys.stdout and sys.stderr show control characters, and what the terminal cannot encode."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _wrapped(sys.stdout, Output), _wrapped(sys.stderr, VisibleText)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _wrapped(stream: TextIO, kind: type[VisibleText]) -> TextIO:
    if isinstance(stream, io.TextIOWrapper):
        # A title or file name that the terminal cannot encode must not abort the command.
        stream.reconfigure(errors="backslashreplace")
    # A program without a console may have no streams (None).
    return cast("TextIO", kind(stream)) if stream is not None else stream


class Progress:
    """Says on one line of standard error how far work is; to programs (`plain`), with a line for each on the output.

    Where standard error is no terminal, nothing is said to people. SIGINT and SIGTERM end the work at the next report,
    with KeyboardInterrupt: an exception from a signal handler would be lost where Qt calls Python, as in every paint.
    """

    def __init__(self, plain: bool = False) -> None:
        self._plain, self._said = plain, 0.0
        self._seen = self._stopped = False
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._handlers = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def _stop(self, number: int, frame: object) -> None:
        self._stopped = True

    def __call__(self, share: float, doing: str) -> None:
        if self._stopped:
            raise KeyboardInterrupt
        if self._plain:
            print(f"{share:.4f} {doing}", flush=True)
        elif sys.stderr is not None and sys.stderr.isatty() and time.monotonic() > self._said + _SELDOM_S:
            self._said, self._seen = time.monotonic(), True
            print(f"\r{share:4.0%}  {doing}", end=_TO_THE_END, file=_bare(sys.stderr), flush=True)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if self._seen:
            print("\r", end=_TO_THE_END, file=_bare(sys.stderr), flush=True)


def _bare(stream: TextIO) -> TextIO:
    """The stream that obeys control characters."""
    return stream._to if isinstance(stream, VisibleText) else stream


def complain(message: object, status: int = BAD_FILE) -> int:
    """Print what is wrong; returns the exit status."""
    print(message, file=sys.stderr)
    return status


def report_width() -> int:
    """Columns of a report: those of the terminal, between 80 and 100."""
    return max(80, min(100, _columns(100)))


def table_width() -> int:
    """Columns of a table with sentences in its cells: all that the terminal has; 120 where there is none."""
    return _columns(120)


def _columns(without: int) -> int:
    import shutil  # imported here to keep start-up fast

    return shutil.get_terminal_size((without, 24)).columns


def discard_output() -> None:
    """Send what is left of standard output nowhere: it cannot be written, and flushing at exit would complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
