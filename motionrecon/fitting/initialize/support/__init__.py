"""Intervals in which level ground does not explain the motion."""
