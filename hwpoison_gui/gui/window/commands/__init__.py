"""Commands of the window as tables, and what is made of them: the palette, the page of keys, the Help menu."""
