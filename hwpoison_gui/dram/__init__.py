"""Location of physical memory in DRAM: geometries, the faults of DRAM, and published fault rates."""
