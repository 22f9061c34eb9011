"""The operations of scenario files and of the window: generators over kernel functions.

OPS maps the name of an operation to its generator. Keys and types of the arguments were checked by scenario/schema.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hwpoison_gui.kernel import exit, fork, fs, gup, madvise, mmap, swap
from hwpoison_gui.kernel.hugetlb import hugetlb_file_setup
from hwpoison_gui.kernel.hugetlb_pool import set_max_huge_pages
from hwpoison_gui.kernel.hwpoison_filter import FILTER_FILES, setting
from hwpoison_gui.kernel.ksm import ksmd, madvise_mergeable
from hwpoison_gui.kernel.mark import Act, Mark, Steps, site
from hwpoison_gui.kernel.memory import Access, access
from hwpoison_gui.kernel.records import PAGE_SHIFT, PAGE_SIZE, Inode, Process, Vma
from hwpoison_gui.kernel.signal import sigaction
from hwpoison_gui.session.errors import ScenarioError
from hwpoison_gui.session.frame_ops import FRAME_OPS
from hwpoison_gui.session.limits import check_created, check_mapped, check_populated, whole_huge_pages
from hwpoison_gui.session.outcome import DONE, Args, OpResult, errno_of
from hwpoison_gui.session.world import World

STARTED: Final = site("do_fork", args="comm")
FORKED: Final = site("do_fork", args="parent_comm parent comm child", name="fork")
WOKEN: Final = site("wake_up_new_task", args="comm")
PRCTL: Final = site("prctl", args="policy")
SIGACTION: Final = site("do_sigaction", args="sigbus sigsegv")
CREATED: Final = site("vfs_create", args="path pages filesystem")
OPENED: Final = site("do_sys_open", args="comm path")
CLOSED: Final = site("sys_close", args="comm fd")
PROTECTED: Final = site("mprotect_fixup", args="at pages prot")
DONTNEED: Final = site("madvise_dontneed", Act.UNMAP, args="pages start")
SYSCTL: Final = site("proc_dointvec_minmax", args="sysctl old new")
DEBUGFS: Final = site("debugfs_attr_write", args="file old new")
OVERCOMMIT: Final = site("hugetlb_overcommit_handler", args="old new")
CHECKED: Final = site("", name="check")


def _range(w: World, a: Args) -> tuple[int, int, int]:
    """(mm id, start, end) of the arguments task, at and pages; start and end are virtual addresses in bytes."""
    start = w.address(a["task"], a["at"])
    return w.process(a["task"]).mm, start, start + (a["pages"] << PAGE_SHIFT)


def _access(steps: Steps[Access]) -> Steps[OpResult]:
    came = yield from steps
    return OpResult(errno=came.errno, value=came.value)


# Tasks


def op_task(w: World, a: Args) -> Steps[OpResult]:
    """Create a process with an empty address space, a child of init: do_fork() and execve()."""
    blocked = a["sigbus"] == "blocked"
    process = Process(0, 1, a["comm"], a["name"], 0, "handler" if blocked else a["sigbus"], a["sigsegv"])
    pid = a.get("pid", 0)
    if pid in w.machine.tasks.view:
        raise ScenarioError(f"pid {pid} is in use", key="pid")
    tgid = fork.create_task(w.machine, process, a["mce_kill"], blocked, a["threads"], pid, a.get("newpid", False))
    if tgid is None:
        return OpResult(errno="ENOMEM")
    _name_task(w, a["name"], tgid)
    yield Mark(STARTED, (a["comm"],), tasks=(tgid,))
    return DONE


def _name_task(w: World, name: str, tgid: int) -> None:
    if name in w.task_names.view:
        raise ScenarioError(f"there is a task {name!r} already", key="name")
    w.machine.put(w.task_names, name, tgid)
    w.machine.put(w.task_names, w.machine.processes.view[tgid].label, tgid)


def op_fork(w: World, a: Args) -> Steps[OpResult]:
    """do_fork(): the child gets copies of the parent's address space, descriptors and VMA names."""
    parent = w.process(a["task"])
    main = w.machine.tasks.view[parent.tgid]
    sigbus = a.get("sigbus") or ("blocked" if main.blocked else parent.sigbus)
    blocked = sigbus == "blocked"
    child = parent._replace(
        ppid=parent.tgid,
        comm=a["comm"],
        name=a["child"],
        sigbus="handler" if blocked else sigbus,
        sigsegv=a.get("sigsegv") or parent.sigsegv,
    )
    policy = a.get("mce_kill") or main.mce_kill
    tables = fork.tables_to_copy(w.machine, parent.mm)
    newpid = a.get("newpid", False)
    tgid = fork.create_task(w.machine, child, policy, blocked, a["threads"], newpid=newpid, tables=tables)
    if tgid is None:
        return OpResult(errno="ENOMEM")
    _name_task(w, a["child"], tgid)
    yield Mark(FORKED, (parent.comm, parent.tgid, a["comm"], tgid), tasks=(parent.tgid, tgid))
    yield from fork.dup_mm(w.machine, parent.mm, tgid)
    for name, area in w.areas.of(parent.tgid).items():
        w.machine.put(w.areas, (tgid, name), area)
    fork.dup_fds(w.machine, parent.tgid, tgid)
    yield Mark(WOKEN, (a["comm"],), tasks=(tgid,))
    return DONE


def op_exit(w: World, a: Args) -> Steps[OpResult]:
    """do_exit() of all threads of a process."""
    yield from exit.do_exit(w.machine, w.process(a["task"]).tgid)
    return DONE


def op_prctl(w: World, a: Args) -> Steps[OpResult]:
    """prctl(PR_MCE_KILL) of a thread."""
    task = w.thread(a["task"], a["thread"])
    w.machine.put(w.machine.tasks, task.tid, task._replace(mce_kill=a["mce_kill"]))
    yield Mark(PRCTL, (a["mce_kill"],), tasks=(task.tid,))
    return OpResult(mce_kill=a["mce_kill"])


def op_sigaction(w: World, a: Args) -> Steps[OpResult]:
    """do_sigaction() for SIGBUS and SIGSEGV, or a blocked SIGBUS."""
    task = w.thread(a["task"], a["thread"])
    sigaction(w.machine, task.tid, a.get("sigbus"), a.get("sigsegv"))
    yield Mark(SIGACTION, (a.get("sigbus") or "", a.get("sigsegv") or ""), tasks=(task.tid,))
    return DONE


# Files


def op_file(w: World, a: Args) -> Steps[OpResult]:
    """vfs_create() of a file with content or holes."""
    if a["path"] in w.machine.paths.view:
        raise ScenarioError(f"there is a file {a['path']!r} already", key="path")
    whole_huge_pages(a, a["filesystem"] == "hugetlbfs", "pages")
    if not a["hole"] and a["filesystem"] == "tmpfs" and not check_created(w.machine, a["pages"]):
        return OpResult(errno="ENOMEM")
    made = fs.create_file(w.machine, a["path"], a["pages"], a["filesystem"], a["hole"], a.get("folio", 1))
    yield Mark(CREATED, (a["path"], a["pages"], a["filesystem"]))
    return DONE if made is not None else OpResult(errno="ENOMEM")


def op_open(w: World, a: Args) -> Steps[OpResult]:
    """do_sys_open(); a descriptor of that name is closed first, as dup2() does."""
    process = w.process(a["task"])
    w.inode(a["path"])
    if a["fd"] in w.machine.fds.of(process.tgid):
        exit.close_fd(w.machine, process.tgid, a["fd"])
    fs.do_open(w.machine, process.tgid, a["path"], a["fd"])
    yield Mark(OPENED, (process.comm, a["path"]), tasks=(process.tgid,))
    return DONE


def op_close(w: World, a: Args) -> Steps[OpResult]:
    """sys_close(): the last descriptor of an open file releases it."""
    w.description(a["task"], a["fd"])
    process = w.process(a["task"])
    exit.close_fd(w.machine, process.tgid, a["fd"])
    yield Mark(CLOSED, (process.comm, a["fd"]), tasks=(process.tgid,))
    return DONE


def _inode_of_fd(w: World, a: Args) -> tuple[Any, int]:
    number = w.description(a["task"], a["fd"])
    return w.machine.inodes.view[w.machine.open_files.view[number].inode], number


def op_pread(w: World, a: Args) -> Steps[OpResult]:
    """pread64() of one page through the page cache."""
    return (yield from _access(fs.do_pread(w.machine, _inode_of_fd(w, a)[0], a["page"])))


def op_pwrite(w: World, a: Args) -> Steps[OpResult]:
    """pwrite64() of one page into the page cache."""
    return (yield from errno_of(fs.do_pwrite(w.machine, _inode_of_fd(w, a)[0], a["page"], a["value"])))


def op_fsync(w: World, a: Args) -> Steps[OpResult]:
    """do_fsync()."""
    return (yield from errno_of(fs.do_fsync(w.machine, *_inode_of_fd(w, a))))


def op_msync(w: World, a: Args) -> Steps[OpResult]:
    """msync(MS_SYNC) of a range."""
    return (yield from errno_of(fs.do_msync(w.machine, *_range(w, a))))


def op_sync(w: World, a: Args) -> Steps[OpResult]:
    """sync(), for one file."""
    return (yield from errno_of(fs.do_sync(w.machine, w.inode(a["path"]))))


def op_truncate(w: World, a: Args) -> Steps[OpResult]:
    """do_truncate()."""
    inode = w.inode(a["path"])
    whole_huge_pages(a, inode.filesystem == "hugetlbfs", "pages")
    return (yield from errno_of(fs.do_truncate(w.machine, inode, a["pages"])))


def op_punch_hole(w: World, a: Args) -> Steps[OpResult]:
    """fallocate(FALLOC_FL_PUNCH_HOLE) of one page."""
    return (yield from errno_of(fs.do_punch_hole(w.machine, w.inode(a["path"]), a["page"], a["page"] + 1)))


def op_drop_caches(w: World, a: Args) -> Steps[OpResult]:
    """Write 1 to /proc/sys/vm/drop_caches."""
    return (yield from errno_of(fs.do_drop_caches(w.machine)))


def op_unlink(w: World, a: Args) -> Steps[OpResult]:
    """do_unlinkat(): remove the name of a file."""
    w.inode(a["path"])
    return (yield from errno_of(fs.do_unlink(w.machine, a["path"])))


# Address spaces


def op_mmap(w: World, a: Args) -> Steps[OpResult]:
    """do_mmap() of a new VMA, anonymous or of a file, and its name; populated or locked if asked for."""
    m, process = w.machine, w.process(a["task"])
    if w.is_mapped(process.tgid, a["name"]):
        raise ScenarioError(f"task {a['task']!r} has a VMA {a['name']!r} already", key="name")
    inode, description = _mapped_file(w, a)
    huge = _huge_of(a, inode)
    vma = Vma(0, process.mm, 0, 0, a["prot"], a["shared"], inode.id if inode else 0, a["offset"], huge=huge)
    if inode is None and not a["shared"] and m.profile.has("multi_size_thp"):
        vma = vma._replace(folio=a.get("folio", 1))
    if a["populate"] or a["locked"]:
        check_mapped(m, vma, a["pages"])
    if a.get("fixed"):
        start = w.address(a["task"], a["fixed"], "fixed")
    else:
        start = mmap.get_unmapped_area(m, process.mm, a["pages"], max(mmap.alignment_of(vma), a.get("folio", 1)))
        if start < 0:
            return OpResult(errno="ENOMEM")
    mapping = vma.mapping
    if huge == "hugetlb" and not mapping:
        mapping = hugetlb_file_setup(m, a["pages"])
    elif a["shared"] and not mapping:
        mapping = fs.create_shmem(m, a["pages"], a.get("folio", 1))
    if inode is not None and not a.get("fd") and inode.filesystem != "hugetlbfs":
        description = fs.dentry_open(m, inode)
    before = w.areas.get((process.tgid, a["name"]))
    m.put(w.areas, (process.tgid, a["name"]), (start, a["pages"]))
    vma = vma._replace(
        start=start,
        end=start + a["pages"] * PAGE_SIZE,
        mapping=mapping,
        file=description,
        locked=a["locked"],
        name=a["name"],
    )
    result = yield from errno_of(mmap.do_mmap(m, vma, a["populate"]))
    if result.errno:
        m.put(w.areas, (process.tgid, a["name"]), before)
    return result


def _mapped_file(w: World, a: Args) -> tuple[Inode | None, int]:
    """(inode, open file) that mmap() maps; that of the descriptor `fd`, if it is given, whatever its path is now."""
    if a.get("fd"):
        description = w.description(a["task"], a["fd"])
        return w.machine.inodes.view[w.machine.open_files.view[description].inode], description
    return (w.inode(a["file"], "file") if a.get("file") else None), 0


def _huge_of(a: Args, inode: Inode | None) -> str:
    """`huge` of the VMA; raises ScenarioError if the file or its size cannot be mapped like that."""
    on_hugetlbfs = inode is not None and inode.filesystem == "hugetlbfs"
    if a["huge"] == "hugetlb" and inode is not None and not on_hugetlbfs:
        raise ScenarioError(f'"hugetlb" needs a file on hugetlbfs; {inode.path!r} is on {inode.filesystem}', key="huge")
    huge: str = "hugetlb" if on_hugetlbfs else a["huge"]
    whole_huge_pages(a, huge == "hugetlb", "pages")
    whole_huge_pages(a, huge == "hugetlb", "offset")
    return huge


def op_munmap(w: World, a: Args) -> Steps[OpResult]:
    """do_munmap() of a range."""
    return (yield from errno_of(mmap.do_munmap(w.machine, *_range(w, a))))


def op_mremap(w: World, a: Args) -> Steps[OpResult]:
    """do_mremap() of a range to a new place, under a new name (MREMAP_MAYMOVE); ksmd merges what that has unshared."""
    mm, start, end = _range(w, a)
    if not mmap.covered(w.machine, mm, start, end):
        return OpResult(errno="EFAULT")
    if mmap.cuts_huge_page(w.machine, mm, start, end) or not mmap.can_mremap(w.machine, mm, start, end):
        return OpResult(errno="EINVAL")
    new = yield from mmap.do_mremap(w.machine, mm, start, a["pages"])
    if new < 0:
        return OpResult(errno="ENOMEM")
    w.machine.put(w.areas, (w.process(a["task"]).tgid, a["name"]), (new, a["pages"]))
    yield from ksmd(w.machine, mm, new, new + end - start)
    return DONE


def op_mprotect(w: World, a: Args) -> Steps[OpResult]:
    """do_mprotect() of a range."""
    errno = mmap.do_mprotect(w.machine, *_range(w, a), a["prot"])
    yield Mark(PROTECTED, (a["at"], a["pages"], a["prot"]))
    return OpResult(errno=errno)


def op_mlock(w: World, a: Args) -> Steps[OpResult]:
    """do_mlock() of a range; ksmd, which never sleeps here, merges what that has unshared."""
    check_populated(w.machine, *_range(w, a))
    result = yield from errno_of(mmap.do_mlock(w.machine, *_range(w, a), lock=True))
    yield from ksmd(w.machine, *_range(w, a))
    return result


def op_munlock(w: World, a: Args) -> Steps[OpResult]:
    """munlock() of a range: do_mlock() with lock=False."""
    return (yield from errno_of(mmap.do_mlock(w.machine, *_range(w, a), lock=False)))


def _dontneed(w: World, mm: int, start: int, end: int) -> Steps[int | str]:
    errno = mmap.madvise_dontneed(w.machine, mm, start, end)
    yield Mark(DONTNEED, ((end - start) >> PAGE_SHIFT, start))
    return errno


_ADVICE: Final[dict[str, Callable[[World, int, int, int], Steps[int | str]]]] = {
    "dontneed": _dontneed,
    "mergeable": lambda w, mm, start, end: madvise_mergeable(w.machine, mm, start, end),
    "pageout": lambda w, mm, start, end: madvise.madvise_pageout(w.machine, mm, start, end),
    "populate_read": lambda w, mm, start, end: madvise.madvise_populate_read(w.machine, mm, start, end),
}


def op_madvise(w: World, a: Args) -> Steps[OpResult]:
    """sys_madvise() of a range; see _ADVICE."""
    if a["advice"] == "populate_read":
        check_populated(w.machine, *_range(w, a), write=False)
    return (yield from errno_of(_ADVICE[a["advice"]](w, *_range(w, a))))


def op_swapin(w: World, a: Args) -> Steps[OpResult]:
    """swapin_readahead() of the page at an address: it enters the swap cache without being mapped."""
    mm = w.process(a["task"]).mm
    return (yield from errno_of(swap.swapin_readahead(w.machine, mm, w.address(a["task"], a["at"]))))


# Memory accesses and others


def op_read(w: World, a: Args) -> Steps[OpResult]:
    """A thread reads a page; handle_mm_fault() if it is not mapped."""
    task = w.thread(a["task"], a["thread"])
    return (yield from _access(access(w.machine, task.tid, w.address(a["task"], a["at"]))))


def op_write(w: World, a: Args) -> Steps[OpResult]:
    """A thread writes to a page; handle_mm_fault() if it is not mapped writable."""
    task = w.thread(a["task"], a["thread"])
    came = yield from access(w.machine, task.tid, w.address(a["task"], a["at"]), a["value"])
    return OpResult(errno=came.errno)


def op_copy_from_user(w: World, a: Args) -> Steps[OpResult]:
    """copy_from_user(): the kernel reads user memory, for process `by`."""
    w.process(a["by"], "by")
    mm = w.process(a["task"]).mm
    return (yield from _access(gup.copy_from_user(w.machine, mm, w.address(a["task"], a["at"]))))


def op_sysctl(w: World, a: Args) -> Steps[OpResult]:
    """Write 0 or 1 to a file in /proc/sys/vm (proc_dointvec_minmax())."""
    old = w.machine.sysctl.view[a["name"]]
    w.machine.put(w.machine.sysctl, a["name"], a["value"])
    yield Mark(SYSCTL, (a["name"], old, a["value"]))
    return DONE


def op_debugfs(w: World, a: Args) -> Steps[OpResult]:
    """Write to a file in /sys/kernel/debug/hwpoison: debugfs_u32_set(), debugfs_u64_set()."""
    name, value = a["name"], a["value"]
    if value >> FILTER_FILES[name].bits:
        raise ScenarioError(f"{name} has {FILTER_FILES[name].bits} bits, so at most 0xffffffff", key="value")
    old = setting(w.machine, name)
    w.machine.put(w.machine.filters, name, value)
    yield Mark(DEBUGFS, (name, old, value))
    return DONE


def op_hugepages(w: World, a: Args) -> Steps[OpResult]:
    """Write `pages` to /proc/sys/vm/nr_hugepages: the pool grows or shrinks as far as it can."""
    return (yield from errno_of(set_max_huge_pages(w.machine, a["pages"])))


def op_overcommit_hugepages(w: World, a: Args) -> Steps[OpResult]:
    """Write `pages` to /proc/sys/vm/nr_overcommit_hugepages (hugetlb_overcommit_handler())."""
    old = w.machine.counter("nr_overcommit_huge_pages")
    w.machine.put(w.machine.counters, "nr_overcommit_huge_pages", a["pages"])
    yield Mark(OVERCOMMIT, (old, a["pages"]))
    return DONE


def op_check(w: World, a: Args) -> Steps[OpResult]:
    """Change nothing; `expect` of the step is compared with the machine."""
    policy = w.machine.tasks.view[w.process(a["task"]).tgid].mce_kill if a.get("task") else None
    if a.get("frame"):
        w.frame(a["frame"])
    yield Mark(CHECKED)
    return OpResult(mce_kill=policy)


OPS: Final[dict[str, Callable[[World, Args], Steps[OpResult]]]] = {
    op.__name__.removeprefix("op_"): op
    for op in (
        *FRAME_OPS,
        op_task,
        op_fork,
        op_exit,
        op_prctl,
        op_sigaction,
        op_file,
        op_open,
        op_close,
        op_mmap,
        op_munmap,
        op_mremap,
        op_mprotect,
        op_mlock,
        op_munlock,
        op_madvise,
        op_swapin,
        op_read,
        op_write,
        op_copy_from_user,
        op_pread,
        op_pwrite,
        op_fsync,
        op_msync,
        op_sync,
        op_truncate,
        op_punch_hole,
        op_drop_caches,
        op_unlink,
        op_sysctl,
        op_debugfs,
        op_hugepages,
        op_overcommit_hugepages,
        op_check,
    )
}
