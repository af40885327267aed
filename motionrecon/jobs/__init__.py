"""Work and its files: progress, JAX set up, worker processes, rows and files that are whole or not there."""
