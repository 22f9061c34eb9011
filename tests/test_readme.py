"""Pictures of the README are there, small enough to load, and made by the command that it names."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from hwpoison_gui.cli import COMMANDS
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.opening.opening import open_file

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PICTURES = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
WALK = "docs/images/walk.gif"


def test_every_command_has_a_row() -> None:
    rows = [line for line in README.splitlines() if line.startswith(("| `script/run", "| `sudo script/run"))]
    named = {shlex.split(row.split("`")[1].removeprefix("sudo "))[1] for row in rows}
    assert set(COMMANDS) <= named


def test_every_kernel_is_named() -> None:
    sentence = README.partition("These kernels are modelled:")[2].partition(" each as the difference")[0]
    for kernel in PROFILES.values():
        release = kernel.release.partition(" ")[0]
        assert {kernel.name, release} - {""} <= set(re.findall(r"[\w.]+", sentence)), kernel.name


def test_every_picture_is_there() -> None:
    assert WALK in PICTURES and len(PICTURES) > 3
    assert all((ROOT / name).is_file() for name in PICTURES)


def test_the_animated_picture_moves_and_is_small() -> None:
    pil = pytest.importorskip("PIL.Image", reason="needs the extra `pictures`: Pillow")
    with pil.open(ROOT / WALK) as image:
        assert image.n_frames > 30 and image.info["loop"] == 0
    assert (ROOT / WALK).stat().st_size < 1_500_000


def test_the_script_and_the_readme_name_the_same_command() -> None:
    script = (ROOT / "script/picture").read_text(encoding="utf-8").replace("\\\n", " ")
    made = shlex.split(next(line for line in script.splitlines() if " render " in line))
    shown = [line for line in README.splitlines() if line.startswith("`script/run render") and "--speed" in line]
    said = shlex.split(shown[0].strip("`"))
    made, said = (words[words.index("render") :] for words in (made, said))
    assert [Path(word).name for word in made] == [Path(word).name for word in said]
    first, last = (int(number) for number in made[made.index("--steps") + 1].split("-"))
    session = open_file(ROOT / made[1]).session
    broken = next(one for one in session.operations if one.name == "poison")
    assert (first, last) == (broken.first, broken.last), "the steps of the error, and the one before it"
