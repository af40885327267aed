"""Kinematic start from 3D keypoints: floor, bone lengths, soles, inverse kinematics."""
