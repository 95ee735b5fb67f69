"""What every sink stands on: the seam, the loop that reads and commits, health, pauses between attempts."""
