"""Agreement of the model with recordings of real kernels."""
