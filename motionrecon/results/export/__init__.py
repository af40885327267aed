"""Writers of a fit's result in files that other programs read."""
