"""The terms of the kernel that the window uses: what each means, and where to read on."""
