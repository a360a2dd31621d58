"""Models: versions and their aliases, what describes them, and the tests that release them."""
