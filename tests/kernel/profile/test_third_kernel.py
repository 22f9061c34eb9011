"""A kernel is data and its variants: one that is made up here runs through every layer without a change elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

from hwpoison_gui.cli import main
from hwpoison_gui.export.kernels_page import sections
from hwpoison_gui.kernel import actions_6_1, phases_6_12
from hwpoison_gui.kernel import page_flags as pf
from hwpoison_gui.kernel.handler import Handler, Verdict, action_result, leave, matching_row, take_action
from hwpoison_gui.kernel.mark import Steps
from hwpoison_gui.kernel.profile.linux_6_1 import V6_1
from hwpoison_gui.kernel.profile.linux_6_12 import V6_12
from hwpoison_gui.kernel.profile.linux_7_2 import V7_2
from hwpoison_gui.kernel.profile.registry import PROFILES, nearest, newest, sysctls
from hwpoison_gui.kernel.profile.type import FAILED, IGNORED, Exit, Profile, Sysctl
from hwpoison_gui.kernel.profile.variants import VARIANTS, Effect, action, by_name, changed, phase
from hwpoison_gui.session.compare import Settings, differing
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.scenario import replay
from hwpoison_gui.session.scenario.reader import loads, under
from hwpoison_gui.session.scenario.replay import Story
from hwpoison_gui.session.scenario.simulate import simulate
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.facts.injections import unpoison
from hwpoison_gui.view.facts.operation_chips import result_in
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome.assessment import Assessment
from hwpoison_gui.view.outcome.loss import loss_of
from hwpoison_gui.view.outcome.matched_row import matched_row
from hwpoison_gui.view.outline.outline import DONE, Outline
from hwpoison_gui.view.outline.state_rows import rows_of, table_for
from hwpoison_gui.view.words.differences import BEHAVIOUR
from tests.workbench import Workbench

# What the kernel's file would hold: here after a change of 2024, a result line for a page that is poisoned already.
TOY: Sysctl = Sysctl("toy_offline", default=1)
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
expect = {result = "Ignored", kind = "get hwpoison page", errno = "EBUSY"}

[[step]]
op = "sysctl"
name = "toy_offline"
value = 1
"""


@pytest.fixture(name="kernel")
def _kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Profile]:
    """Declared as a kernel's file declares it, and forgotten afterwards."""

    @phase("9.9")
    def set_page_hwpoison(h: Handler) -> Steps[Verdict]:
        """A page that is poisoned already gets a result line."""
        if h.m.page(h.pfn) & pf.HWPOISON:
            return (yield from leave(h, "already poisoned"))
        return (yield from phases_6_12.set_page_hwpoison(h))

    @phase("9.9")
    def identify_page_state(h: Handler) -> Steps[Verdict]:
        """Only the flags saved before unmapping are matched with the state table."""
        h.page_flags |= h.m.page(h.pfn)
        row = matching_row(h.m.profile.results.states, h.page_flags)
        h.kind = row.kind
        result = yield from take_action(h, row, h.page_flags, saved=True)
        yield action_result(h, row.kind, result)
        return h.m.profile.results.errno_of[result]

    @action("9.9", Effect.DROPS_DIRTY)
    def me_folio_dirty(h: Handler) -> Steps[str]:
        """Contents are lost: as before, under a new name."""
        return (yield from actions_6_1.me_pagecache_dirty(h))

    states = tuple(
        row._replace(action=me_folio_dirty.name) if row.action == "me_pagecache_dirty" else row
        for row in V6_12.results.states
    )
    exits = {
        **V6_12.results.exits,
        "already poisoned": Exit("already poisoned page", FAILED, "EHWPOISON"),
        "unhandlable": Exit("get hwpoison page", IGNORED, "EBUSY"),
        "truncated": Exit("truncated folio", FAILED, "EIO"),
    }
    toy = replace(
        V6_12,
        name="9.9",
        title="Linux 9.9 (toy)",
        from_version=(9, 0),
        sysctls=(*V6_12.sysctls, TOY),
        phases=changed(V6_12.phases, set_page_hwpoison, identify_page_state),
        log=replace(V6_12.log, prefix="Toy {pfn:#x}: "),
        results=replace(
            V6_12.results,
            states=states,
            actions={**V6_12.results.actions, **by_name(me_folio_dirty)},
            exits=exits,
        ),
    )
    monkeypatch.setitem(PROFILES, toy.name, toy)
    does = {
        set_page_hwpoison: "A page that is poisoned already gets a result line.",
        identify_page_state: "Match only the flags saved before unmapping with the state table.",
        me_folio_dirty: "Contents are lost, as before.",
    }
    for variant, words in does.items():
        monkeypatch.setitem(BEHAVIOUR, variant, words)
    yield toy
    for variant in does:
        del VARIANTS[str(variant)]


def _scenario() -> str:
    """The scenario, its second error in the frame of the first: nobody has a name for that once its task is dead."""
    session = Session.fresh(4096, profile="9.9")
    for step in loads(SCENARIO.replace("0xPFN", "0x100")).steps[:3]:
        session.act(step.op, dict(step.args))
    return SCENARIO.replace("0xPFN", f"{session.resolve_frame('a:m+0'):#x}")


def test_the_registry_offers_it(kernel: Profile) -> None:
    assert newest() is kernel and nearest((9, 9)) is kernel and nearest((8, 0)) is V7_2
    assert "toy_offline" in sysctls()
    base = Settings("6.1", {})
    assert [side.profile for side in differing(base, "profile")] == [next(iter(PROFILES)), "9.9"]


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
    """It takes the place of the 6.12 variant, as it has no part of its own; the results told are its own."""
    session = Session.fresh(4096, profile="9.9")
    for step in loads(_scenario()).steps[:4]:
        session.act(step.op, dict(step.args))
    operation = session.operations[-1]
    outline = Outline(kernel, session.steps.marks, operation.first, operation.last)
    texts, older = ([node.text for node in Outline(profile).nodes] for profile in (kernel, V6_12))
    own = {new: old for new, old in zip(texts, older, strict=True) if new != old}
    assert own == {
        "Yes: “already poisoned page”, Failed, −EHWPOISON.":
            "Yes: “already poisoned page”, Failed, −EHWPOISON; nothing is counted.",
        "Yes: “truncated folio”, Failed, −EIO.": "Yes: “already truncated LRU page”, Ignored, −EBUSY.",
    }  # fmt: skip
    states = {node.text: node.state(operation.last) for node in outline.shown()}
    assert states["Was it poisoned before?"] == states["Lock it and save its flags"] == DONE
    assert len(rows_of(kernel, None)) == len(kernel.results.states)


def test_its_rows_and_actions_have_words(kernel: Profile) -> None:
    """Views know a row by the shared site, and an action by its declared effect."""
    said = []
    for profile in (kernel, V6_12):
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
    same = Session.fresh(4096, 3, "desktop", profile="6.12")
    same.act("poison", {"frame": "any:anon", "via": "corrupt-pfn"})
    codes = Assessment.of(session.machine).classes()
    assert np.array_equal(codes, Assessment.of(same.machine).classes())
    assert (codes == outcomes.POISONED).sum() == 1
    assert unpoison(session, 1).missing == ""


def test_differences_are_derived(kernel: Profile) -> None:
    lines = "\n".join(sections(V6_1, kernel, {}))
    for said in ("already poisoned page", "Toy {pfn:#x}", "toy_offline", "gets a result line"):
        assert said in lines


def test_a_variant_is_declared_once(kernel: Profile) -> None:
    with pytest.raises(ValueError, match=r"set_page_hwpoison@9\.9"):
        phase("9.9")(kernel.phase("set_page_hwpoison").run)


def test_every_variant_is_of_some_kernel() -> None:
    used = {str(one) for profile in PROFILES.values() for one in profile.phases}
    used |= {str(one) for profile in PROFILES.values() for one in profile.results.actions.values()}
    assert used == set(VARIANTS)
