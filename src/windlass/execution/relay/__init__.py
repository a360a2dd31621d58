"""Runs whose workers cannot reach the record: what they need and what they tell are objects.

Whoever begins the run posts its document; each worker keeps a record of its own, of one process,
filled from what other workers posted, and posts what came of its node, once; whoever drives the
run, or `windlass sync`, folds that into the record. See docs/decisions/0014.
"""
