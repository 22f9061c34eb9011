"""The reverse map of one frame as a graph: the frame, its anon_vma or file, VMAs, PTEs, and processes."""
