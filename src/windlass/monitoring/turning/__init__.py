"""The loop: what a turn is, what begins one, and the watcher that begins it."""
