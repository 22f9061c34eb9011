"""The machine: frames, page tables, tasks, and the handler of memory failure.

Modules and functions carry the kernel's own names; every change goes through gate.py.
"""
