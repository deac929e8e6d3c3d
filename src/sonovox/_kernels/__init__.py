"""C kernels on raw pointers, each beside a torch reference that is used where the kernels are absent."""
