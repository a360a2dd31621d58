"""Out into the world: the image of a deployment, the image of a project, and a compose file."""
