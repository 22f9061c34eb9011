"""Commands of the menus Machine, Frame, Play and Help: tables, from which menus, tool bar, keys and tips are made."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from hwpoison_gui.gui.control.controller import Controller
from hwpoison_gui.gui.control.present import Present
from hwpoison_gui.gui.control.selection import NONE
from hwpoison_gui.gui.look.enabling import PANICKED
from hwpoison_gui.gui.look.settings import SPEEDS, START_WITH, WITH_DESKTOP, WITH_LAST, WITH_PAGE, Settings
from hwpoison_gui.gui.toolbar.profile_button import meaning_of
from hwpoison_gui.gui.window.command import UNBOOTABLE, Command, view_only
from hwpoison_gui.gui.window.commands.help import Help
from hwpoison_gui.gui.window.comparison import Comparison
from hwpoison_gui.gui.window.dialogs.go_to import GoTo
from hwpoison_gui.gui.window.dialogs.many import Many
from hwpoison_gui.gui.window.dialogs.notes import Notes
from hwpoison_gui.gui.window.files.exporting import Exporting
from hwpoison_gui.gui.window.files.keeping import Keeping
from hwpoison_gui.gui.window.files.machines import Machines
from hwpoison_gui.gui.window.files.taking_home import TakingHome
from hwpoison_gui.gui.window.menus import ContextMenus
from hwpoison_gui.kernel.profile.registry import PROFILES, newest, oldest
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.facts.injections import Injection, pin, soft_offline, unpoison

if TYPE_CHECKING:  # imported on first use to keep start-up fast
    from hwpoison_gui.gui.window.starting import Starting


def start_commands(
    show: Callable[[], None], settings: Settings, starting: Callable[[], Starting | None]
) -> list[Command]:
    def choose(what: str) -> None:
        settings.keep(START_WITH, what)
        page = starting()
        if page is not None:
            page.page.kept.setChecked(what == WITH_PAGE)

    def is_chosen(what: str) -> bool:
        return settings.get(START_WITH) == what

    return [
        Command("start-page", "&Machine", "Start pa&ge", "Lessons, and the other ways in", show, keys=("Alt+Home",),
                at_start=True),
        *(
            Command(f"start-with-{what}", "&Machine > At e&very start", text, f"A start without a file shows {tip}",
                    partial(choose, what), group="start-with",
                    checked=partial(is_chosen, what), at_start=True)
            for what, text, tip in (
                (WITH_PAGE, "The start &page", "the lessons, and the other ways in"),
                (WITH_LAST, "What was open &last", "the file that was open last, where it was left"),
                (WITH_DESKTOP, "A small &desktop", "a small desktop of 256 MiB, always the same"),
            )
        ),
    ]  # fmt: skip


def machine_commands(
    machines: Machines,
    more: list[Command],
    keeping: Keeping,
    exporting: Exporting,
    controller: Controller,
    close: Callable[[], object],
) -> list[Command]:
    saving = keeping.saving

    def no_copy() -> str:
        copied = controller.machine.exported is not None
        return "" if copied else "Only a copy of this machine’s own memory can be saved so (Ctrl+L)."

    def unbootable() -> str:
        return "" if controller.machine.again else UNBOOTABLE

    profiles = [
        Command(f"profile-{name}", "&Machine > &Profile", f"{profile.title}: {profile.news}",
                f"{meaning_of(profile)}. Boots the same machine again",
                partial(machines.change_profile, name), missing=unbootable, group="profile")
        for name, profile in reversed(PROFILES.items())
    ]  # fmt: skip
    return [
        Command("new", "&Machine", "&New machine", "A small desktop of 256 MiB, always the same, under "
                "the kernel chosen in Machine > Profile; else 2.6.32",
                machines.new_machine, "machine", ("Ctrl+N",), at_start=True),
        Command("open", "&Machine", "&Open…", "A session (.hwsession), a scenario (.toml) or the recorded memory of a "
                "real machine (.npz)", machines.open_file, "open", ("Ctrl+O",), at_start=True),
        Command("reopen", "&Machine", "&Reopen the last", "The file open before this machine, where it was left",
                keeping.reopen_last, keys=("Ctrl+Shift+T",)),
        Command("forget-recent", "&Machine > Open re&cent", "&Forget these files", "Empties this list; the files stay",
                keeping.recent.forget, separated=True, at_start=True),
        Command("live", "&Machine", "This machine’s o&wn memory", "A copy of this machine’s memory, as /proc shows it. "
                "The real memory is only read", machines.open_live, "live", ("Ctrl+L",), at_start=True),
        *more,
        *profiles,
        Command("save", "&Machine", "&Save", "Saves what you did, with branches, notes and view, as a session file",
                lambda: saving.save(), "save", ("Ctrl+S",), separated=True),
        Command("save-as", "&Machine", "Save &as…", "Saves it to another file: a session, or a scenario",
                lambda: saving.save_as(), "save", ("Ctrl+Shift+S",)),
        Command("save-recording", "&Machine", "Save the cop&y as a snapshot…", "Saves the copy of this machine’s "
                "memory as a file that only you can read", saving.save_recording, missing=no_copy),
        *_export_commands(exporting, keeping.taking),
        Command("quit", "&Machine", "&Quit", "Close the window", close, keys=("Ctrl+Q",), separated=True,
                meanwhile=True, at_start=True),
    ]  # fmt: skip


def _export_commands(exporting: Exporting, taking: TakingHome) -> list[Command]:
    menu, missing = "&Machine > &Export", taking.missing_text
    pictures = [
        Command(name, menu, text, f"{tip}, as PNG or SVG", partial(exporting.save_picture, what), "picture", keys)
        for name, what, text, tip, keys in (
            ("picture", "window", "Picture of the &window…", "Everything that the window shows", ("Ctrl+P",)),
            ("picture-map", "map", "Picture of the &map…", "The map as it is shown, with its legend", ()),
            ("picture-rmap", "rmap", "Picture of the &reverse map…", "All rows, also those below the panel", ()),
            ("picture-outline", "outline", "Picture of the &decisions…", "All lines of Why that are not folded", ()),
        )
    ]
    return [
        *pictures,
        Command("save-film", menu, "&Animation or video…", "Saves what was done, as the stage shows it: MP4, WebM, "
                "GIF or APNG", exporting.save_film, missing=exporting.missing, separated=True),
        Command("save-page", menu, "Page for a &browser…", "Saves one HTML file that steps forward and back in any "
                "browser, without a network", taking.save_page, missing=missing),
        Command("save-report", menu, "Re&port as Markdown…", "Saves what the errors did, and why, as a Markdown file",
                taking.save_report, missing=missing),
        Command("copy-report", menu, "&Copy the report", "What the errors did, and why, as Markdown for a bug report",
                taking.copy_report, "copy", missing=missing),
    ]  # fmt: skip


def without_frame(present: Present) -> str:
    """Why no frame can be asked about; empty if one is selected."""
    return "" if present.frame != NONE else "Select a frame first: a right click, or the arrow keys on the map."


def _unbreakable(c: Controller, present: Present) -> str:
    return PANICKED if c.panicked else without_frame(present)


def _injected(
    c: Controller, present: Present, name: str, text: str, tip: str, what: Callable[[Session, int], Injection]
) -> Command:
    """Another operation than an error on the frame shown."""

    def run() -> None:
        injection = what(c.session, present.frame)
        c.inject(present.frame, injection.op, injection.args)

    def missing() -> str:
        return _unbreakable(c, present) or what(c.session, present.frame).missing

    def short() -> str:
        return "" if _unbreakable(c, present) else what(c.session, present.frame).short

    return Command(name, "&Frame", text, tip, run, missing=missing, short=short)


def frame_commands(
    controller: Controller,
    present: Present,
    menus: ContextMenus,
    go_to: GoTo,
    comparison: Comparison,
    many: Many,
    center_on: Callable[[int], None],
) -> list[Command]:
    c, injected = controller, partial(_injected, controller, present)
    no_frame, unbreakable = partial(without_frame, present), partial(_unbreakable, controller, present)

    return [
        Command("break", "&Frame", "&Break it", "memory_failure() for the frame shown, as a click does",
                lambda: c.fire(present.frame), "break", missing=unbreakable),
        Command("break-by", "&Frame", "Break it &otherwise…", "Choose how the error is detected: by a scrubber, by the "
                "task that reads it, by madvise(MADV_HWPOISON), by an administrator", menus.break_shown_otherwise,
                "break", ("I",), unbreakable),
        injected("soft-offline", "&Soft offline", "soft_offline_page(): migrates the content to another frame; "
                  "this one is never allocated again", soft_offline),
        injected("unpoison", "&Unpoison", "unpoison_memory(): the frame can be used again; lost data stays "
                  "lost", unpoison),
        injected("pin", "P&in or unpin", "get_page(): takes a reference, as direct I/O or a pipe would; "
                  "or drops it", pin),
        Command("break-many", "&Frame", "Break &many…", "Breaks the marked frames, what Find finds, or ranges, as one "
                "operation; says before what would come of it", many.ask, keys=("Ctrl+Shift+B",),
                missing=lambda: PANICKED if c.panicked else ""),
        Command("worst-frames", "&Frame", "&Worst frames…", "The frames that this operation broke, the worst first",
                many.show_worst, missing=many.missing_worst),
        Command("touch", "&Frame", "&Read or write it…", "Lets a task access the frame",
                menus.touch_shown, "read", ("T",), unbreakable),
        Command("copy-frame", "&Frame", "&Copy all facts", "Copies everything in the Frame panel as text",
                menus.copy_frame, "copy", ("Ctrl+Shift+C",), no_frame),
        Command("go-to", "&Frame", "&Go to…", "Select a frame by its number, physical address or log line, "
                "or a page by its name",
                go_to.ask, "centre", ("Ctrl+G", "/"), separated=True),
        Command("centre", "&Frame", "&Centre on it", "Centres the map on the frame, large enough to read",
                lambda: center_on(present.frame), "centre", ("F",), no_frame),
        Command("compare", "&Frame", "Co&mpare…", "The same click under two settings, side by side: early and late "
                f"kill, recovery on and off, {oldest().name} and {newest().name}",
                comparison.open, "compare", ("Ctrl+E",), comparison.missing, separated=True),
        Command("kernels", "&Frame", "Every &kernel…", "The same click under every modelled kernel, early and late: "
                "result, signals, lost data, log lines; what a kernel changed is lit",
                comparison.open_matrix, keys=("Ctrl+Shift+E",), missing=comparison.missing),
        Command("forget-compared", "&Frame > Compare a&gain", "&Forget these comparisons",
                "Empties this list, which a session file keeps", comparison.forget,
                missing=lambda: "" if c.session.comparisons else "There are none."),
    ]  # fmt: skip


def play_commands(
    controller: Controller, notes: Notes, taking: TakingHome, present: Callable[[], object]
) -> list[Command]:
    c = controller

    def no_steps() -> str:
        return "" if c.session.steps else "There are no steps yet: click a frame."

    def no_past() -> str:
        return no_steps() or ("" if c.session.position else "This is the machine at the start.")

    def no_future() -> str:
        return no_steps() or ("" if c.session.position < len(c.session.steps) else "This is the newest step.")

    speeds = [
        Command(f"speed-{speed:g}", "&Play > &Speed", f"{speed:g}×", f"Play at {speed:g} times the speed",
                partial(c.playback.set_speed, speed), group="speed")
        for speed in SPEEDS
    ]  # fmt: skip
    return [
        Command("present", "&Play", "P&resent full screen", "For a projector, from the beginning: Space or a remote "
                "goes from stop to stop", present, keys=("F5",)),
        Command("first", "&Play", "&First step", "Back to the machine at the start", lambda: c.seek(0), "first",
                ("Home",), no_past),
        Command("previous", "&Play", "Previous &operation (undo)", "Back to the end of the previous operation; nothing "
                "is lost", lambda: c.step_operation(-1), "previous-operation", ("PgUp", "Ctrl+Z"), no_past),
        Command("back", "&Play", "Step &back", "One step back: its changes are reverted. On the map, "
                "Left moves the selection", lambda: c.step(-1), "back", (",", "Left"), no_past),
        Command("play", "&Play", "&Play or pause", "Plays step by step; at the end, starts again from the beginning",
                c.toggle, "play", ("Space",), no_steps),
        Command("forward", "&Play", "Step &forward", "One step forward. On the map, Right moves the selection",
                lambda: c.step(1), "forward", (".", "Right"), no_future),
        Command("next", "&Play", "&Next operation (redo)", "To the end of this operation, or of the next one",
                lambda: c.step_operation(1), "next-operation", ("PgDown", "Ctrl+Shift+Z", "Ctrl+Y"), no_future),
        Command("last", "&Play", "&Last step", "To the newest step; also ends a running animation",
                lambda: c.seek(len(c.session.steps)), "last", ("End",), no_future),
        Command("note", "&Play", "&Note on this step…", "Adds a note on the present step to the notebook, or "
                "edits it", notes.ask_note, "note", ("N",), separated=True),
        Command("copy-link", "&Play", "Copy a &link to this step", "Copies the command that opens this file at this "
                "step", taking.copy_link, "copy", missing=taking.missing_link),
        Command("branches", "&Play", "B&ranches…", "Repeats what you did before you went back and did something "
                "else", notes.show_branches, keys=("B",), missing=notes.missing_branches),
        *speeds,
        Command("slower", "&Play", "Slo&wer", "Play slower", lambda: _faster(c, -1), keys=("<", "["), separated=True),
        Command("faster", "&Play", "Fas&ter", "Play faster", lambda: _faster(c, 1), keys=(">", "]")),
    ]  # fmt: skip


def _faster(c: Controller, by: int) -> None:
    at = SPEEDS.index(c.playback.speed) + by
    c.playback.set_speed(SPEEDS[min(max(at, 0), len(SPEEDS) - 1)])


def help_commands(pages: Help, show_palette: Callable[[], None]) -> list[Command]:
    return view_only([
        Command("glossary", "&Help", "&Glossary…", "What the kernel’s terms mean, first those of what has the focus",
                lambda: pages.show_glossary(), "help", ("F1",), at_start=True),
        Command("keys", "&Help", "&Keys", "Lists all keys", pages.show_keys, "help", ("?",), at_start=True),
        Command("palette", "&Help", "&Commands…", "Finds commands, tasks, files and frames by letters of their names",
                show_palette, keys=("Ctrl+Shift+P",), at_start=True),
        Command("notes", "&Help", "About this &machine", "Where its memory comes from, and what was derived",
                pages.show_machine, "info", at_start=True),
        Command("about", "&Help", "&About hwpoison-gui", "What this program is", pages.show_about, at_start=True),
    ])  # fmt: skip
