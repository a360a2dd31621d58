"""Release tests: pytest tests that a version of a model must pass to be promoted."""
