"""Where plans run: one small package a target, and what launches a run on any of them."""
