"""The outline of an operation: the code it runs through as questions and branches, and the step of each.

Built once for an operation; whether a line is done, present, ahead or not taken depends on the timeline position.
Long runs of similar steps are one line, which is expanded on demand.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hwpoison_gui.kernel.mark import Act, Mark
from hwpoison_gui.kernel.profile.type import Profile
from hwpoison_gui.session.operation import Operation
from hwpoison_gui.session.recall import Question
from hwpoison_gui.session.session import Session
from hwpoison_gui.view.base.slicing import to_the_end
from hwpoison_gui.view.outline.entry_points import parts_of
from hwpoison_gui.view.outline.place import Place, place
from hwpoison_gui.view.words.lookup import branch_of, function_of, text_of, why_of
from hwpoison_gui.view.words.words import counted

if TYPE_CHECKING:
    from hwpoison_gui.view.outcome.loss import Fact

DONE: Final = "done"
NOW: Final = "now"
WITHIN: Final = "within"  # the present step is somewhere below
AHEAD: Final = "ahead"
ASIDE: Final = "aside"  # another branch was taken

ENDING: Final = "Outcome"
LONGEST_RUN: Final = 5
LONGEST_REST: Final = 2
_COUNTED: Final = {
    Act.VISIT: ("added to to_kill", "added to to_kill"),
    Act.SKIP: ("skipped", "skipped"),
    Act.UNMAP: ("PTE unmapped", "PTEs unmapped"),
    Act.MAP: ("PTE set", "PTEs set"),
    Act.SIGNAL: ("signal", "signals"),
    Act.DIE: ("killed", "killed"),
}


@dataclass(eq=False, repr=False)  # generating these methods would slow start-up
class Node:
    """A line. `kind`: root, call, decision, way (a branch), step, run or fact.

    Its steps are `first` to `last`, exclusive. A line without steps (`first` is -1) was passed at step `passed`;
    `silent`: it is the branch taken there. A branch reads `text` until it is taken, and from then on `told`, the
    sentence of its step. `because` is the reason of a step, a sentence; `tip` says what the text does not. A `folded`
    line contains the lines that were not reached.
    """

    id: int
    parent: int
    row: int
    kind: str
    text: str
    code: str = ""
    branch: str = ""
    because: str = ""
    tip: str = ""
    told: str = ""
    first: int = -1
    last: int = -1
    passed: int = -1
    silent: bool = False
    folded: bool = False
    tone: str = ""
    children: list[int] = field(default_factory=list)

    def state(self, position: int) -> str:
        """The state of the line when `position` steps are applied."""
        if self.first < 0:
            return AHEAD if position <= self.passed else DONE if self.silent else ASIDE
        if position <= self.first:
            return AHEAD
        if position > self.last:
            return DONE
        return NOW if self.kind in ("step", "way", "run") else WITHIN


class Outline:
    """All lines of an operation, or of the handler at rest. Line 0 is the root, which is not shown."""

    def __init__(
        self,
        profile: Profile,
        marks: Sequence[Mark] = (),
        first: int = 0,
        last: int = 0,
        root: Place | None = None,
    ) -> None:
        """`root`: the places of the steps, where they are at hand."""
        self._profile, self._marks, self._ended = profile, marks, False
        self.first, self.last = first, last
        self._acts = [mark.act for mark in marks[first:last]]
        self._counted = bytes(act in _COUNTED for act in self._acts)
        self.nodes = [Node(0, -1, 0, "root", "")]
        self._add_inner(self.nodes[0], root or _placed(profile, marks, first, last))
        self._leaves = [node for node in self.nodes if node.first >= 0 and node.kind in ("step", "way", "run")]

    # -- asking

    def now(self, position: int) -> Node | None:
        """The line of the last step applied."""
        return next((node for node in self._leaves if node.first < position <= node.last), None)

    def size(self, node: Node) -> int:
        """Number of lines below a line."""
        return node.last - node.first if node.kind == "run" else len(node.children)

    def child(self, node: Node, row: int) -> Node:
        """A line below a line; the lines of a run are built on demand."""
        if node.kind == "run" and not node.children:
            self._add_steps(node, range(node.first, node.last))
        return self.nodes[node.children[row]]

    def words(self, node: Node, position: int) -> str:
        """The text of a line; for a way that was taken, the sentence of its step."""
        state = node.state(position)
        if node.kind == "run" and state == NOW:
            here = text_of(self._marks[position - 1])
            return f"{position - node.first:,} of {node.last - node.first:,}: {here}"
        return node.told if node.told and state in (DONE, NOW) else node.text

    def shown(self) -> Iterator[Node]:
        """All lines but the root and those in runs, from the top."""

        def below(node: Node) -> Iterator[Node]:
            for number in node.children if node.kind != "run" else ():
                yield self.nodes[number]
                yield from below(self.nodes[number])

        yield from below(self.nodes[0])

    def can_end(self, position: int) -> bool:
        """Return whether the ending can be added now."""
        return not self._ended and position == self.last > self.first

    def end(self, facts: Sequence[Fact]) -> None:
        """Add the ending: the outcome, once the last step has been reached."""
        self._ended = True
        head = self._add(self.nodes[0], "call", ENDING)
        for fact in facts:
            self._add(head, "fact", fact.text).tone = fact.tone
        for node in self.nodes[head.id :]:
            node.passed, node.silent = self.last - 1, True

    # -- building

    def _add(self, above: Node, kind: str, text: str) -> Node:
        node = Node(len(self.nodes), above.id, len(above.children), kind, text)
        self.nodes.append(node)
        above.children.append(node.id)
        return node

    def _add_place(self, above: Node, one: Place) -> None:
        part = one.part
        if part.quiet and one.first < 0:
            return
        node = self._add(above, "decision" if one.ways else "call", part.title)
        node.code = f"{self._profile.called(part.function)}()" if part.function else ""
        node.tip, node.first, node.last, node.passed = part.teach, one.first, one.last, one.passed
        node.silent = one.silent is not None
        self._add_inner(node, one)

    def _add_inner(self, node: Node, one: Place) -> None:
        """Add steps, ways and inner parts in order."""
        taken = set(one.taken.values())
        others = [number for number in one.steps if number not in taken]
        early = others[: bisect_left(others, one.decided_at)]
        self._add_runs(node, early)
        for number in range(len(one.ways)):
            self._add_way(node, one, number)
        late = others[len(early) :]
        reached = 1 + max((at for at, child in enumerate(one.children) if child.first >= 0 or child.silent is not None),
                          default=-1)  # fmt: skip
        for child in one.children[:reached]:
            before = late[: bisect_left(late, child.first)]
            self._add_runs(node, before)
            late = late[len(before) :]
            self._add_place(node, child)
        self._add_runs(node, late)
        self._add_rest(node, [child for child in one.children[reached:] if not child.part.quiet])

    def _add_rest(self, node: Node, rest: Sequence[Place]) -> None:
        """Add the parts that were not reached; of a recorded operation below one folded line."""
        above = node
        if len(rest) > LONGEST_REST and node.first >= 0:
            above = self._add(node, "call", f"Not reached: {len(rest)} more, from “{rest[0].part.title}” on")
            above.passed, above.folded = min(one.passed for one in rest), True
            above.tip = "What the handler would have done, had it gone on. Unfold it to see each."
        for one in rest:
            self._add_place(above, one)

    def _add_way(self, above: Node, one: Place, number: int) -> None:
        node = self._add(above, "way", one.ways[number].meaning)
        node.passed = min(one.taken.values(), default=one.passed)
        node.silent = one.silent == number
        if number in one.taken:
            self._tell(node, one.taken[number])
            node.told = text_of(self._marks[node.first])

    def _tell(self, node: Node, number: int) -> None:
        """Fill in function, branch, reason and tooltip of a step."""
        mark = self._marks[number]
        node.first, node.last = number, number + 1
        code, branch, why = function_of(mark, self._profile), branch_of(mark), why_of(mark)
        node.code = code if code != self.nodes[node.parent].code else ""
        node.branch = branch
        node.because = f"Because {why}." if why else ""
        node.tip = f"{code} → {branch}" if branch else code

    def _add_runs(self, above: Node, numbers: Sequence[int]) -> None:
        """Add steps as lines; long runs of steps that repeat one act become one line."""
        at = 0
        while at < len(numbers):
            end = self._end_of_run(numbers, at)
            if end - at > LONGEST_RUN:
                self._add_run(above, numbers[at], numbers[end - 1] + 1)
            else:
                end = max(end, at + 1)
                self._add_steps(above, numbers[at:end])
            at = end

    def _end_of_run(self, numbers: Sequence[int], at: int) -> int:
        """Return the end in `numbers`, which ascend, of the run of counted steps without a gap that begins at `at`."""
        number = numbers[at]
        gap = bisect_right(range(len(numbers)), number - at, at, key=lambda place: numbers[place] - place)
        other = self._counted.find(0, number - self.first)
        return gap if other < 0 else min(gap, at + other - (number - self.first))

    def _add_steps(self, above: Node, numbers: Sequence[int]) -> None:
        for number in numbers:
            self._tell(self._add(above, "step", text_of(self._marks[number])), number)

    def _add_run(self, above: Node, first: int, last: int) -> None:
        acts = Counter(self._acts[first - self.first : last - self.first])
        node = self._add(above, "run", ", ".join(counted(count, *_COUNTED[act]) for act, count in acts.items()))
        node.first, node.last = first, last
        node.tip = "Unfold it to see each; a click goes to the last of them."


_OUTLINE: Final = Question[Outline]("outline")


def outline_for(session: Session, operation: Operation | None) -> Outline:
    """The outline of an operation, or of the handler at rest. Returns the same object for the same operation."""
    return to_the_end(find_outline(session, operation))


def find_outline(session: Session, operation: Operation | None) -> Generator[None, None, Outline]:
    """`outline_for` in slices, for an operation of many steps."""
    known = session.recall.known(_OUTLINE, operation)
    if known is not None:
        return known[0]
    profile, marks = session.machine.profile, session.steps.marks
    first, last = (operation.first, operation.last) if operation is not None else (0, 0)
    root = _placed(profile, marks, first, last)
    yield
    return session.recall.keep(_OUTLINE, Outline(profile, marks, first, last, root), operation)


def _placed(profile: Profile, marks: Sequence[Mark], first: int, last: int) -> Place:
    own = marks[first:last]
    return place(parts_of(profile, {mark.site for mark in own}), profile, own, first, last)
