#!/bin/sh
# The act of n + 1: three turns of the flights' model, each tested before it may be promoted.
# From the clone's root: sh examples/flights/turns.sh [-p days=10 …]
windlass=${WINDLASS:-windlass}
pipeline=examples/flights/pipeline.py:training

say() { printf '\n%s\n' "── $* ──"; }
run() { try run "$pipeline" -p "$@"; }
try() { printf '$ windlass %s\n' "$*" >&2; "$windlass" "$@"; }

say 'Turn 1: learnt from January to June'
run until=6 "$@" >/dev/null
try test delay@1
try promote delay@1 --reason 'the first one'

say 'Turn 2: learnt from January to September; all of it in one command'
try turn delay -p until=9 "$@"

say 'Turn 3: a mistake, the weather is that of the day before'
run lag=25 "$@" >/dev/null
try test delay@3
try promote delay@3

say 'And the way back'
try rollback delay --reason 'to show that it is there'
try history delay
try models compare delay@1 delay@2 --by origin --rows 3
try scorecard delay
