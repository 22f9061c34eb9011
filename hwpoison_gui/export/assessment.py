"""The damage on machines as text for a terminal, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import Any, Final

from hwpoison_gui.record import Record
from hwpoison_gui.terminal import one_line
from hwpoison_gui.view.base.units import FRAME_SIZE, amount, mebibytes
from hwpoison_gui.view.damage.hits import BY_CODE
from hwpoison_gui.view.damage.moved import BROKEN, DROPPED, FREED, MEANINGS, MIGRATED, NOT_MOVED, SoftOffline
from hwpoison_gui.view.damage.policy import KILL
from hwpoison_gui.view.damage.report import RUNS_ON, MachineReport, PolicyReport, Survival, survival
from hwpoison_gui.view.damage.tables import WORST_FIRST, Counted, Row, Table, memory_of
from hwpoison_gui.view.damage.words import HARMFUL_TIP, RANKED_BY, frames_named, more_alike, who_and_why
from hwpoison_gui.view.outcome import classes as outcomes
from hwpoison_gui.view.outcome.classes import CLASSES, SHORT
from hwpoison_gui.view.words.words import counted

Sizes = tuple[int, int, int]

_NOT_NAMED: Final = "not named *.npz"
_MOST_SKIPPED: Final = 20
COLUMNS: Final = ("machine", "profile", "early_kill", "by", "group", "outcome", "frames", "bytes")  # of the CSV

_SHOWN: Final = tuple(one for one in CLASSES if one.id not in outcomes.NO_MEMORY)
_LABEL: Final = 27  # columns of the terminal
_WIDE: Final = (12, 11, 7)  # columns of the frames of a policy, of their size and of their share
_NARROW: Final = (11, 10, 5)
_MOST_ROWS: Final = 40
_LEAST_LABEL: Final = 14
_OFFLINED: Final = {
    MIGRATED: "migrated to another frame",
    DROPPED: "dropped, its file has it",
    FREED: "offlined, it was free",
    BROKEN: "broken before",
    NOT_MOVED: "not moved, stays in use",
}
_NOT_KNOWN: Final = "not known"
_FLAGS_ALONE: Final = (
    "By page flags alone: whether a mapped page is dirty in a PTE, who maps it, and so what is lost, is not known."
)

_SOME_PROCESSES: Final = (
    "Of all processes, {}: who else maps a page, and so who else is signalled and what is lost, is not known."
)


class Left(Record):
    """Files that are in no sum.

    Attributes
    ----------
    failed : sequence of (str, str)
        Those that could not be assessed, with the messages that say why.
    skipped : sequence of str
        Those below a folder that are not named as snapshots are.
    """

    failed: Sequence[tuple[str, str]] = ()
    skipped: Sequence[str] = ()


NOTHING_LEFT: Final = Left()


def together(machines: Sequence[MachineReport]) -> MachineReport:
    """The sums over several machines that were assessed with the same options; without the most dangerous of each."""
    policies = [_policies_together(reports) for reports in zip(*(one.policies for one in machines), strict=True)]
    profiles, modelled = (
        ", ".join(sorted({one.profile for one in machines})),
        sorted({one.modelled for one in machines}),
    )
    frames, owners = sum(one.frames for one in machines), all(one.owners for one in machines)
    name = counted(len(machines), "machine")
    captured = "of some machines not all were captured" if any(one.captured for one in machines) else ""
    return MachineReport(name, profiles, ", ".join(modelled), frames, owners, (), tuple(policies), captured)


def _policies_together(reports: Sequence[PolicyReport]) -> PolicyReport:
    whole = _sum("all of memory", [one.table.whole for one in reports])
    frames = {
        result: _added(one.soft_offline.frames[result] for one in reports if one.soft_offline.frames)
        for result in MEANINGS
    }
    now, late, killed = map(sum, zip(*(_numbers(one) for one in reports), strict=True))
    table = Table(reports[0].table.by, _merged(reports), whole)
    return PolicyReport(reports[0].early, table, (), (), (), now, late, killed, SoftOffline(frames, ()))


def _numbers(report: PolicyReport) -> tuple[int, int, int]:
    return report.signalled_now, report.signalled_late, report.killed


def _merged(reports: Sequence[PolicyReport]) -> tuple[Row, ...]:
    """Rows of equal names as one; of files and processes there are none, as a name is of one machine alone."""
    if reports[0].table.by in ("file", "process", "cgroup"):
        return ()
    rows: dict[str, list[Row]] = {}
    for report in reports:
        for row in report.table.rows:
            rows.setdefault(row.name, []).append(row)
    return tuple(sorted((_sum(name, of_name) for name, of_name in rows.items()), key=lambda row: -row.share))


def _sum(name: str, rows: Sequence[Row]) -> Row:
    share, lost = sum(row.share for row in rows), sum(row.lost for row in rows)
    return Row(name, (), _added(row.frames for row in rows), lost, share)


def _added(frames: Iterable[Counted]) -> Counted:
    return tuple(map(sum, zip(*frames, strict=True)))


# -- text


def as_text(machine: MachineReport, width: int) -> str:
    """Everything about one machine, in lines of at most `width` columns, 80 or more."""
    size = amount(machine.frames * FRAME_SIZE)
    lines = [one_line(machine.name), f"{machine.frames:,} frames, {size}; as Linux {machine.modelled}"]
    if not machine.owners:
        lines += wrap(_SOME_PROCESSES.format(machine.captured) if machine.captured else _FLAGS_ALONE, width)
    lines += ["", *_outcomes(machine, _WIDE if width >= _LABEL + 2 * sum(_WIDE) else _NARROW)]
    for section in (_groups, _frames_worst, _processes_worst, _files_worst):
        for report in machine.policies:
            lines += section(report, width)
    lines += _soft_offline(machine.policies[0], machine.owners, width)
    for note in machine.notes:
        lines += wrap(f"Note: {one_line(note)}", width, subsequent_indent="  ")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _outcomes(machine: MachineReport, sizes: Sizes) -> Iterator[str]:
    """Yield the lines of the outcomes of an error in any frame, with columns for each policy."""
    policies, each = machine.policies, sum(sizes)
    yield " " * _LABEL + "".join(KILL[report.early].rjust(each) for report in policies)
    heads = "".join(head.rjust(size) for head, size in zip(("frames", "size", "%"), sizes, strict=True))
    yield "An error in a frame".ljust(_LABEL) + heads * len(policies)
    wholes = [report.table.whole.frames for report in policies]
    memory = [memory_of(whole) for whole in wholes]
    for one in _SHOWN:
        if any(whole[one.id] for whole in wholes):
            name = "broken before" if one.id == outcomes.POISONED else one.name
            yield _line(name, [whole[one.id] for whole in wholes], memory, sizes)
    yield _line("all frames", memory, memory, sizes)
    yield ""
    found = [survival(whole) for whole in wholes]
    yield "The machine"
    for field, words in RUNS_ON.items():
        if any(getattr(one, field) for one in found):
            yield _line(words, [getattr(one, field) for one in found], [one.frames for one in found], sizes)
    yield ""
    yield "Processes that some error"
    names = ("signals at once", "signals on touch", "kills")
    for name, values in zip(names, zip(*map(_numbers, policies), strict=True), strict=True):
        told = [f"{value:,}" if machine.owners else _NOT_KNOWN for value in values]
        yield f"  {name}".ljust(_LABEL) + "".join(cell.rjust(sizes[0]).ljust(each) for cell in told)
    yield ""


def _line(name: str, values: Sequence[int], of: Sequence[int], sizes: Sizes = _WIDE) -> str:
    line = f"  {name}".ljust(_LABEL)
    for frames, total in zip(values, of, strict=True):
        share = f"{100 * frames / max(1, total):.1f}"
        told = f"{frames:,}", amount(frames * FRAME_SIZE), share.replace("100.0", "100")
        line += "".join(cell.rjust(size) for cell, size in zip(told, sizes, strict=True))
    return line


def _groups(report: PolicyReport, width: int) -> Iterator[str]:
    """Groups in rows, outcomes in columns; those of no frame are left out."""
    table = report.table
    if not table.rows:
        return
    rows = (*table.rows[:-1][:_MOST_ROWS], table.rows[-1], table.whole)
    columns = _columns(rows, table.whole, width)
    each = [max(8, 1 + max(map(len, column))) for column in columns]
    label = max(_LEAST_LABEL, min(36, width - 2 - sum(each)))
    order = "the most harmful first" if table.by in WORST_FIRST else "the largest first"
    if any(row.danger for row in rows):
        order = "the worst first"
    yield f"By {table.by}, {KILL[report.early]}, in MiB, {order}"
    for name, *cells in zip(("", "", *(row.name for row in rows)), *columns, strict=True):
        yield "  " + fitted(name, label) + "".join(cell.rjust(size) for cell, size in zip(cells, each, strict=True))
    if len(table.rows) > len(rows) - 1:
        yield f"  {len(table.rows) - len(rows) + 1:,} more are in --json and --csv"
    for note in filter(None, (f"Harmful: {HARMFUL_TIP[:1].lower()}{HARMFUL_TIP[1:]}.", table.note)):
        yield from wrap(note, width, initial_indent="  ", subsequent_indent="  ")
    yield ""


def _columns(rows: Sequence[Row], whole: Row, width: int) -> list[list[str]]:
    """Columns of two lines of head and a cell for each row. A narrow terminal has no room for those without harm."""
    found = [(False, ["", "all"], [memory_of(row.frames) for row in rows])]
    if any(row.danger for row in rows):
        found.append((True, ["kills", "it"], [row.kills for row in rows]))
    found.append((True, ["", "harmful"], [row.harmful for row in rows]))
    for one in _SHOWN:
        if whole.frames[one.id]:
            head = ["", *SHORT.get(one.key, one.name).rsplit(" ", 1)][-2:]
            found.append(
                (one.id in outcomes.HARMFUL or one.id == outcomes.IGNORED, head, [row.frames[one.id] for row in rows])
            )
    most = (width - 2 - _LEAST_LABEL) // 8
    while len(found) > most and not all(kept for kept, _, _ in found):
        found.remove(next(one for one in found if not one[0]))
    return [head + list(map(mebibytes, frames)) for _, head, frames in found]


def _frames_worst(report: PolicyReport, width: int) -> Iterator[str]:
    """A line for each, and below it the processes that it hits and how; clauses are not broken at any width."""
    if not report.frames:
        return
    yield f"Most dangerous frames, {KILL[report.early]}"
    yield f"  {'frames':24}{'outcome':19}{'dead':>6}{'loses':>9}  kind"
    for frame in report.frames:
        lost = amount(frame.lost) if frame.lost else ""
        outcome = CLASSES[frame.outcome].name
        yield _cut(f"  {frames_named(frame):24}{outcome:19}{frame.dead:>6,}{lost:>9}  {frame.kind}", width)
        told = "; ".join(filter(None, (more_alike(frame), *who_and_why(frame.hit))))
        yield from wrap(told, width, initial_indent="      ", subsequent_indent="        ")
    yield from wrap(RANKED_BY, width, initial_indent="  ", subsequent_indent="  ")
    yield ""


def _processes_worst(report: PolicyReport, width: int) -> Iterator[str]:
    if not report.processes:
        return
    yield f"Most dangerous for processes, {KILL[report.early]}: frames whose error"
    yield f"  {'process':24}{'kills it':>12}{'size':>11}{'now':>10}{'on touch':>10}{'loses data':>11}"
    for process in report.processes:
        size = amount(process.kills * FRAME_SIZE)
        numbers = f"{process.now:>10,}{process.late:>10,}{process.lost:>11,}"
        yield f"  {fitted(process.label, 24)}{process.kills:>12,}{size:>11}{numbers}"
    text = (
        "The worst first: the kernel panics; then by frames that kill it. That may be more than it maps: a page of a "
        "file also kills a process whose VMA covers it without a PTE."
    )
    yield from wrap(text, width, initial_indent="  ", subsequent_indent="  ")
    yield ""


def _files_worst(report: PolicyReport, width: int) -> Iterator[str]:
    if not report.files:
        return
    label = max(30, min(50, width - 50))
    yield f"Most dangerous files, {KILL[report.early]}: cached frames, and those whose error"
    yield f"  {'file':{label}}{'frames':>9}{'signals':>9}{'deaths':>10}{'loses data':>11}{'stays':>9}"
    for file in report.files:
        in_use = file.outcomes[outcomes.STUCK] + file.outcomes[outcomes.IGNORED]
        signals = file.now + file.late
        numbers = f"{sum(file.outcomes):>9,}{signals:>9,}{file.dead:>10,}{file.lost:>11,}{in_use:>9,}"
        yield f"  {fitted(file.path, label)}{numbers}"
    text = (
        "The worst first: panics; then deaths. Deaths are summed over frames, each error alone: a process that two "
        "frames could kill counts twice."
    )
    yield from wrap(text, width, initial_indent="  ", subsequent_indent="  ")
    yield ""


def _soft_offline(report: PolicyReport, owners: bool, width: int) -> Iterator[str]:
    """Yield the lines of soft offline: the frames that can be moved out, and why the others cannot."""
    found = report.soft_offline
    whole = sum(map(sum, found.frames.values()))
    yield "Soft offline of a frame that still works" + ("" if found.frames else ": this kernel has none")
    for result, words in _OFFLINED.items():
        if sum(found.frames.get(result, ())):
            yield _line(words, [sum(found.frames[result])], [whole])
    reasons: dict[str, list[str]] = {}
    for one in found.obstacles:
        reasons.setdefault(f"{one.errno}: {one.why}", []).append(f"{one.kind} {sum(one.frames):,}")
    for why, kinds in reasons.items():
        yield from wrap(f"{why}: {', '.join(kinds)}", width, initial_indent="    ", subsequent_indent="      ")
    if owners and (harmful := sum(frames[code] for frames in found.frames.values() for code in outcomes.HARMFUL)):
        stays = sum(found.frames[NOT_MOVED][code] for code in outcomes.HARMFUL)
        text = f"Of {harmful:,} harmful frames, {harmful - stays:,} can be moved out."
        yield from wrap(text, width, initial_indent="  ", subsequent_indent="  ")
    yield ""


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def fitted(name: str, width: int) -> str:
    """A name in so many columns; of a path the end is kept."""
    text = one_line(name)
    if len(text) >= width:
        text = "…" + text[2 - width :] if text.startswith("/") else text[: width - 2] + "…"
    return text.ljust(width)


# -- JSON and CSV


def as_json(machines: Sequence[MachineReport], left: Left = NOTHING_LEFT) -> str:
    """An object with lists of machines, and of files that failed or were skipped; of several machines, their sums.

    Sizes are in frames of 4,096 bytes and in bytes.
    """
    told: dict[str, Any] = {"machines": [_machine(one) for one in machines], **left_dict(left)}
    if len(machines) > 1:
        told["total"] = _machine(together(machines))
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def left_dict(left: Left) -> dict[str, Any]:
    """Files that were not assessed, for JSON."""
    failed = [{"machine": file, "message": message} for file, message in left.failed]
    return {"failed": failed, "skipped": list(left.skipped)}


def left_words(left: Left, width: int) -> list[str]:
    """Lines that name the files that were not assessed, the first ones of many that were skipped."""
    lines = []
    if left.failed:
        lines += ["", f"Not in this table: {counted(len(left.failed), 'file')} that could not be assessed"]
        for _, why in left.failed:
            lines += wrap(one_line(why), width, initial_indent="  ", subsequent_indent="    ")
    if left.skipped:
        files = counted(len(left.skipped), "file")
        lines += ["", f"Skipped: {files} that {'are' if len(left.skipped) > 1 else 'is'} {_NOT_NAMED}"]
        for name in left.skipped[:_MOST_SKIPPED]:
            lines += wrap(one_line(name), width, initial_indent="  ", subsequent_indent="    ")
        if len(left.skipped) > _MOST_SKIPPED:
            lines.append(f"  and {len(left.skipped) - _MOST_SKIPPED:,} more, which --json names")
    return lines


def _machine(machine: MachineReport) -> dict[str, Any]:
    return {
        "machine": machine.name,
        "profile": machine.profile,
        "frames": machine.frames,
        "processes_known": machine.owners,
        "notes": list(machine.notes),
        "policies": [_report(report) for report in machine.policies],
    }


def _report(report: PolicyReport) -> dict[str, Any]:
    table = report.table
    return {
        "early_kill": report.early,
        "outcomes": _frames(table.whole.frames),
        "lost_frames": table.whole.lost,
        "machine": _survival(survival(table.whole.frames)),
        "processes": {"signalled_now": report.signalled_now, "signalled_on_touch": report.signalled_late,
                      "killed": report.killed},
        "by": table.by,
        "groups": [
            {"name": row.name, "filter": ":".join(row.term), "share": round(row.share, 3), "lost_frames": row.lost,
             "outcomes": _frames(row.frames)} | ({"kills": row.kills} if row.danger else {})
            for row in table.rows
        ],
        "note": table.note,
        "worst_frames": [
            {"frame": one.pfn, "run": one.run, "alike": one.alike, "kind": one.kind,
             "outcome": CLASSES[one.outcome].key, "dead": one.dead, "lost_bytes": one.lost,
             "hits": [{"process": hit.task, "impact": hit.kind} for hit in one.hit]}
            for one in report.frames
        ],
        "worst_processes": [
            {"process": one.label, "frames": {kind: n for kind, n in zip(BY_CODE, one.impacts, strict=True) if n},
             "signalled_now": one.now, "signalled_on_touch": one.late, "kills": one.kills, "lost": one.lost}
            for one in report.processes
        ],
        "worst_files": [
            {"file": one.path, "outcomes": _frames(one.outcomes), "signalled_now": one.now,
             "signalled_on_touch": one.late, "deaths": one.dead, "lost": one.lost}
            for one in report.files
        ],
        "soft_offline": {
            "results": {result: sum(frames) for result, frames in report.soft_offline.frames.items()},
            "not_moved": [
                {"why": one.why, "errno": one.errno, "kind": one.kind, "outcomes": _frames(one.frames)}
                for one in report.soft_offline.obstacles
            ],
        },
    }  # fmt: skip


def _frames(frames: Counted) -> dict[str, int]:
    return {one.key: frames[one.id] for one in _SHOWN if frames[one.id]}


def _survival(found: Survival) -> dict[str, Any]:
    return {**found._asdict(), "survives": round(found.share(found.handled + found.in_use), 6)}


def as_csv(machines: Sequence[MachineReport], left: Left = NOTHING_LEFT) -> str:
    """Comma-separated: a line for each machine, policy, group and outcome that has frames; of several, the sums.

    The last lines are those of `left_lines`.
    """
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow(COLUMNS)
    for machine in (*machines, *([together(machines)] if len(machines) > 1 else [])):
        lines.writerows(csv_lines(machine))
    lines.writerows(left_lines(left))
    return written.getvalue()


def left_lines(left: Left) -> list[tuple[str | int | None, ...]]:
    """Lines of `COLUMNS` for files that were not assessed: `by` is "failed" or "skipped", and `group` says why."""
    whys = [("failed", *one) for one in left.failed] + [("skipped", file, _NOT_NAMED) for file in left.skipped]
    return [(file, "", None, what, why, "", 0, 0) for what, file, why in whys]


def csv_lines(machine: MachineReport) -> Iterator[tuple[str | int, ...]]:
    """Lines of `COLUMNS`: one for each policy, group and outcome that has frames."""
    for report in machine.policies:
        for row in (*report.table.rows, report.table.whole):
            by = report.table.by if row is not report.table.whole else "all"
            head = (machine.name, machine.profile, report.early, by, row.name)
            for key, frames in _frames(row.frames).items():
                yield (*head, key, frames, frames * FRAME_SIZE)
