"""The 28 lines of the ML Test Score: four sections of seven."""

from __future__ import annotations

from typing import NamedTuple

SECTIONS = {
    "data": "Features and data",
    "model": "Model development",
    "infra": "Infrastructure",
    "monitor": "Monitoring",
}


class Line(NamedTuple):
    """A test of the score.

    Args:
        key: As tests are marked with it, such as ``model.6``.
        text: What must be so.
        how: What earns it here.
    """

    key: str
    text: str
    how: str

    @property
    def section(self) -> str:
        """Its section's key."""
        return self.key.partition(".")[0]


_TEXTS = {
    "data": (
        (
            "What is expected of the features stands in a schema",
            "annotate a step's tables with a schema or a check: docs/data_tests.md",
        ),
        ("Every feature is of use", "release.features_are_of_use() in its release tests"),
        ("No feature costs more than it brings", "mark a test of it, or say how it was weighed"),
        (
            "The features keep to what the organisation demands of data",
            "mark a test of it, or say who has looked",
        ),
        ("Private data are controlled all along the pipeline", "mark a test, or say who looked"),
        ("A new feature can be added quickly", "say how long the last one took"),
        ("The code that makes features is tested", "mark the unit tests of the features"),
    ),
    "model": (
        (
            "What the model is has been reviewed and committed",
            "commit the code, and run the pipeline from the commit",
        ),
        (
            "What is measured offline goes with what is seen online",
            "say where both were compared, or mark a test",
        ),
        ("Hyperparameters have been tuned", "map a step that trains over their values"),
        ("What a stale model costs is known", "say where it was measured, or mark a test"),
        ("A simpler model is not as good", "release.beats_a_baseline() in its release tests"),
        ("It is good enough on all important slices", "release.slices(…) in its release tests"),
        ("It is fair to those whom it concerns", "release.fair(…) in its release tests"),
    ),
    "infra": (
        ("Training can be repeated", "windlass reproduce RUN, for the run that made it"),
        ("The code of the model is unit tested", "mark the unit tests of the model"),
        ("The whole pipeline is tested together", "mark the test that runs the pipeline"),
        ("Its quality is checked before it is served", "windlass test, then windlass promote"),
        ("One example can be followed through it", "keep golden examples: give it a holdout"),
        ("It meets real traffic little by little", "say how it is let out, or mark a test"),
        ("The way back is quick and safe", "have two champions in its history"),
    ),
    "monitor": (
        ("Changes of what it depends on are noticed", "lock the environment: docs/environments.md"),
        (
            "What must be true of its inputs is checked as they come",
            "keep its signature and reference profile: give it a reference",
        ),
        (
            "It is the same in training and in serving",
            "release.no_skew() in its release tests",
        ),
        ("It is not too old", "mark a test of its age, or say how it is watched"),
        ("Its numbers are stable", "release.stable() in its release tests"),
        (
            "It has not become slower or larger",
            "release.within(…) in its release tests",
        ),
        ("Its predictions have not become worse", "mark a test, or say how it is watched"),
    ),
}

LINES = tuple(
    Line(f"{section}.{place}", text, how)
    for section, told in _TEXTS.items()
    for place, (text, how) in enumerate(told, 1)
)
"""All of them."""

BANDS = (
    (5.0, "exceptional: tested and watched all round"),
    (3.0, "strong: fit for what a business rests on"),
    (2.0, "reasonable: tested, and more could be automated"),
    (1.0, "a first pass: there are tests, and holes beside them"),
    (0.0, "there may be serious holes"),
)
"""What a score above a bound means."""


def band(score: float) -> str:
    """What a score means."""
    found = (text for bound, text in BANDS if score > bound)
    return next(found, "a project of research: some section has nothing at all")
