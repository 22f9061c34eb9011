"""Dialogs of the window, and what opens them: notes, many frames, files of the kernel, the glossary."""
