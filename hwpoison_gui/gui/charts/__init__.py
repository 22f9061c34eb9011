"""Charts, drawn by pyqtgraph: the only package that imports it, when the first chart is shown."""
