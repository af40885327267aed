"""Force plates: the record, and readers of C3D, OpenSim MOT and NPZ."""
