"""What ``windlass init`` puts into a folder."""
