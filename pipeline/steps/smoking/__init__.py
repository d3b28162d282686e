"""What smoke is made of: the image, run here as Cloud Run would run it."""
