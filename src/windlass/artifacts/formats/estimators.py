"""scikit-learn: estimators, pipelines and searches, by skops with our own list of types."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any

from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.formats.model_facts import told, told_all, told_list
from windlass.artifacts.formats.object_digest import object_digest
from windlass.artifacts.formats.skops_io import skops_io
from windlass.artifacts.formats.skops_trust import untrusted
from windlass.artifacts.formats.table_parts import with_tables, without_tables
from windlass.artifacts.formats.tree_checks import check_trees
from windlass.errors import CorruptError, FormatError, UntrustedError
from windlass.values import Json
from windlass.words import with_article

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

COMPARED = 64 << 20
"""Bytes up to which an estimator is read again when saved, and compared; above, its types alone
are checked."""

_VERSION = re.compile(rb'"_sklearn_version": \{[^{}]*"content": "\\"([^"\\]+)\\""')
_SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)
_HINT = (
    "Let the step pickle it, @step(allow_pickle=True), register a format for it, or build it from "
    "scikit-learn's own parts."
)


class EstimatorFormat(Format["BaseEstimator"]):
    """Whatever inherits from ``sklearn.base.BaseEstimator`` and is made of what is on our list.

    A transformer of the project's own is not on it: reading an artifact never runs code that only
    the artifact names. What has been written has been read once, and was found equal.
    """

    name = "sklearn.estimator"
    types = ("sklearn.base.BaseEstimator",)

    def write(self, value: BaseEstimator, sink: Sink) -> str:
        """Writes a skops archive; its bytes differ from time to time, its content does not."""
        data = _dump(value)
        types = _types_of(data)
        if strangers := untrusted(types):
            raise FormatError(
                f"{with_article(type(value).__name__)} holds {', '.join(strangers)}, which "
                "cannot be stored safely",
                hint=_HINT,
            )
        content = object_digest(value)
        check_trees(value)
        if len(data) <= COMPARED and object_digest(_load(data, types)) != content:
            raise FormatError(
                f"{with_article(type(value).__name__)} does not come back from skops as it was",
                hint=_HINT,
            )
        sink.write(data)
        return content

    def read(self, source: Source) -> BaseEstimator:
        """The estimator; warns if another version of scikit-learn made it.

        Raises:
            UntrustedError: The bytes name a type that is not on our list.
            CorruptError: The bytes are no archive, or a tree in it points outside itself.
        """
        data = source.bytes()
        types = _types_of(data)
        if strangers := untrusted(types):
            raise UntrustedError(
                f"a stored estimator asks for {', '.join(strangers)}, which Windlass does not load",
                hint="It was not written by Windlass, or by a newer one.",
            )
        _warn_of_version(data)
        return _load(data, types)

    def summary(self, value: BaseEstimator) -> dict[str, Json]:
        """Class, scikit-learn's version, parameters, features, and what a search found."""
        import sklearn

        return {
            "class": type(value).__name__,
            "sklearn": sklearn.__version__,
            "parameters": _parameters(value),
            **_fitted(value),
        }

    def preview(self, value: BaseEstimator) -> Preview:
        """scikit-learn's own diagram, without its script: where it is shown none runs."""
        from sklearn.utils import estimator_html_repr

        return Preview("text/html", _SCRIPT.sub("", str(estimator_html_repr(value))))


def _dump(value: object) -> bytes:
    skops = skops_io()
    try:
        data: bytes = skops.dumps(without_tables(value))
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        raise FormatError(
            f"skops cannot store {with_article(type(value).__name__)}: {error}", hint=_HINT
        ) from error
    return data


def _types_of(data: bytes) -> list[str]:
    """What an archive asks to be trusted, beside what skops trusts by itself."""
    skops = skops_io()
    try:
        types: list[str] = skops.get_untrusted_types(data=data)
    except Exception as error:
        raise CorruptError(f"stored bytes are not an estimator: {error}") from error
    return types


def _load(data: bytes, types: list[str]) -> BaseEstimator:
    from sklearn.exceptions import InconsistentVersionWarning

    skops = skops_io()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InconsistentVersionWarning)
            estimator: BaseEstimator = skops.loads(data, trusted=types)
    except (TypeError, ValueError, AttributeError, KeyError, ImportError) as error:
        raise FormatError(
            f"scikit-learn {_version()} cannot read an estimator of {_version_of(data)}: {error}",
            hint=f"Install scikit-learn {_version_of(data)}, or train it again: --refresh",
        ) from error
    check_trees(estimator)
    return with_tables(estimator)


def _warn_of_version(data: bytes) -> None:
    here, then = _version(), _version_of(data)
    if then not in ("", here):
        warnings.warn(
            f"an estimator of scikit-learn {then} is read by {here}: it may predict otherwise, or "
            f"fail. Install scikit-learn {then}, or train it again.",
            UserWarning,
            stacklevel=2,
        )


def _version() -> str:
    import sklearn

    return str(sklearn.__version__)


def _version_of(data: bytes) -> str:
    """The version of scikit-learn that an archive's first estimator tells; empty if none does."""
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        found = _VERSION.search(archive.read("schema.json"))
    return found.group(1).decode() if found else ""


def _parameters(value: Any) -> dict[str, Json]:
    return told_all(value.get_params(deep=False))


def _fitted(value: Any) -> dict[str, Json]:
    facts: dict[str, Json] = {}
    if hasattr(value, "steps"):
        facts["steps"] = [[str(name), type(step).__name__] for name, step in value.steps]
    for name in ("n_features_in_", "n_iter_", "best_score_", "best_params_", "best_index_"):
        found = getattr(value, name, None)
        if found is not None:
            facts[name] = told(found)
    for name in ("feature_names_in_", "classes_"):
        found = getattr(value, name, None)
        if found is not None and not isinstance(found, list):
            facts[name] = told_list(found.tolist())
    return facts
