"""Where and in which number format a run computes."""
