"""Taking note of what a model is asked: the prediction log, feedback, and counts in windows.

The model's thread only lays what it answered into a bounded `inbox`. One thread of the `observer`
drains it twice a second: it counts every row in the bins of the release (`counting`), and
appends what is logged to a `journal` on this machine's disk. Another one `publishing` thread makes
closed journals Parquet segments at their `place`, a folder or a URL, and saves the counts.

    {log}/{model}/predictions/2026-11-22/{ms}-{version}-{writer}-{n}.parquet
    {log}/{model}/feedback/2026-11-22/{ms}-0-{writer}-{n}.parquet

Of a process that is killed what was noted in the last half second is lost, and counts of
the last five seconds; its journals are published by the next observer on this machine.
"""
