"""People in pictures: pose detectors, tracking, crops, cached detections."""
