"""Proofs: a recorded run is run again in a scratch place, and what comes out is compared.

- `outside`: whether what fed the run from outside its project is as it was
- `scratch`: the place: the project's code as recorded, a record and a store of its own
- `child`, `asking`: the process there that runs and compares, and how it is asked
- `comparing`: node by node, output by output
- `causes`: why the first step that diverged did
- `reproduce`: all of it in order, and the verdict
"""
