"""Metrics and parameters that steps log, and how they reach the record."""
