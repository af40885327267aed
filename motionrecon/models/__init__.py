"""Optimizers, and the detectors that turn pictures into landmarks."""
