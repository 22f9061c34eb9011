"""script/run: commands run without a display, as README promises."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.paths import ROOT

pytestmark = pytest.mark.skipif(
    not (ROOT / ".venv/.installed-base").exists(), reason="script/run would first make an environment in the checkout"
)


def script_run(*arguments: str) -> subprocess.CompletedProcess[str]:
    gone = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {name: value for name, value in os.environ.items() if name not in gone}
    return subprocess.run([ROOT / "script/run", *arguments], env=environment, capture_output=True, text=True)


# Those that draw, which it names, and two of the others, which it asks the program for.
@pytest.mark.parametrize("command", ["chart", "pictures", "render", "check", "report"])
def test_commands_are_passed_on(command: str) -> None:
    done = script_run(command, "--help")
    assert done.returncode == 0 and f"usage: hwpoison-gui {command}" in done.stdout


def test_a_command_writes_what_it_is_asked_for(tmp_path: Path) -> None:
    out = tmp_path / "m.npz"
    assert script_run("make-machine", "--frames", "4096", str(out)).returncode == 0
    assert out.exists()
