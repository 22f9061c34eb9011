"""Terms of the handler: memory errors, how they are reported, and what is done about them."""

from __future__ import annotations

from typing import Final

from hwpoison_gui.kernel.profile.registry import PROFILES
from hwpoison_gui.view.words.glossary.term import Term

_HANDLER: Final = "mm/memory-failure.c"
_HWPOISON: Final = "Documentation/mm/hwpoison.rst"
_SYSCTL: Final = "Documentation/admin-guide/sysctl/vm.rst"
_SEVERITY: Final = "arch/x86/kernel/cpu/mce/severity.c"
_SDM: Final = "Intel SDM, volume 3: Machine-Check Architecture"
_RESULT: Final = f"{_HANDLER}: action_result()"

_PROFILES: Final = "; ".join(f"{profile.name} is {profile.title}" for profile in PROFILES.values())

TERMS: Final = (
    Term(
        "handler",
        "memory_failure(): what the kernel does about an error in a frame. It marks the frame, finds the "
        "processes that use it, unmaps it, signals them, and takes the page from its owner.",
        (f"{_HANDLER}: memory_failure()", _HWPOISON),
        ("memory_failure()", "memory_failure", "memory failure", "CONFIG_MEMORY_FAILURE"),
    ),
    Term(
        "hwpoison",
        "Hardware poison: the page’s memory is broken. PG_hwpoison keeps the frame from ever being allocated "
        "again, until it is unpoisoned.",
        (_HWPOISON, "include/linux/page-flags.h: PG_hwpoison"),
        ("hardware poison", "poison", "poisoned", "broken", "PG_hwpoison", "HWPOISON", "already hardware poisoned"),
    ),
    Term(
        "HardwareCorrupted",
        "The line of /proc/meminfo that counts memory with PG_hwpoison. Since 6.1 it also counts pages that stay "
        "in use because nothing could be done about them.",
        ("Documentation/filesystems/proc.rst", f"{_HANDLER}: num_poisoned_pages"),
    ),
    Term(
        "MCE",
        "Machine-check exception: the processor reports an error of the hardware. On x86 it is how most memory "
        "errors reach the handler.",
        ("arch/x86/kernel/cpu/mce/core.c: do_machine_check()", _SDM),
        ("machine check", "machine-check exception", "bMCE"),
    ),
    Term(
        "SRAO",
        "Software recoverable, action optional: an error that the memory scrubber or an eviction found, before "
        "the data was used.",
        (_SEVERITY, _SDM),
        ("scrubber",),
    ),
    Term(
        "SRAR",
        "Software recoverable, action required: a thread read the broken data. The handler runs before the thread "
        "goes on, and signals it.",
        (_SEVERITY, _SDM),
    ),
    Term(
        "RIPV",
        "Restart IP valid: a bit of the machine check that says that the interrupted thread can go on afterwards. "
        "If it is clear, the thread gets SIGBUS at once; since 6.12 the page is taken away first (MF_MUST_KILL).",
        ("arch/x86/include/asm/mce.h: MCG_STATUS_RIPV", "arch/x86/kernel/cpu/mce/core.c: kill_me_now()"),
    ),
    Term(
        "RAS",
        "Reliability, availability, serviceability: what a machine does to notice errors and to survive them.",
        ("Documentation/admin-guide/RAS/main.rst",),
        ("corrected error", "uncorrected error", "ECC"),
    ),
    Term(
        "injector",
        "A way to report an error that did not happen, for tests: madvise(MADV_HWPOISON), the hwpoison-inject "
        "module, hard_offline_page in /sys.",
        ("mm/hwpoison-inject.c", _HWPOISON),
        ("hwpoison_inject", "hard offline", "hard_offline_page", "hard_offline", "hwpoison-inject", "inject"),
    ),
    Term(
        "soft offline",
        "To take a frame out of use before it breaks, as after too many corrected errors: its content moves to "
        "another frame, and no process notices.",
        (f"{_HANDLER}: soft_offline_page()", "Documentation/ABI/testing/sysfs-memory-page-offline"),
        ("soft_offline", "soft_offline_page()", "Offlined"),
    ),
    Term(
        "unpoison",
        "To take PG_hwpoison off a frame again, for tests with injected errors. Lost data stays lost.",
        (f"{_HANDLER}: unpoison_memory()", _HWPOISON),
        ("unpoisoned", "unpoison_memory()"),
    ),
    Term(
        "state table",
        "error_states[]: rows of flags with a name and an action. The first row whose flags the page has decides "
        "what is done with it, and under which name it is logged.",
        (f"{_HANDLER}: error_states[], identify_page_state()",),
        ("error_states", "row", "action"),
    ),
    Term(
        "Recovered",
        "The result of an error whose page is out of use. The machine goes on; processes may have been killed all "
        "the same.",
        (_RESULT, _HWPOISON),
    ),
    Term(
        "Delayed",
        "The result of an error whose page is still there, unmapped; it is handled when it is touched.",
        (_RESULT,),
    ),
    Term(
        "Ignored",
        "The result of an error about which nothing was done: the page stays in use, broken, or it was free and "
        "is never allocated again.",
        (_RESULT,),
    ),
    Term("Failed", "The result of an error where an action was tried and did not succeed.", (_RESULT,)),
    Term(
        "to_kill list",
        "The processes that map the page, with the address of each, collected before it is unmapped. They are "
        "signalled after that.",
        (f"{_HANDLER}: struct to_kill, collect_procs(), kill_procs()",),
        ("to_kill", "added to to_kill", "To kill"),
    ),
    Term(
        "unmap",
        "To take a page out of the page tables. Each PTE is replaced by a hwpoison entry, or by a swap entry, or "
        "cleared.",
        ("mm/rmap.c: try_to_unmap()",),
        ("unmapped", "unmapping", "Unmapping"),
    ),
    Term(
        "memory_failure_recovery",
        "Sysctl. 1: the kernel tries to go on without the broken page. 0: it panics on any memory failure.",
        (_SYSCTL,),
        ("Recovery", "recovery"),
    ),
    Term(
        "sysctl",
        "A setting of the running kernel, here one of /proc/sys/vm.",
        (_SYSCTL, "man 8 sysctl"),
    ),
    Term(
        "panic",
        "The kernel stops the machine, as it knows no safe way to go on.",
        ("kernel/panic.c", _SYSCTL),
        ("panics", "Kernel panic", "not syncing"),
    ),
    Term(
        "hwpoison_filter",
        "Lets tests with random injection hit only some pages: of one device, with some flags, of one memory cgroup. "
        "The filters of the injector are files of debugfs, hwpoison/corrupt-filter-*. What they refuse is left alone.",
        (f"{_HANDLER}: hwpoison_filter()", _HWPOISON),
        (
            "filter",
            "filtered",
            "Filtered",
            "corrupt-filter-enable",
            "corrupt-filter-flags-mask",
            "corrupt-filter-flags-value",
            "corrupt-filter-dev-major",
            "corrupt-filter-memcg",
        ),
    ),
    Term(
        "get hwpoison page",
        "The result line since 6.12 for a page that is neither on an LRU list nor free, such as one of the kernel’s "
        "own: no reference to it can be taken. Ignored. Earlier kernels say unknown page.",
        (_RESULT, f"{_HANDLER}: get_any_page()"),
    ),
    Term(
        "already poisoned page",
        "The result line since 6.12 for an error in a page that has PG_hwpoison already: Failed, EHWPOISON. It is the "
        "only result line that is not counted. Earlier kernels log a line without a result.",
        (_RESULT, f"{_HANDLER}: memory_failure()"),
    ),
    Term(
        "unsplit thp",
        "The result line for a huge page that cannot be split, because something holds a further reference to it. "
        "6.1 ignores it; since 6.12 the result is Failed, and its processes are signalled, clean or not. It stays "
        "mapped and can be read.",
        (_RESULT, f"{_HANDLER}: kill_procs_now()"),
        ("cannot be split",),
    ),
    Term(
        "MF_ACTION_REQUIRED",
        "Flag of memory_failure(): the running thread consumed the error, so it gets BUS_MCEERR_AR at once, whatever "
        "its policy. Machine checks of the sort SRAR set it and, since 6.12, madvise(MADV_HWPOISON).",
        ("include/linux/mm.h: enum mf_flags", "mm/madvise.c: madvise_inject_error()"),
    ),
    Term(
        "MF_MUST_KILL",
        "Flag of memory_failure(): the thread that consumed the error cannot go on (RIPV is clear), so it is signalled "
        "even if the page is clean.",
        ("include/linux/mm.h: enum mf_flags", "arch/x86/kernel/cpu/mce/core.c: kill_me_maybe()"),
    ),
    Term(
        "mf_stats",
        "The counts of result lines of a node since 6.12: total, ignored, failed, delayed and recovered. A soft "
        "offline, an unpoisoning and already poisoned page do not change them.",
        ("/sys/devices/system/node/nodeN/memory_failure", f"{_HANDLER}: update_per_node_mf_stats()"),
        ("memory_failure_stats",),
    ),
    Term(
        "enable_soft_offline",
        "Sysctl vm.enable_soft_offline, since 6.12: at 0 every soft offline fails with EOPNOTSUPP. Memory failures are "
        "handled either way.",
        (_SYSCTL, f"{_HANDLER}: soft_offline_page()"),
        ("vm.enable_soft_offline",),
    ),
    Term(
        "raw hwpoison list",
        "The broken frames of a hugetlb page, listed at its head, which alone has PG_hwpoison. When the huge page is "
        "dissolved, each of them gets the flag; read(2) of a hugetlbfs file fails at them alone since 6.12.",
        (f"{_HANDLER}: hugetlb_update_hwpoison(), is_raw_hwpoison_page_in_hugepage()",),
        ("raw_hwp_list", "raw_hwp"),
    ),
    Term(
        "profile",
        f"The kernel whose handler runs here: {_PROFILES}. They differ in much of what they do.",
        ("docs/fidelity.md of this program",),
        ("v7",),
    ),
    Term(
        "kernel log",
        "What the kernel prints, as dmesg shows it. A memory failure leaves a line for each process that it "
        "kills, and one with the result.",
        (_RESULT, "man 1 dmesg"),
        ("dmesg",),
    ),
    Term("EIO", "Errno: an input/output error. Data is lost, or could not be read or written.", ("man 3 errno",)),
    Term(
        "EBUSY",
        "Errno: what is asked for is in use. The handler returns it where a page cannot be taken.",
        ("man 3 errno", _HANDLER),
    ),
    Term("EHWPOISON", "Errno: the page has a hardware error already.", ("include/uapi/asm-generic/errno.h", _HANDLER)),
    Term("ENXIO", "Errno: there is no memory at this frame number.", ("man 3 errno", _HANDLER)),
    Term(
        "EFAULT", "Errno: the kernel could not read or write at the address that a process gave it.", ("man 3 errno",)
    ),
    Term("ENOMEM", "Errno: there is no memory for it.", ("man 3 errno",)),
    Term(
        "EOPNOTSUPP",
        "Errno: this is not supported, or not allowed any more: a real error is never unpoisoned.",
        ("man 3 errno", f"{_HANDLER}: unpoison_memory()"),
    ),
    Term("EINVAL", "Errno: an argument makes no sense.", ("man 3 errno",)),
)
