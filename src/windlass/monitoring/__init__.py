"""What watches a model in production, and what begins its next turn.

`looking.look` takes the counts that servers left in the record, and the labels that came since, and
tells what is off: has its data moved, has it become worse, and who is to be told. How that is
decided stands in docs/monitoring.md.
"""
