"""Readers: files to observations, units and axes converted here and nowhere else."""
