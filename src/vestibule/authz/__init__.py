"""The decision engine: catalogue, levels, standing, reach, decision. Pure Python, no Django."""
