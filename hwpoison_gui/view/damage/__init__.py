"""Damage: what errors in all frames of a machine would do, summed up. No error happens; the machine stays as it is.

use             A frame and a process that has it: by a PTE, by a swap entry, or by a VMA of the file alone.
hit             A use, and the impact (base/impacts.py) that an error in the frame would have on the process.
damage          Outcome class of every frame, and all hits, under one policy (`Damage`).
policy          vm.memory_failure_early_kill: 0 or 1. Each has a damage of its own.
danger          The order of frames by what an error there would do to the machine (worst.py).
"""
