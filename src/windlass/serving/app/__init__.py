"""The deployments of a server behind HTTP: an ASGI application without a framework.

    app = Application({"delay": deployment}, hosts=["models.example.com"], token=token)

Runs under uvicorn, or mounted in another ASGI application. Each request is held against its limits,
its host and its route's access before anything of it is read; what goes wrong is told by
`windlass.serving.app.refusals`.
"""
