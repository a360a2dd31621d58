"""The language in which runs are asked for: ``metrics.auc > 0.8 and params.depth = 6``.

`tokens` cuts a text into words, `grammar` makes a tree of them by the rules that stand there,
`fields` knows what may be asked and compared with what, `compiling` makes SQL of the tree, in which
every word of the asker's is a bound parameter. See docs/tracking.md.
"""
