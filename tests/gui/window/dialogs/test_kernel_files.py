"""Huge pages and injection filters set in the window: recorded as operations, undone at once, seen by the lens."""

from __future__ import annotations

from PySide6.QtTest import QTest

from hwpoison_gui.gui.window.dialogs.kernel_files import KernelFilesDialog
from hwpoison_gui.kernel.hugetlb_pool import persistent_huge_pages
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.moment import title_of
from hwpoison_gui.view.outcome.assessment import Assessment
from hwpoison_gui.view.outcome.classes import FILTERED
from tests.gui.waiting import until
from tests.workbench import chips_of, do


def machine(profile: str = "6.1", frames: int = 1 << 13) -> Session:
    session = Session.fresh(frames, profile=profile)
    do(session, "task", name="a")
    do(session, "mmap", task="a", name="n", pages=2, populate=True)
    return session


def asked(user, command: str) -> KernelFilesDialog:
    user.window.actions_[command].trigger()
    (shown,) = [one for one in user.window.findChildren(KernelFilesDialog) if one.isVisible()]
    return shown


def test_the_pool_is_set_as_an_operation(open_window) -> None:
    user = open_window(machine())
    dialog = asked(user, "huge-pages")
    assert dialog.fields["vm.nr_hugepages"].text() == "0" and not dialog.write.isEnabled()
    dialog.fields["vm.nr_hugepages"].setText("2 pages")
    assert "expected a number" in dialog.wrong.text() and not dialog.write.isEnabled()
    dialog.fields["vm.nr_hugepages"].setText("2")
    dialog.fields["vm.nr_overcommit_hugepages"].setText("1")
    assert not dialog.wrong.text()
    dialog.write.click()
    until(lambda: user.session.machine.counter("nr_huge_pages") == 2)
    assert [one.name for one in user.session.operations[-2:]] == ["hugepages", "overcommit_hugepages"]
    user.window.actions_["previous"].trigger()
    assert not user.session.machine.counter("nr_huge_pages") and not user.session.machine.huge_free.of(0)


def test_a_pool_that_was_not_reached_says_what_it_reads_wherever_the_operation_is_named(open_window) -> None:
    user = open_window(machine())
    user.window.controller.act("hugepages", {"pages": 3000})
    read = persistent_huge_pages(user.session.machine)
    assert 0 < read < 3000
    title = f"vm.nr_hugepages = 3000 written, reads {read}"
    assert title in user.window.transport.where.text()
    assert chips_of(user.session)[-1].title == title
    until(lambda: user.window.docks["why"].head.subject.text() == title)


def test_filters_are_set_and_a_click_on_what_they_refuse_says_so(open_window) -> None:
    user = open_window(machine())
    pfn = user.session.resolve_frame("a:n+0")
    dialog = asked(user, "filters")
    dialog.fields["hwpoison/corrupt-filter-flags-mask"].setText("swapcache")
    dialog.fields["hwpoison/corrupt-filter-flags-value"].setText("swapcache")
    dialog.fields["hwpoison/corrupt-filter-enable"].setText("1")
    dialog.write.click()
    until(lambda: user.session.machine.filters.view.get("corrupt-filter-enable") == 1)
    assert user.session.operations[-1].args["name"] == "corrupt-filter-enable"  # the switch comes last
    assert user.window.actions_["filters-off"].isChecked()
    assert Assessment.of(user.session.machine).classes()[pfn] == FILTERED
    user.window.controller.act("poison", {"frame": f"pfn:{pfn:#x}"})
    until(lambda: user.session.operations[-1].name == "poison")
    assert user.session.operations[-1].outcome.filtered
    assert "Filtered: nothing happens, because its flags" in user.window.sentence.in_words()


def test_one_command_switches_them(open_window) -> None:
    user = open_window(machine("7.2"))
    switch = user.window.actions_["filters-off"]
    for value in (1, 0):
        switch.trigger()
        until(lambda value=value: user.session.machine.filters.view.get("corrupt-filter-enable") == value)
        assert switch.isChecked() == bool(value)


def test_what_is_typed_replaces_the_number(open_window) -> None:
    user = open_window(machine())
    dialog = asked(user, "huge-pages")
    field = dialog.fields["vm.nr_hugepages"]
    until(field.hasFocus)
    QTest.keyClicks(field, "2")
    assert field.text() == "2"


def test_flags_are_named_beside_the_number_and_stay_hexadecimal(open_window) -> None:
    user = open_window(machine())
    dialog = asked(user, "filters")
    name = "hwpoison/corrupt-filter-flags-mask"
    dialog.fields[name].setText("0x1020")
    assert dialog.meanings[name].text().endswith(": 0x1020 (lru,anon)")
    dialog.fields[name].setText("anon,lru")
    assert dialog.meanings[name].text().endswith(": 0x1020 (lru,anon)")
    dialog.fields[name].setText("zz")
    assert dialog.meanings[name].text() == "Flags of /proc/kpageflags that are looked at; 0 for none"
    assert "names of flags" in dialog.forms.text() and "12 anon" in dialog.fields[name].toolTip()
    dialog.fields[name].setText("0x1020")
    dialog.write.click()
    until(lambda: bool(user.session.operations) and user.session.operations[-1].name == "debugfs")
    assert title_of(user.session.operations[-1]) == "corrupt-filter-flags-mask = 0x1020"


def test_where_there_is_none_the_command_says_why(open_window) -> None:
    user = open_window(machine("v7", 512))
    for name, why in (("filters", "choose profile 6.1"), ("filters-off", "choose"), ("huge-pages", "no hugetlb page")):
        assert not user.window.actions_[name].isEnabled()
        assert why in user.window.actions_.missing_of(name)
