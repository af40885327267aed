"""Readers of files: motion capture, keypoints, cameras."""
