"""Trackers are told what the record has: beside a run, and whenever something asks for it."""
