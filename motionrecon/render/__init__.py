"""Pictures: a solid human figure, a rasterizer, surroundings, marks and a video writer."""
