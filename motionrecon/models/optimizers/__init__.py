"""General optimizers behind one protocol: BFGS, L-BFGS, Adam, SciPy, learned rules; loss evaluations counted."""
