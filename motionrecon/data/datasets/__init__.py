"""Data sets by name: what each offers, and its clips."""
