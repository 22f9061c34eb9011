"""What is opened, saved, exported and compared by the window, and how no work is lost."""
