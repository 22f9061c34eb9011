"""The inspector: everything known about the selected frame, as text with links to tasks."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QFontInfo
from PySide6.QtWidgets import QTextBrowser, QWidget

from hwpoison_gui.gui.look import theme as look
from hwpoison_gui.gui.widgets.copying import Copying
from hwpoison_gui.view.base.palette import DARK, Theme, mixed
from hwpoison_gui.view.facts.frame_facts import Fact, Facts, PteFact

EMPTY = "Select a frame: a click breaks it, a right click only selects it."


class Inspector(QTextBrowser):
    """Shows the facts of a frame; a link selects its task."""

    taskWanted = Signal(int)

    def __init__(self, parent: QWidget | None = None, theme: Theme = DARK) -> None:
        super().__init__(parent)
        self._theme = theme
        self._facts: Facts | None = None
        self._ask: Callable[[], Facts] | None = None
        self._html = ""
        self.setOpenLinks(False)
        self.anchorClicked.connect(self._followed)
        self.setAccessibleName("The selected frame")
        Copying(self, "what is known of the frame", self._selected, self._whole)
        self.document().setDocumentMargin(look.MEDIUM)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.setFont(look.font())
        self._html = ""
        self.set_facts(self._facts)

    def show_when_seen(self, ask: Callable[[], Facts]) -> None:
        """Defer facts that are expensive until the panel is visible."""
        self._ask = ask
        # Qt does not hide a panel behind another tab, but moves it out of sight.
        if not self.visibleRegion().isEmpty():
            self.answer()

    def answer(self) -> None:
        """Show deferred facts, now that the panel is visible."""
        if self._ask is not None:
            ask, self._ask = self._ask, None
            self.set_facts(ask())

    def set_facts(self, facts: Facts | None) -> None:
        """Show facts; None: no frame is selected."""
        self._ask = None
        again = facts is not None and self._facts is not None and facts.pfn == self._facts.pfn
        self._facts = facts
        html = self._page(facts)
        if html == self._html:
            return
        self._html = html
        at = self.verticalScrollBar().value() if again else 0
        self.setHtml(html)
        self.verticalScrollBar().setValue(at)

    def _selected(self) -> str:
        return self.textCursor().selectedText().replace("\u2029", "\n")

    def _whole(self) -> str:
        from hwpoison_gui.view.facts.frame_text import as_text

        return as_text(self._facts) if self._facts is not None else ""

    def focusNextPrevChild(self, forward: bool) -> bool:
        return QWidget.focusNextPrevChild(self, forward)  # Tab does not go from link to link: there may be a hundred

    def _followed(self, url: QUrl) -> None:
        if url.scheme() == "task":
            self.taskWanted.emit(int(url.path()))

    # -- the page

    def _page(self, facts: Facts | None) -> str:
        theme = self._theme
        mono = QFontInfo(look.mono()).family()
        style = (
            f"<style>body {{ color: {theme.text}; }} .m {{ color: {theme.muted}; }}"
            f" .c {{ font-family: '{mono}'; }} a {{ color: {theme.text}; }}"
            f" .k {{ color: {theme.kill}; }} .p {{ color: {theme.poison}; }} .w {{ color: {theme.warn}; }}"
            f" .g {{ color: {theme.good}; }}"
            f" td {{ padding: 1px {look.MEDIUM}px 1px 0; vertical-align: middle; }}</style>"
        )
        if facts is None:
            return f"{style}<p class='m'>{EMPTY}</p>"
        return style + "".join(
            (self._head(facts), self._hits(facts), self._flags(facts), self._counts(facts.counts), self._ptes(facts),
             self._notes(facts))
        )  # fmt: skip

    def _hits(self, facts: Facts) -> str:
        if not facts.hits:
            return ""
        tones = {"kill": "k", "warn": "w", "good": "g"}
        rows = "".join(
            f"<tr><td class='{tones.get(fact.tone, '')}'>{escape(fact.name)}</td><td>{escape(fact.value)}</td></tr>"
            for fact in facts.hits
        )
        return self._section("Who is hit") + f"<table cellspacing='0'>{rows}</table>"

    def _head(self, facts: Facts) -> str:
        size = look.font(look.TITLE).pointSizeF()
        colour = self._theme.kind(facts.kind.id)
        return (
            f"<p style='font-size:{size}pt; margin:0'><b class='c'>{facts.pfn:#x}</b> &nbsp;"
            f"<span style='background:{colour}'>&nbsp;&nbsp;&nbsp;</span>&nbsp; <b>{escape(facts.kind.name)}</b></p>"
            f"<p class='m' style='margin:0 0 6px 0'>{escape(facts.kind.meaning)}</p>"
            + (f"<p style='margin:0 0 6px 0'>{escape(facts.ahead)}.</p>" if facts.ahead else "")
        )

    def _section(self, title: str) -> str:
        line = mixed(self._theme.base, self._theme.text, 0.62)
        return f"<p style='color:{line}; margin:8px 0 2px 0'><b>{title}</b></p>"

    def _flags(self, facts: Facts) -> str:
        if not facts.flags:
            return self._section("Flags") + "<p class='m' style='margin:0'>none set</p>"
        rows = "".join(
            f"<tr><td class='c'>{escape(flag.letter)}</td>"
            f"<td class='c{' p' if flag.name == 'HWPOISON' else ''}'>{flag.name}</td>"
            f"<td class='m'>{escape(flag.meaning)}</td></tr>"
            for flag in facts.flags
        )
        return self._section("Flags") + f"<table cellspacing='0'>{rows}</table>"

    def _counts(self, counts: tuple[Fact, ...]) -> str:
        rows = "".join(
            f"<tr><td>{escape(fact.name)}</td><td class='c'>{escape(fact.value)}</td>"
            f"<td class='m'>{escape(fact.meaning)}</td></tr>"
            for fact in counts
        )
        return self._section("Counts and mapping") + f"<table cellspacing='0'>{rows}</table>"

    def _ptes(self, facts: Facts) -> str:
        title = f"Page-table entries: {len(facts.ptes) + facts.more_ptes}"
        if not facts.ptes:
            return self._section(title) + "<p class='m' style='margin:0'>No page-table entry maps it.</p>"
        rows = "".join(self._pte(pte) for pte in facts.ptes)
        more = f"<p class='m'>and {facts.more_ptes} more</p>" if facts.more_ptes else ""
        return self._section(title) + f"<table cellspacing='0'>{rows}</table>{more}"

    def _pte(self, pte: PteFact) -> str:
        tone = {"hwpoison": "p", "swap": "w", "another frame": "m", "none": "m"}.get(pte.state, "")
        name = escape(pte.task)
        name = name if pte.alive else f"<s>{name}</s>"
        state = "hwpoison entry" if pte.state == "hwpoison" else pte.state
        bits = f"<span class='m'>{escape(pte.bits)}</span>" if pte.bits else ""
        return (
            f"<tr><td><a href='task:{pte.tgid}'>{name}</a></td><td class='c'>{pte.address}</td>"
            f"<td>{escape(pte.name)} <span class='m'>{escape(pte.vma)}</span></td>"
            f"<td><span class='{tone}'>{state}</span> {bits}</td></tr>"
        )

    def _notes(self, facts: Facts) -> str:
        if not facts.notes:
            return ""
        items = "".join(f"<p class='m' style='margin:0 0 4px 0'>{escape(note)}</p>" for note in facts.notes)
        return self._section("How this is known") + items
