"""Run methods over a data set's protocol and set them side by side in the paper's tables.

A task is one clip; its rows (one a method) are written as it ends, so that a run can be stopped and resumed. Loading
this package loads no JAX: it is needed in the workers only.
"""
