"""Where physical memory lies in DRAM: geometries, the faults of DRAM, and published fault rates."""
