"""What watches a model in production, and what begins its next turn."""
