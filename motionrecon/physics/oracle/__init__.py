"""Brax's own generalized pipeline, to set beside ours."""
