"""Models: versions with their evidence, release tests, promotion and its history.

Each version is an artifact that a run made, or that was registered, with what is known of it. One
reaches production as the ``champion`` only by way of a report of its release tests, and every move
of an alias is kept for ever.
"""
