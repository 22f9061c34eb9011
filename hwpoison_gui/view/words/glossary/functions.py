"""Functions that steps are named after: kernel functions, system calls, and operations of a scenario."""

from __future__ import annotations

from functools import cache
from typing import Final

from hwpoison_gui.view.words.glossary.term import Term

# Kernel functions of operations and of differences between kernels, which no step is named after.
_ELSEWHERE: Final[dict[str, tuple[str, ...]]] = {
    "mm/memory-failure.c": ("memory_failure_pfn", "shake_folio", "try_to_split_thp_page"),
    "mm/page_alloc.c": ("__alloc_pages", "__alloc_pages_nodemask", "__alloc_pages_noprof"),
    "mm/page-writeback.c": (
        "__folio_end_writeback", "__folio_start_writeback", "test_clear_page_writeback", "test_set_page_writeback",
    ),
    "mm/hugetlb.c": ("hugetlb_overcommit_handler",),
    "kernel/fork.c": ("do_fork", "kernel_clone"),
    "kernel/sched/core.c": ("wake_up_new_task",),
    "kernel/signal.c": ("do_sigaction",),
    "kernel/sysctl.c": ("proc_dointvec_minmax",),
    "fs/debugfs/file.c": ("debugfs_attr_write",),
    "fs/open.c": ("do_sys_open", "do_sys_openat2", "sys_close"),
    "fs/file.c": ("close_fd",),
    "fs/namei.c": ("vfs_create",),
    "fs/drop_caches.c": ("drop_caches",),
    "include/linux/mm.h": ("get_page", "put_page"),
    "mm/madvise.c": ("madvise_dontneed", "madvise_dontneed_single_vma"),
    "mm/mprotect.c": ("mprotect_fixup",),
}  # fmt: skip
_CALLS: Final = (
    "close", "exit", "fork", "fsync", "madvise", "mlock", "mmap", "mprotect", "mremap", "msync", "munlock", "munmap",
    "open", "prctl", "pread", "pwrite", "read", "sigaction", "sync", "truncate", "unlink", "write",
)  # fmt: skip


def function_term(name: str) -> Term | None:
    """Return the term for a function, named without parentheses; None for one that no step is named after."""
    return _kernel_functions().get(name)


@cache
def _kernel_functions() -> dict[str, Term]:
    from hwpoison_gui.session.fidelity.kernel_functions import modelled
    from hwpoison_gui.session.ops import OPS

    found = {name: Term(f"{name}()", "An operation of a scenario.", ("docs of this program",)) for name in OPS}
    for name in _CALLS:
        found[name] = Term(f"{name}()", "A system call: what a process asks of the kernel.", (f"man 2 {name}",))
    for file, functions in _ELSEWHERE.items():
        for name in functions:
            found[name] = Term(f"{name}()", "A function of the kernel.", (f"{file}: {name}()",))
    modules, files = dict[str, list[str]](), dict[str, list[str]]()
    for one in modelled():
        for name in one.functions:
            modules.setdefault(name, []).append(f"kernel/{one.module}")
            files.setdefault(name, []).extend(f"{file}: {name}()" for file in one.after)
    for name, where in modules.items():
        text = f"A function of the kernel. Its steps are modelled in {', '.join(where)} of this program."
        found[name] = Term(f"{name}()", text, tuple(dict.fromkeys(files[name])) or (f"{name}()",))
    return found
