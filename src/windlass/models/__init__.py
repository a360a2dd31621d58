"""Models: what they are, what they take and give, and the tests by which they are released."""
