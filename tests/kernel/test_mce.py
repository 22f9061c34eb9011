"""Machine checks: who is told, and what becomes of a thread that cannot go on."""

from __future__ import annotations

from tests.workbench import Workbench


def victim(**args: object) -> Workbench:
    bench = Workbench(**args)  # type: ignore[arg-type]
    bench.area()
    bench.do("write", task="a", at="m+0")
    return bench


def test_a_consumer_is_told_whatever_its_policy() -> None:
    bench = victim()
    bench.do("prctl", task="a", mce_kill="late")
    (signal,) = bench.do("poison", frame="a:m+0", via="srar", task="a").signals
    assert (signal.code, signal.effect) == ("BUS_MCEERR_AR", "handled")


def test_without_a_valid_rip_nobody_handles_anything() -> None:
    bench = victim()
    outcome = bench.do("poison", frame="a:m+0", via="srar", task="a", rip_valid=False)
    assert outcome.signals[0].code == "SI_KERNEL"
    assert "HWPOISON" not in bench.flags(bench.pfn())


def test_a_failed_recovery_ends_in_a_plain_sigbus() -> None:
    bench = Workbench()
    outcome = bench.do("poison", frame="any:slab", via="srar", task="a")
    assert [signal.code for signal in outcome.signals] == ["SI_KERNEL"]


def test_the_second_time_who_has_it_is_told() -> None:
    bench = victim()
    bench.do("task", name="b", sigbus="handler")
    bench.do("remember", name="it", frame="a:m+0")
    bench.do("poison", frame="@it")
    assert bench.do("poison", frame="@it", via="srar", task="b").signals == ()
    again = bench.do("poison", frame="@it", via="srar", task="a")
    assert (again.errno, again.signals[0].code) == ("EHWPOISON", "BUS_MCEERR_AR")
