"""Saving: what is saved loads to the same scenario, and a failure leaves the old file alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwpoison_gui import atomic_file
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.scenario.reader import load, loads
from hwpoison_gui.session.scenario.scenario import Memory, Scenario, ScenarioStep
from hwpoison_gui.session.scenario.writer import dumps, is_as_written, save
from tests.paths import DATA
from tests.session.replayed import in_groups

CASES = sorted((DATA / "cases").glob("*/*.toml"))
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
PROSE = st.one_of(TEXT, st.text(st.sampled_from('"\\\n\r\t a#\x00\x7f'), max_size=20))


@pytest.mark.parametrize("paths", in_groups(CASES, DATA))
def test_recorded_cases_come_back(paths: list[Path]) -> None:
    for path in paths:
        scenario = load(path)
        text = dumps(scenario)
        again = loads(text)
        assert again == scenario, path
        assert dumps(again) == text, path


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """A recorded case with other texts, and captions and pauses where they please."""
    scenario = load(draw(st.sampled_from(CASES)))
    steps = list(scenario.steps)
    for number in draw(st.lists(st.integers(0, len(steps) - 1), max_size=5)):
        steps[number] = steps[number]._replace(caption=draw(PROSE), pause=draw(st.booleans()))
    value, kind = draw(PROSE), draw(PROSE)
    steps.append(ScenarioStep("task", {**load_task(draw(TEXT)), "name": "new"}, number=len(steps) + 1))
    steps.append(
        ScenarioStep("check", {}, expect={"kind": kind, "log_lacks": (braceless(value),)}, number=len(steps) + 1)
    )
    return scenario._replace(
        title=draw(PROSE),
        summary=draw(PROSE),
        memory=Memory(
            seed=draw(st.integers(0, (1 << 64) - 1)),
            frames=scenario.memory.frames,
            huge_pages=scenario.memory.huge_pages,
        ),
        steps=tuple(steps),
    )


def load_task(comm: str) -> dict[str, object]:
    printable = "".join(char for char in comm if char.isprintable()) or "new"
    return {
        "name": "new",
        "comm": printable,
        "mce_kill": "late",
        "sigbus": "blocked",
        "sigsegv": "default",
        "threads": 3,
        "pid": 7,
        "newpid": True,
    }


def braceless(text: str) -> str:
    return text.replace("{", "").replace("}", "")


@given(scenarios())
def test_any_scenario_comes_back(scenario: Scenario) -> None:
    assert loads(dumps(scenario)) == scenario


def test_only_what_is_not_the_default_is_written() -> None:
    text = 'format = 1\ntitle = "t"\nprofile = "v7"\n\n[[step]]\nop = "task"\nname = "a"\n'
    assert dumps(loads(text)) == text


def test_prose_of_several_lines_stays_readable() -> None:
    scenario = Scenario(title="t", summary='One "line".\n\nAnother: """ and a \\ at the end"')
    lines = dumps(scenario).splitlines()
    assert lines[2:6] == ['summary = """', 'One "line".', "", 'Another: \\"\\"\\" and a \\\\ at the end\\""""']
    assert loads(dumps(scenario)) == scenario


def test_a_long_list_has_one_entry_a_line() -> None:
    line = "x" * 60
    step = ScenarioStep("check", {}, expect={"log": (line, line)}, number=1)
    assert f'log = [\n    "{line}",\n    "{line}",\n]' in dumps(Scenario(title="t", steps=(step,)))


def test_save_replaces_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    save(Scenario(title="first"), path)
    path.chmod(0o640)
    save(Scenario(title="second"), path)
    assert load(path).title == "second"
    assert path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["a.toml"]


def test_save_follows_a_link(tmp_path: Path) -> None:
    save(Scenario(title="first"), tmp_path / "real.toml")
    (tmp_path / "link.toml").symlink_to("real.toml")
    save(Scenario(title="second"), tmp_path / "link.toml")
    assert (tmp_path / "link.toml").is_symlink()
    assert load(tmp_path / "real.toml").title == "second"


def test_a_failure_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.toml"
    save(Scenario(title="first"), path)

    def no_space(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic_file.os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        save(Scenario(title="second"), path)
    assert load(path).title == "first"
    assert os.listdir(tmp_path) == ["a.toml"]


def test_what_would_not_load_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    for bad in (
        Scenario(title="t", steps=(ScenarioStep("exit", {"task": "nobody"}, number=1),)),
        Scenario(title="t", steps=(ScenarioStep("drop_caches", {}, number=7),)),
        Scenario(title="\ud800"),
    ):
        with pytest.raises(ScenarioError):
            save(bad, path)
    assert os.listdir(tmp_path) == []


def test_a_file_with_a_comment_is_not_as_written(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    save(loads('format = 1\ntitle = "A"\n[[step]]\nop = "task"\nname = "t"\n'), path)
    assert is_as_written(path)
    path.write_text(f"# mine\n{path.read_text()}")
    assert not is_as_written(path)
    path.write_bytes(b"\xff")
    assert not is_as_written(path) and not is_as_written(tmp_path / "none.toml")
