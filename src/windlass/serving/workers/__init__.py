"""Several processes that serve the same models behind one socket, and the one that leads them."""
