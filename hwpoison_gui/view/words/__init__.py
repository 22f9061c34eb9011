"""The sentences of steps, by site: one module for each file that declares sites."""
