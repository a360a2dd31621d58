"""How one step runs, anywhere, and how this machine runs many."""
