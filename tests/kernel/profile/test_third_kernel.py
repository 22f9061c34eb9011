"""A kernel is data and its variants: one that is made up runs through every layer by its line in the registry."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

import hwpoison_gui.kernel.profile
from hwpoison_gui import resources
from hwpoison_gui.cli import main
from hwpoison_gui.export import kernels_page
from hwpoison_gui.kernel.mark import SITES
from hwpoison_gui.kernel.profile.linux_7_2 import V7_2
from hwpoison_gui.kernel.profile.registry import PROFILES, nearest, newest, sysctls
from hwpoison_gui.kernel.profile.type import Profile
from hwpoison_gui.kernel.profile.variants import VARIANTS, by_name, phase
from hwpoison_gui.session.compare import Settings, differing
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.fidelity import report
from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.reader import loads, under
from hwpoison_gui.session.scenario.replay import Story
from hwpoison_gui.session.scenario.simulate import simulate
from hwpoison_gui.session.session import Session
from hwpoison_gui.sources.recording import open_recording
from hwpoison_gui.view.facts.injections import unpoison
from hwpoison_gui.view.facts.operation_chips import result_in
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome.assessment import Assessment
from hwpoison_gui.view.outcome.loss import loss_of
from hwpoison_gui.view.outcome.matched_row import matched_row
from hwpoison_gui.view.outline.outline import DONE, Outline
from hwpoison_gui.view.outline.state_rows import rows_of, table_for
from tests.paths import DATA
from tests.workbench import Workbench

FILES = Path(__file__).parent / "kernel_9_9"
SCENARIO = """
format = 1
title = "Twice"
profile = "9.9"
sysctl = {toy_offline = 0, memory_failure_early_kill = 1}

[[step]]
op = "task"
name = "a"

[[step]]
op = "mmap"
task = "a"
name = "m"
pages = 1

[[step]]
op = "write"
task = "a"
at = "m+0"

[[step]]
op = "poison"
frame = "a:m+0"
expect = {result = "Recovered", kind = "dirty LRU page", log_contains = ["Toy 0x"], dead = ["a"]}

[[step]]
op = "poison"
frame = "pfn:0xPFN"
expect = {result = "Failed", kind = "already poisoned page", errno = "EHWPOISON"}

[[step]]
op = "poison"
frame = "any:slab"
expect = {result = "Ignored", kind = "unknown folio", errno = "EIO"}

[[step]]
op = "sysctl"
name = "toy_offline"
value = 1
"""


# Reads the kernel's words and outline where those of others are, in a process that has not read any yet.
WORDS = """
import sys
from hwpoison_gui import kernel
from hwpoison_gui.kernel import profile
from hwpoison_gui.view import outline, words
kernel.__path__.append(sys.argv[1])
profile.__path__.append(sys.argv[1] + "/profile")
words.__path__.append(sys.argv[1] + "/words")
outline.__path__.append(sys.argv[1] + "/outline")
from hwpoison_gui.kernel import phases_9_9
from hwpoison_gui.kernel.mark import Mark
from hwpoison_gui.view.words.differences import value_words
from hwpoison_gui.view.words.lookup import text_of
from hwpoison_gui.kernel.profile.linux_9_9 import V9_9
from hwpoison_gui.view.outline.outline import Outline
from hwpoison_gui.view.outline.reachable import unreachable
print(text_of(Mark(phases_9_9.DRAINED)), value_words(phases_9_9.shake_page))
from hwpoison_gui.view.words.tables import UPGRADE
print(UPGRADE["9.9"], end="")
print([node.text for node in Outline(V9_9).nodes if "Drain" in node.text])
print({why for why in unreachable(V9_9).values() if "(" in why})
"""


@pytest.fixture(name="kernel")
def _kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Profile]:
    """The files of `kernel_9_9` as if they were in kernel/, and the line in the registry; forgotten afterwards."""
    for package, folder in ((hwpoison_gui.kernel, FILES), (hwpoison_gui.kernel.profile, FILES / "profile")):
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    toy: Profile = import_module("hwpoison_gui.kernel.profile.linux_9_9").V9_9
    monkeypatch.setitem(PROFILES, toy.name, toy)
    yield toy
    for name in [name for name in sys.modules if name.endswith("_9_9")]:
        package, _, module = name.rpartition(".")
        delattr(sys.modules[package], module)
        del sys.modules[name]
    for variant in [name for name in VARIANTS if name.endswith("@9.9")]:
        del VARIANTS[variant]
    for one in [one for one in SITES.values() if one.module.endswith("_9_9")]:
        del SITES[one.id]


def _scenario() -> str:
    """The scenario, its second error in the frame of the first: nobody has a name for that once its task is dead."""
    session = Session.fresh(4096, profile="9.9")
    for step in loads(SCENARIO.replace("0xPFN", "0x100")).steps[:3]:
        session.act(step.op, dict(step.args))
    return SCENARIO.replace("0xPFN", f"{session.resolve_frame('a:m+0'):#x}")


def test_the_registry_offers_it(kernel: Profile) -> None:
    assert newest() is kernel and nearest((9, 9)) is kernel and nearest((7, 2)) is V7_2
    assert "toy_offline" in sysctls()
    base = Settings("6.1", {})
    assert [side.profile for side in differing(base, "profile")] == ["6.1", "9.9"]
    assert [side.profile for side in differing(Settings("9.9", {}), "profile")] == [V7_2.name, "9.9"]


def test_scenarios_run_under_it(kernel: Profile) -> None:
    scenario = loads(_scenario())
    session = replay.boot(scenario)
    assert session.machine.profile is kernel and session.machine.sysctl.view["toy_offline"] == 0
    done = list(replay.play(session, scenario))
    assert [one.differences for one in done] == [()] * len(scenario.steps)
    assert session.machine.sysctl.view["toy_offline"] == 1
    out = StringIO()
    simulate(Story(replay.boot(scenario), scenario), out)
    assert "Failed (already poisoned page)" in out.getvalue() and "profile 9.9" in out.getvalue()


def test_other_kernels_refuse_its_sysctl(kernel: Profile) -> None:
    with pytest.raises(ScenarioError, match="only for profile 9.9"):
        loads(_scenario().replace('profile = "9.9"', 'profile = "6.1"'))
    with pytest.raises(ScenarioError, match="only for profile 9.9"):
        under(loads(_scenario()), "v7")


def test_the_command_line_takes_it(kernel: Profile, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "twice.toml"
    file.write_text(_scenario())
    assert main(["check", str(file)]) == 0, capsys.readouterr()


def test_its_variant_has_a_place_in_the_outline(kernel: Profile) -> None:
    """It takes the place of the older variant, as it has no part of its own, and its steps are there."""
    session = Session.fresh(4096, profile="9.9")
    for step in loads(_scenario()).steps[:4]:
        session.act(step.op, dict(step.args))
    operation = session.operations[-1]
    outline = Outline(kernel, session.steps.marks, operation.first, operation.last)
    states = {node.text: node.state(operation.last) for node in outline.shown()}
    assert states["Was it poisoned before?"] == states["Lock it and save its flags"] == DONE
    (drained,) = (node for node in outline.shown() if node.text == "lru_add_drain_all(): twice.")
    assert (
        outline.nodes[drained.parent].text == "Drain the per-CPU LRU caches" and drained.state(operation.last) == DONE
    )
    assert len(rows_of(kernel, None)) == len(kernel.results.states)


def test_the_outline_tells_its_results_and_not_those_of_the_kernel_before_it(kernel: Profile) -> None:
    texts, older = ([node.text for node in Outline(profile).nodes] for profile in (kernel, V7_2))
    assert {new: old for new, old in zip(texts, older, strict=True) if new != old} == {
        "Yes: “already poisoned page”, Failed, −EHWPOISON.":
            "Yes: “already poisoned page”, Failed, −EHWPOISON; nothing is counted.",
        "Neither: in use by the kernel. Ignored, −EIO.": "Neither: in use by the kernel. Ignored, −EBUSY.",
    }  # fmt: skip


def test_a_phase_whose_older_words_name_an_exit_that_is_gone_is_told_by_its_name(kernel: Profile) -> None:
    exits = {by: one for by, one in kernel.results.exits.items() if by != "unhandlable"}
    texts = [node.text for node in Outline(replace(kernel, results=replace(kernel.results, exits=exits))).nodes]
    assert "Take reference" in texts and "Can a reference be taken?" not in texts


def test_its_words_and_its_outline_are_found_by_the_names_of_its_files() -> None:
    told = subprocess.run([sys.executable, "-c", WORDS, str(FILES)], capture_output=True, text=True)
    assert told.stdout.splitlines() == [
        "The per-CPU LRU caches are drained twice. Drain the per-CPU LRU caches twice.",
        "- The caches are drained twice.",
        "['Drain them twice']",
        "{'it is left alone before (unknown folio)'}",
    ], told


def test_the_page_on_fidelity_has_its_functions_and_cases(kernel: Profile, tmp_path: Path) -> None:
    case, rows = tmp_path / "cases/9.9/twice.toml", tmp_path / "server/server_poison.ek1.jsonl"
    before = DATA / "cases/7.2/zero_page_ro_anon.ek0.madv.toml"
    shared, other = (tmp_path / "cases/7.2" / name for name in ("shared.toml", "odd_one.toml"))
    for file in (case, rows, shared):
        file.parent.mkdir(parents=True)
    case.write_text(_scenario())
    for file in (shared, other):
        file.write_text(before.read_text())
    assert list(report.alike(tmp_path)) == []
    (case.parent / "only-differing.txt").write_text("# a word\n\nodd_\n")
    assert list(report.alike(tmp_path)) == [(kernel, shared)]
    rows.write_text("\n".join((DATA / "server" / rows.name).read_text().splitlines()[:2]))
    server = open_recording(resources.path("machines/server.npz"), hidden=True)
    lines = report.page(tmp_path, server, server).splitlines()
    assert "| `phases_9_9.py` | `mm/memory-failure.c` | `lru_add_drain_all` |" in lines
    assert "| `cases/9.9` | 1 | 1 |" in lines
    assert any(line.startswith("9.9 was recorded in the same cases as 7.2.") for line in lines)


def test_the_page_of_differences_has_it(kernel: Profile, tmp_path: Path) -> None:
    text = kernels_page.page(tmp_path)
    own = text.partition(" to 9.9\n")[2]
    for said in (
        "- Drains twice.",
        "`shake_page()` of 9.9.",
        "`unknown folio`, Ignored, EIO",
        "Toy {pfn:#x}",
        "toy_offline",
    ):
        assert said in own


def test_its_rows_and_actions_have_words(kernel: Profile) -> None:
    """Views know a row by the shared site, and an action by its declared effect."""
    said = []
    for profile in (kernel, V7_2):
        bench = Workbench(profile.name)
        bench.do("file", path="/srv/f", pages=1)
        bench.do("open", task="a", path="/srv/f", fd="f")
        bench.do("pwrite", task="a", fd="f", page=0, value="A")
        bench.do("poison", frame="/srv/f@0")
        session = bench.session
        operation = session.operations[-1]
        row = matched_row(session, operation)
        loss = loss_of(session, operation)
        assert row is not None and row.kind == "dirty LRU page" and loss is not None
        said.append((loss.lost, result_in(session, operation), _does(session, row.kind)))
    assert said[0] == said[1] and "the last write to /srv/f, page 0" in said[0][0] and "data lost" in said[0][1][0]


def _does(session: Session, kind: str) -> str:
    return next(row.does for row in table_for(session, -1).rows if row.kind == kind)


def test_the_lens_runs_it(kernel: Profile) -> None:
    session = Session.fresh(4096, 3, "desktop", profile="9.9")
    session.act("poison", {"frame": "any:anon", "via": "corrupt-pfn"})
    same = Session.fresh(4096, 3, "desktop", profile="7.2")
    same.act("poison", {"frame": "any:anon", "via": "corrupt-pfn"})
    codes = Assessment.of(session.machine).classes()
    assert np.array_equal(codes, Assessment.of(same.machine).classes())
    assert (codes == outcomes.POISONED).sum() == 1
    assert unpoison(session, 1).missing == ""


def test_a_variant_is_declared_once(kernel: Profile) -> None:
    with pytest.raises(ValueError, match=r"set_page_hwpoison@9\.9"):
        phase("9.9")(by_name(*kernel.phases)["set_page_hwpoison"].run)


def test_every_variant_is_of_some_kernel() -> None:
    used = {str(one) for profile in PROFILES.values() for one in profile.phases}
    used |= {str(one) for profile in PROFILES.values() for one in profile.results.actions.values()}
    assert used == set(VARIANTS)
