"""Kinematic start from 2D keypoints: whole-clip least squares with camera, stature and contacts."""
