"""Where a run came from: its project, bundle, environment, git facts and machine.

Each is a module of its own, imported when needed: `project`, `bundle`, `environment`, `git`,
`machine` and `secrets`.
"""
