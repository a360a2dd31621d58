"""The steps of a layered layout: layers, their order, the spaces between, and pixels."""
