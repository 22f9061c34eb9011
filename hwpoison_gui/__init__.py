"""hwpoison-gui: see how Linux survives broken memory.

A model of physical memory and of the kernel's memory_failure(), and a window on it.
"""

__version__ = "0.1.0"
