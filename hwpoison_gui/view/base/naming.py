"""Names of files and VMAs, and lists of names in a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from hwpoison_gui.kernel.records import Inode, Vma
from hwpoison_gui.view.words.words import path_words

_MOST: Final = 4
_NOT_KNOWN: Final = {
    "tmpfs": "shared memory that is not known",
    "blockdev": "a block device that is not known",
    "ext4": "a file that is not known",
}


def names(who: Sequence[str], most: int = _MOST, of: int = 0) -> str:
    """Return `a, b and c`; if there are more than `most`, the first ones and the number of the others.

    `of`: how many there are, if `who` has only the first `most`.
    """
    if max(len(who), of) > most:
        return listed(who, most, of)
    return ", ".join(who[:-1]) + " and " + who[-1] if len(who) > 1 else "".join(who)


def listed(who: Sequence[str], most: int, of: int = 0) -> str:
    """Return `a, b, c`; if there are more than `most`, the first ones and the number of the others. `of`: see names."""
    count = max(len(who), of)
    more = f" and {count - most:,} more" if count > most else ""
    return ", ".join(who[:most]) + more


def file_name(inode: Inode) -> str:
    """The path of a file as /proc/PID/maps prints it; its number if the path is not known."""
    return path_of(inode) + (" (deleted)" if inode.deleted else "")


def path_of(inode: Inode) -> str:
    """The path of a file as it is shown; its number if the path is not known."""
    return path_words(inode.path) or f"inode {inode.id}"


def page_name(inode: Inode, path: str, number: int, between: str = ", page ") -> str:
    """A page of a file in words: `path` and its number, which is in units of 4 KiB, as far as the file is known."""
    return f"a page of {_NOT_KNOWN[inode.filesystem]}" if inode.is_unknown else f"{path}{between}{number}"


def file_names(inodes: Mapping[int, Inode]) -> dict[int, str]:
    """The names of files, by number of inode; where several have one name, with this number."""
    plain = {number: file_name(inode) for number, inode in inodes.items()}
    count = Counter(plain.values())
    return {number: f"{name}, inode {number}" if count[name] > 1 else name for number, name in plain.items()}


def vma_name(vma: Vma) -> str:
    """The name of a VMA, such as `heap`; empty if it has none but its address."""
    return "" if vma.name.startswith("0x") else vma.name
