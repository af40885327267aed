"""A clip becomes the motion of a simulated person: observe, initialize, prepare, solve windows, assemble."""
