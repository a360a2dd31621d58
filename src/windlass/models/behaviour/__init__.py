"""The table of tests: what a model must do, case by case, in a file that a domain person edits.

Three kinds of row, after M. T. Ribeiro et al., Beyond Accuracy: Behavioral Testing of NLP Models
with CheckList, ACL 2020:

- ``minimum``: a small labelled case;
- ``invariance``: a change that must not move the output;
- ``directional``: a change that must move it a stated way.

Its modules: `reading` (files to rows of text), `expectations` and `changes` (what cells say),
`cells` (text to values of a column, typical values), `rows` (a row, bound to a version),
`trying` (asking the version), `collecting` (an item of pytest for each row).
"""
