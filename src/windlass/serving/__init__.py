"""A version of a model inside an application: asked, swapped without a moment down, noted."""
