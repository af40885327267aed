"""Rotations, skeletons, cameras and keypoint layouts: geometry that knows no simulation and no file."""
