"""Tests of what steps log."""
