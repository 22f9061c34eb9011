"""Terms of processes: address spaces, the reverse map, files and signals."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.view.words.glossary.term import Term

_RMAP: Final = "mm/rmap.c"
_SIGNAL: Final = "kernel/signal.c"
_SIGACTION: Final = "man 2 sigaction"
_HWPOISON: Final = "Documentation/mm/hwpoison.rst"
_PTES: Final = "Documentation/mm/page_tables.rst"

TERMS: Final = (
    Term(
        "process",
        "A running program: threads that share one address space. Its PID is the number of its first thread.",
        ("include/linux/sched.h: struct task_struct",),
        ("task", "Task"),
    ),
    Term(
        "thread",
        "What the scheduler runs. Each has its own PR_MCE_KILL policy and signal mask; the kernel calls it a task.",
        ("include/linux/sched.h: struct task_struct", "man 2 clone"),
        ("Thr",),
    ),
    Term(
        "PID",
        "The number of a process. In a container it has another one as well: /proc/PID/status has both in NSpid.",
        ("kernel/pid.c", "man 7 pid_namespaces"),
        ("tgid", "NSpid", "TID"),
    ),
    Term(
        "init",
        "Process 1. A signal that it would die of by default is dropped when it is sent; where one is forced on "
        "it all the same, as by touching a broken page, the kernel panics.",
        (f"{_SIGNAL}: sig_task_ignored()", "kernel/exit.c: do_exit()"),
        ("SIGNAL_UNKILLABLE", "PID 1"),
    ),
    Term(
        "PID namespace",
        "Processes with numbers of their own, as in a container. Its process 1 is its init: it is spared like that of "
        "the machine, but when it dies, the kernel kills all others in it and goes on.",
        ("kernel/pid_namespace.c: zap_pid_ns_processes()", "man 7 pid_namespaces"),
        ("namespace", "container"),
    ),
    Term(
        "PROT_NONE",
        "The protection of a VMA that nobody may access: a touch raises SIGSEGV (SEGV_ACCERR), whatever its PTEs map.",
        ("arch/x86/mm/fault.c: access_error()", "man 2 mprotect"),
    ),
    Term(
        "address space",
        "All virtual addresses of a process: its VMAs and its page tables, in a struct mm_struct.",
        ("include/linux/mm_types.h: struct mm_struct", "Documentation/mm/process_addrs.rst"),
        ("mm_struct", "mm"),
    ),
    Term(
        "VMA",
        "Virtual memory area: a range of addresses of a process with the same use and rights, as one line of "
        "/proc/PID/maps shows it. It says what may be mapped; a PTE says what is.",
        ("include/linux/mm_types.h: struct vm_area_struct", "mm/mmap.c"),
        ("virtual memory area", "vm_area_struct"),
    ),
    Term(
        "PTE",
        "Page-table entry: what the processor finds for 4 KiB of virtual addresses. A present one names a frame; "
        "others are empty, or say where the page is instead, such as a swap entry or a hwpoison entry.",
        (_PTES, "arch/x86/include/asm/pgtable_types.h"),
        ("page-table entry", "page-table entries", "page table entry", "unmapped PTE"),
    ),
    Term(
        "present PTE",
        "Said of a PTE that names a frame: the processor uses it without asking the kernel.",
        (_PTES,),
    ),
    Term(
        "accessed bit",
        "Set by the processor in a PTE when its page is used; reclaim reads and clears it.",
        ("arch/x86/include/asm/pgtable_types.h: _PAGE_ACCESSED",),
        ("accessed",),
    ),
    Term(
        "hwpoison entry",
        "What the handler leaves in a page table where a broken page was mapped. A process that touches the "
        "address gets SIGBUS (BUS_MCEERR_AR).",
        ("include/linux/swapops.h: make_hwpoison_entry()", "mm/memory.c: do_swap_page()"),
        ("huge hwpoison entry",),
    ),
    Term(
        "migration entry",
        "Stands in a page table while a page is moved to another frame; a process that touches it waits.",
        ("mm/migrate.c: remove_migration_ptes()",),
    ),
    Term(
        "page fault",
        "The processor finds no usable PTE for an address and asks the kernel, which maps a page, or sends a signal.",
        ("mm/memory.c: handle_mm_fault()", "arch/x86/mm/fault.c"),
        ("fault", "faulted in", "fault-around", "VM_FAULT_SIGBUS"),
    ),
    Term(
        "reverse map",
        "The way from a page to all page tables that may map it: over page->mapping to an anon_vma or a file, "
        "from there to the VMAs, and in each to one address. It has to be walked to take a page away.",
        (f"{_RMAP}: rmap_walk()", "Documentation/mm/process_addrs.rst"),
        ("rmap", "walk"),
    ),
    Term(
        "anon_vma",
        "The object that leads from an anonymous page to all VMAs that may map it: those of the process that made "
        "it and of the processes that were forked from it.",
        (f"{_RMAP}: anon_vma_fork()", "include/linux/rmap.h: struct anon_vma"),
        ("anon_vma_chain",),
    ),
    Term(
        "i_mmap",
        "The interval tree of a file that holds all VMAs that map it, by the pages they cover. It is how a page "
        "of a file leads to its processes.",
        ("include/linux/fs.h: struct address_space", "mm/interval_tree.c"),
        ("interval tree",),
    ),
    Term(
        "address_space",
        "What the kernel keeps of a file’s content: its page cache, the VMAs that map it (i_mmap), and errors of "
        "write-back. page->mapping of a file’s page points to it.",
        ("include/linux/fs.h: struct address_space",),
    ),
    Term(
        "page->mapping",
        "To what a page belongs: the address_space of a file, or an anon_vma. Without it the handler cannot find "
        "who uses the page.",
        ("include/linux/mm_types.h: struct page", "include/linux/page-flags.h: PAGE_MAPPING_ANON"),
        ("mapping", "Mapping", "Owner"),
    ),
    Term(
        "page->index",
        "The place of a page in its file or in its anonymous VMA, counted in pages. With the VMA’s pgoff it gives "
        "the address at which the VMA maps the page.",
        (f"{_RMAP}: vma_address()",),
        ("Index", "index", "pgoff", "vm_pgoff", "page offset"),
    ),
    Term(
        "page_mapped_in_vma",
        "Whether a page is really mapped in a VMA that could map it: looks at the one PTE that its index leads to.",
        (f"{_RMAP}, mm/page_vma_mapped.c: page_mapped_in_vma()",),
    ),
    Term(
        "private mapping",
        "A mapping whose writes are the process’s own (MAP_PRIVATE): the first write to a page copies it. A "
        "shared one writes to the file, or to memory that others see.",
        ("man 2 mmap", "mm/memory.c: do_wp_page()"),
        ("private", "shared", "MAP_PRIVATE", "MAP_SHARED", "Perms"),
    ),
    Term(
        "inode",
        "The kernel’s object of a file, whatever names it has. A deleted file lives on while it is open or mapped.",
        ("include/linux/fs.h: struct inode", "Documentation/filesystems/vfs.rst"),
        ("deleted",),
    ),
    Term("mmap", "A process asks for a VMA: memory, or a file to be seen as memory.", ("mm/mmap.c", "man 2 mmap")),
    Term(
        "madvise",
        "A process tells the kernel about its memory. With MADV_HWPOISON it reports an error in a page of its "
        "own, as test programs do.",
        ("mm/madvise.c: madvise_inject_error()", "man 2 madvise"),
        ("MADV_HWPOISON",),
    ),
    Term(
        "fork",
        "Makes a child with a copy of the page tables. Parent and child map the same frames, read-only, until one "
        "writes.",
        ("kernel/fork.c: dup_mmap()", "mm/memory.c: copy_page_range()"),
        ("forked",),
    ),
    Term(
        "CoW",
        "Copy on write: pages that fork() made shared are mapped read-only, and the first write gets a copy of "
        "its own.",
        ("mm/memory.c: do_wp_page(), wp_page_copy()",),
        ("copy-on-write", "copy on write"),
    ),
    Term(
        "RSS",
        "Resident set size: how much memory of a process is in frames now.",
        ("fs/proc/task_mmu.c", "man 5 proc"),
        ("resident",),
    ),
    Term(
        "OOM",
        "Out of memory: nothing is left to reclaim, and the kernel kills a process to go on.",
        ("mm/oom_kill.c",),
        ("OOM killer", "out of memory"),
    ),
    Term(
        "GUP", "get_user_pages(): the kernel looks pages of a process up, and takes references to them.", ("mm/gup.c",)
    ),
    Term(
        "fsync",
        "Writes a file’s dirty pages to disk and reports errors. It is where a program learns that a page that it "
        "had written was lost.",
        ("mm/filemap.c: file_check_and_advance_wb_err()", "man 2 fsync"),
        ("msync", "fdatasync"),
    ),
    Term(
        "noop_fsync",
        "The fsync() of tmpfs and hugetlbfs, which have no disk: it does nothing and returns 0, so it reports no lost "
        "write. 2.6.32 has none.",
        ("fs/libfs.c: noop_fsync()", "mm/shmem.c: shmem_file_operations"),
    ),
    Term(
        "AS_EIO",
        "The mark on a file’s address_space that a write was lost. The first fsync() while a page of it is "
        "cached returns EIO and clears it, so only one caller hears of it.",
        ("include/linux/pagemap.h: mapping_set_error()", "mm/filemap.c: filemap_check_errors()"),
    ),
    Term(
        "errseq",
        "A counter of errors of write-back. Each open file has seen it up to some point, so each gets EIO once.",
        ("lib/errseq.c", "Documentation/core-api/errseq.rst"),
        ("errseq_t",),
    ),
    Term(
        "SIGBUS",
        "The signal for an access that the memory cannot serve. Unless the process catches it, it dies.",
        (_SIGACTION, "man 7 signal", "mm/memory-failure.c: kill_proc()"),
    ),
    Term("SIGSEGV", "The signal for an access that no VMA allows.", ("man 7 signal", "arch/x86/mm/fault.c")),
    Term(
        "SIGKILL",
        "The signal that cannot be caught, blocked or ignored. The handler sends it where it could not unmap a "
        "page, or knows no address to report.",
        ("man 7 signal", "mm/memory-failure.c: kill_procs()"),
    ),
    Term(
        "AO",
        "Action optional: an error that was found before anybody used the data. The process may be told (early "
        "kill), and can go on until it touches the page.",
        (_SIGACTION, "arch/x86/kernel/cpu/mce/severity.c"),
        ("action optional", "BUS_MCEERR_AO"),
    ),
    Term(
        "AR",
        "Action required: a thread has run into the error and cannot go on without the data. The signal is "
        "forced, even if it is blocked or ignored.",
        (_SIGACTION, "arch/x86/kernel/cpu/mce/severity.c"),
        ("action required", "BUS_MCEERR_AR"),
    ),
    Term(
        "BUS_MCEERR",
        "si_code of a SIGBUS for broken memory: BUS_MCEERR_AO for an error that was reported, BUS_MCEERR_AR for "
        "one that was touched. si_addr has the address, si_addr_lsb the size of what is lost.",
        (_SIGACTION, "include/uapi/asm-generic/siginfo.h"),
        ("si_addr", "si_code", "si_addr_lsb"),
    ),
    Term(
        "BUS_ADRERR",
        "si_code of a SIGBUS for an address without a page behind it: past the end of a file, or without a huge "
        "page left in the pool.",
        (_SIGACTION,),
    ),
    Term(
        "SI_KERNEL",
        "si_code of a signal that the kernel sends without saying more.",
        (_SIGACTION, "include/uapi/asm-generic/siginfo.h"),
        ("forced",),
    ),
    Term(
        "disposition",
        "What a process does with a signal: the default (for SIGBUS: die), a handler of its own, or ignore it. "
        "Each thread may also block the signal, which then stays pending.",
        (_SIGACTION, "man 2 sigprocmask"),
        ("signal handler", "blocked", "pending", "signal mask", "Pending"),
    ),
    Term(
        "early kill",
        "Processes that lose data to an error are signalled as soon as it is reported (BUS_MCEERR_AO), before any of "
        "them touches the page; those whose policy is late are not.",
        (_HWPOISON, "mm/memory-failure.c: collect_procs()"),
        ("early", "memory_failure_early_kill", "vm.memory_failure_early_kill", "early_kill"),
    ),
    Term(
        "late kill",
        "The page is unmapped, and a process is signalled when it touches it (BUS_MCEERR_AR). This is the default.",
        (_HWPOISON,),
        ("late", "dies on touch"),
    ),
    Term(
        "PR_MCE_KILL",
        "prctl() by which a thread chooses early or late kill for itself, whatever vm.memory_failure_early_kill is.",
        ("man 2 prctl", "kernel/sys.c: prctl()"),
        ("policy", "Policy", "PF_MCE_EARLY", "PF_MCE_PROCESS"),
    ),
)
