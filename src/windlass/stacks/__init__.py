"""Where pipelines run and what they leave behind is kept: ``windlass.toml`` and what it names.

Each is a module of its own, imported when needed: `settings`, `stack`, `init` and `doctor`.
"""
