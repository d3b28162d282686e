"""The real stages against the real state model, in virtual time, disturbed by seed."""
