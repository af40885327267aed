"""Surface markers: which set a recording has, and the joint centres under the skin."""
