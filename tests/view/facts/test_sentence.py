"""The sentence: of the step, and of a selected frame that the step is not about."""

from __future__ import annotations

from hwpoison_gui.view.facts.sentence import AboutFrame, is_about, sentence_of
from tests.workbench import Workbench, crowd, do

OTHER = AboutFrame("0x150  anonymous", "If it broke: kills 1 now (a)", "RUlMab")


def test_a_selected_frame_has_its_line_wherever_the_timeline_is() -> None:
    session = crowd(2)
    pfn = session.resolve_frame("top:m+0")
    do(session, "poison", frame=f"pfn:{pfn:#x}")
    operation = session.operations[-1]
    assert is_about(session, pfn) and not is_about(session, pfn + 1)
    came = sentence_of(session)
    asked = sentence_of(session, OTHER, is_asked=True)
    assert (asked.text, asked.detail) == (OTHER[0], "If it broke: kills 1 now (a). Enter breaks it.")
    assert asked.where == came.where and asked.code == "RUlMab"
    moved = sentence_of(session, OTHER)
    assert moved.text == f"{pfn:#x}: {came.text}" and moved.detail.endswith(f"  ·  Selected: {OTHER[0]}")
    session.seek(operation.first + 1)
    assert f"Selected: {OTHER[0]}" in sentence_of(session, OTHER, is_asked=True).detail
    assert sentence_of(session, OTHER).text == f"{pfn:#x}: {sentence_of(session).text}"
    session.seek(0)
    assert sentence_of(session, OTHER).text == OTHER[0], "with steps ahead, too"


def test_after_a_panic_nothing_can_be_broken() -> None:
    bench = Workbench()
    bench.do("sysctl", name="memory_failure_recovery", value=0)
    bench.do("poison", frame="any:slab")
    assert "panicked" in sentence_of(bench.session, AboutFrame("0x1  free"), is_asked=True).detail


def test_soft_offline_leads_to_the_frame_that_has_the_content_now() -> None:
    bench = Workbench()
    bench.area()
    bench.do("write", task="a", at="m+0", value="x")
    old = bench.pfn()
    bench.do("soft_offline", frame=f"pfn:{old:#x}")
    said = sentence_of(bench.session)
    assert said.to == bench.pfn() != old and f"{said.to:#x}" in said.text
    bench.do("poison", frame="a:m+0")
    assert sentence_of(bench.session).to == -1
