"""Gauss-Newton over trajectories: Riccati sweep, single and multiple shooting."""
