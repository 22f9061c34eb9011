"""One error under every kernel, as text and JSON, by the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hwpoison_gui import resources
from hwpoison_gui.cli import main
from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.reader import load, under
from tests.paths import ROOT

LESSON = str(resources.path("lessons/18-shared-memory-today.toml"))


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "180")


def test_every_kernel_is_there_early_and_late(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kernels", LESSON]) == 0
    lines = capsys.readouterr().out.splitlines()
    heads = [line.split() for line in lines if line.endswith("late kill")]
    assert heads == [[name, "early", "kill", "late", "kill"] for name in PROFILES]
    assert max(map(len, lines)) <= 180


def test_what_differs_from_the_kernel_before_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    first, second, *_ = _sections(capsys, LESSON)
    assert not [line for line in first if line.startswith("*")]
    marked = [line for line in second if line.startswith("*")]
    assert any("lost" in line and "it stays there" in line for line in marked)
    assert not [line for line in marked if line.startswith("* result")]


def test_a_number_past_the_last_frame_is_said_to_be_an_address(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kernels", "0x63ffa0"]) == 0
    title = capsys.readouterr().out.splitlines()[0]
    assert "frame 0x63f, of the physical address 0x63ffa0; the last frame is 0xffff" in title
    assert main(["kernels", "0x63f"]) == 0
    assert "address" not in capsys.readouterr().out.splitlines()[0]


def _sections(capsys: pytest.CaptureFixture[str], what: str) -> list[list[str]]:
    main(["kernels", what])
    return [part.splitlines() for part in capsys.readouterr().out.split("\n\n")[1:]]


def test_the_facts_are_those_of_each_kernel(capsys: pytest.CaptureFixture[str]) -> None:
    """The column of a kernel says what the scenario itself brings about under that kernel."""
    path = Path(LESSON)
    assert main(["kernels", LESSON, "--json"]) == 0
    told = {(one["profile"], one["sysctl"]["memory_failure_early_kill"]): one
            for one in json.loads(capsys.readouterr().out)["kernels"]}  # fmt: skip
    assert [key for key in told if key[1] == 0] == [(name, 0) for name in PROFILES]
    for (name, early), one in told.items():
        scenario = under(load(path), name)
        scenario = scenario._replace(sysctl={**scenario.sysctl, "memory_failure_early_kill": early})
        session = replay.boot(scenario)
        broke = next(done.outcome for done in replay.play(session, scenario) if done.step.op == "poison")
        assert (one["result"]["result"], tuple(one["log"])) == (broke.result, broke.log)
        assert list(one.get("signal", {})) == list(dict.fromkeys(signal.label for signal in broke.signals))


def test_what_a_kernel_cannot_repeat_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """2.6.32 is modelled without KSM, so its pages were never merged; the second error of the file shows nothing."""
    assert main(["kernels", str(ROOT / "tests/data/cases/6.1/ksm_2.ek1.toml"), "--json"]) == 0
    told = {one["profile"]: one["result"] for one in json.loads(capsys.readouterr().out)["kernels"]}
    assert "madvise" in told["v7"]["not repeated"] and "not repeated" not in told["6.1"]
    assert told["6.1"]["kind"] == "unmapping failed page" and told["6.12"]["result"] == "Recovered"


def test_of_many_that_cannot_be_repeated_the_first_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """2.6.32 has no transparent huge pages: without the mapping no process can write or lock it."""
    assert main(["kernels", str(ROOT / "tests/data/cases/6.1/thp_tail_mlocked.ek1.toml"), "--json"]) == 0
    told = {one["profile"]: one["result"] for one in json.loads(capsys.readouterr().out)["kernels"]}
    said = told["v7"]["not repeated"]
    assert said.startswith('3. w0 maps m: "thp" is only for profile 6.1, 6.12')
    assert said.endswith("; nor could 4, 5, 6 and 7 be repeated")
    assert "not repeated" not in told["6.1"]


def test_kernels_without_large_folios_use_single_pages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kernels", str(ROOT / "tests/data/cases/7.2/file_large_dirty_3.ek1.toml"), "--json"]) == 0
    told = {one["profile"]: one["result"] for one in json.loads(capsys.readouterr().out)["kernels"]}
    kinds = {"v7": "LRU", "6.1": "dirty LRU page", "6.12": "dirty LRU page", "7.2": "unsplit thp"}
    assert {name: told[name]["kind"] for name in kinds} == kinds


def test_a_frame_of_another_machine(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["kernels", "any:slab", "--on", LESSON, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "Shared memory today" in told["title"] and len(told["kernels"]) == 2 * len(PROFILES)
    assert {one["result"]["result"] for one in told["kernels"]} == {"Ignored"}
    out = tmp_path / "slab.md"
    assert main(["kernels", "any:slab", "--on", LESSON, "--to", str(out)]) == 0
    assert "| v7 (2009), early kill | v7 (2009), late kill |" in out.read_text()


def test_what_a_kernel_changed_on_a_whole_machine(capsys: pytest.CaptureFixture[str]) -> None:
    server = str(resources.path("machines/server.npz"))
    assert main(["kernels", "--between", "6.1", "6.12", server, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (merged,) = [group for group in told["groups"] if "phases.hwpoison_user_mappings" in group["decided_by"]]
    source = merged["sources"]["phases.hwpoison_user_mappings"]
    assert "collect_procs_ksm()" in source and source.endswith("docs/kernels.md#from-61-to-612")
    assert merged["alone"] == {
        "phases.hwpoison_user_mappings": merged["6.12"], "results.exits.unmap failed": "failed (Failed)",
    }  # fmt: skip
    assert main(["kernels", "--between", "6.1", "6.12", server]) == 0
    decided, _, others = capsys.readouterr().out.partition("decided by")[2].partition("otherwise decided by:")
    assert "KSM or not" in decided and "any one of" not in decided
    assert "unmap failed" in others and "(outcome then: failed (Failed))" in " ".join(others.split())
    assert merged["frames"] == 1536 and merged["6.1"].startswith("ignored") and "Recovered" in merged["6.12"]


SMALL = str(resources.path("machines/victim_before.npz"))


def test_what_a_kernel_changed_with_early_kill_and_without(capsys: pytest.CaptureFixture[str]) -> None:
    for early in (["--early"], []):
        assert main(["kernels", "--between", "v7", "6.1", "--on", SMALL, *early]) == 0
        shown = capsys.readouterr().out
        assert ("SIGBUS now" in shown) == bool(early) and "get_hwpoison_page()" in shown
        assert max(map(len, shown.splitlines())) <= 180


@pytest.mark.parametrize("suffix", [".md", ".csv", ".txt"])
def test_what_a_kernel_changed_as_a_file(suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / f"x{suffix}"
    assert main(["kernels", "--between", "v7", "6.1", SMALL, "--to", str(out)]) == 0
    assert not capsys.readouterr().out
    text = out.read_text()
    assert "mm/memory-failure.c" in text and "docs/kernels.md#from-v7-to-61" in text
    assert "under 6.1" in text and "get_hwpoison_page()" in text and "0x" in text


@pytest.mark.parametrize(("arguments", "said"), [
    (["--between", "6.18", "7.2"], "Linux 6.18 is modelled as 6.12; the kernels are v7, 6.1, 6.12, 7.2"),
    (["--between", "new", "7.2"], "'new' is no modelled kernel; they are v7, 6.1, 6.12, 7.2"),
    (["--between", "7.2", "7.2"], "--between takes two different kernels"),
    (["--early", "0x202"], "--early goes with --between"),
    (["--between", "6.12", "7.2", "--on", SMALL, "0x202"], "compares all frames of a machine: leave 0x202 out"),
])  # fmt: skip
def test_arguments_that_do_not_go_together(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["kernels", *arguments])
    assert ended.value.code == 2 and said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "names no frame"),
        (["0x7fffffff"], "this machine has frames"),
        ([str(resources.path("machines/server.npz"))], "no error happens in it; name a frame"),
        (["0x202", "--to", "x.pdf"], "x.pdf: not a format that can be written"),
        (["--between", "v7", "6.1", "--to", "x.pdf"], "x.pdf: not a format that can be written"),
        (["0x202", "--on", "missing.toml"], "missing.toml"),
    ],
)
def test_bad_input(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kernels", *arguments]) == 2
    shown = capsys.readouterr()
    assert said in shown.err and not shown.out
