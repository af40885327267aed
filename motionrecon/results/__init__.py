"""What a finished fit leaves behind: the result folder, exported files, report, overlay, replay."""
