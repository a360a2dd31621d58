"""Models in ONNX, run by onnxruntime on this machine's processor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from windlass.errors import ModelError
from windlass.execution.threads import threads_told
from windlass.models.adapters.adapter import Facts, labels, no_proba
from windlass.models.adapters.inputs import as_numbers, named_table
from windlass.models.adapters.networks import Network
from windlass.models.tables import read_columns
from windlass.models.tables.column import PLURALS, Column, Label
from windlass.pipeline.marks import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DTYPES = {
    "tensor(float16)": "f2",
    "tensor(float)": "f4",
    "tensor(double)": "f8",
    "tensor(bool)": "?",
    "tensor(string)": "O",
    **{
        f"tensor({sign}int{bits})": f"{sign or 'i'}{bits // 8}"
        for sign in ("", "u")
        for bits in (8, 16, 32, 64)
    },
}


class OnnxSession:
    """A model of ONNX that tells its labels, as converters of scikit-learn and boosters make it.

    Its inputs are one matrix, or one column of a table each. Its outputs are labels and
    probabilities, or numbers.

    Args:
        model: A ``ModelProto``, or its bytes.
    """

    def __init__(self, model: Any) -> None:
        data = model if isinstance(model, bytes) else model.SerializeToString()
        self._session = _session(data)
        self._inputs = list(self._session.get_inputs())
        self._outputs = list(self._session.get_outputs())
        self._label = next((o.name for o in self._outputs if _is_label(o.type)), None)
        # Converters of all libraries name it so; a clustering gives labels and distances.
        names = (o.name for o in self._outputs if self._label and "prob" in o.name.lower())
        self._proba = next(names, None)
        self._main = self._label or self._outputs[0].name
        columns = tuple(each.name for each in self._inputs)
        # A single text is a column, too: of numbers alone a matrix is made.
        self._by_column = len(columns) > 1 or self._inputs[0].type == "tensor(string)"
        self.facts = Facts(
            "onnx",
            "ModelProto",
            "classification" if self._label else None,
            _classes(model) if self._label else None,
            columns if self._by_column else None,
            len(columns) if self._by_column else _width(self._inputs[0].shape),
            self._proba is not None,
        )

    @property
    def dtypes(self) -> dict[str, str | None]:
        """The dtype of each input, as NumPy writes it; None where NumPy has none."""
        return {each.name: _DTYPES.get(each.type) for each in self._inputs}

    @property
    def by_column(self) -> bool:
        """Whether each column of a table is an input of its own, and not all of them a matrix."""
        return self._by_column

    def prepared(self, data: Any) -> dict[str, NDArray[Any]]:
        """An array an input, by its name.

        Raises:
            ModelError: A column is missing, or no input of that type can hold it.
        """
        import numpy as np

        if isinstance(data, Mapping):
            return {str(name): np.asarray(array) for name, array in data.items()}
        if self._by_column:
            table = named_table(data, [each.name for each in self._inputs])
            columns = read_columns(table)
            return {
                each.name: _cells(column, each)
                for each, column in zip(self._inputs, columns, strict=True)
            }
        only = self._inputs[0]
        return {only.name: _cast(as_numbers(data), only)}

    def predict(self, data: Any) -> NDArray[Any]:
        """Labels, or numbers."""
        return self._labels_of(self._session.run([self._main], data)[0])

    def predict_proba(self, data: Any) -> NDArray[Any]:
        """Probabilities, one column a class; of a list of dicts, in the order of the classes.

        Raises:
            ModelError: It gives none.
        """
        if not self.facts.has_proba:
            raise no_proba(self.facts)
        return self._proba_of(self._session.run([self._proba], data)[0])

    def outputs(self, data: Any) -> dict[str, NDArray[Any]]:
        """Both at once, the second if it has it."""
        if not self.facts.has_proba:
            return {"predict": self.predict(data)}
        labels, proba = self._session.run([self._main, self._proba], data)
        return {"predict": self._labels_of(labels), "predict_proba": self._proba_of(proba)}

    def _labels_of(self, found: Any) -> NDArray[Any]:
        import numpy as np

        array = np.asarray(found)
        return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array

    def _proba_of(self, found: Any) -> NDArray[Any]:
        import numpy as np

        if not isinstance(found, list):
            return np.asarray(found)
        keys = self.facts.classes or tuple(found[0] if found else ())
        return np.array([[row[key] for key in keys] for row in found]).reshape(len(found), -1)

    def raw(self, data: Any) -> NDArray[Any]:
        """The first output, as it comes."""
        import numpy as np

        return np.asarray(self._session.run([self._outputs[0].name], data)[0])


class OnnxNetwork(Network):
    """A model of ONNX that gives numbers alone, as a network does.

    Args:
        model: A ``ModelProto``, or its bytes.
        task: What it does.
        classes: Its labels, in the order of its outputs; None for their numbers.
    """

    def __init__(
        self, model: Any, task: Task | None = None, classes: Sequence[Label] | None = None
    ) -> None:
        self._session = OnnxSession(model)
        last = _last_operator(_proto(model))
        super().__init__("ModelProto", "onnx", last, task, classes)
        known = self._session.facts
        self.facts = replace(self.facts, features=known.features, width=known.width)

    def prepared(self, data: Any) -> Any:
        """An array an input, by its name."""
        return self._session.prepared(data)

    def raw(self, data: Any) -> NDArray[Any]:
        """What the network gives."""
        return self._session.raw(data)


def onnx_adapter(
    model: Any, task: Task | None = None, classes: Sequence[Label] | None = None
) -> OnnxSession | OnnxNetwork:
    """The adapter of a model of ONNX: whether it tells its labels decides."""
    session = OnnxSession(model)
    return session if session.facts.task is not None else OnnxNetwork(model, task, classes)


def _session(data: bytes) -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise ModelError(
            "a model of ONNX is run by onnxruntime, which is not installed",
            hint="Install it: pip install 'windlass[onnx]'",
        ) from None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # it warns on standard error of what is no fault of the model
    # Sums over trees or columns depend on how many threads make them: everywhere as many.
    options.intra_op_num_threads = threads_told() or 1
    # Else threads without work burn a core each, which something else could use.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions share no class but this
        raise ModelError(
            f"onnxruntime {onnxruntime.__version__} cannot load a model of ONNX: {error}",
            hint="Convert it to operators that this version has.",
        ) from error


def _proto(model: Any) -> Any:
    if not isinstance(model, bytes):
        return model
    import onnx

    return onnx.ModelProto.FromString(model)


def _is_label(kind: str) -> bool:
    return kind in ("tensor(int64)", "tensor(string)")


def _width(shape: Sequence[Any]) -> int | None:
    known = len(shape) == 2 and isinstance(shape[1], int)
    return int(shape[1]) if known else None


def _classes(model: Any) -> tuple[Label, ...] | None:
    """The labels that an operator of the graph holds; None if none does."""
    for node in _proto(model).graph.node:
        for attribute in node.attribute:
            if attribute.name.startswith("classlabels") and (attribute.strings or attribute.ints):
                texts = [each.decode() for each in attribute.strings]
                return labels(texts or list(attribute.ints))
    return None


def _last_operator(model: Any) -> str:
    """The operator that makes the first output: ``softmax``."""
    wanted = model.graph.output[0].name
    made = [node.op_type.lower() for node in model.graph.node if wanted in node.output]
    return made[0] if made else ""


def _cast(array: NDArray[Any], wanted: Any) -> NDArray[Any]:
    if wanted.type not in _DTYPES:
        raise ModelError(f"the input '{wanted.name}' is of the type {wanted.type}, and no tensor")
    import numpy as np

    with np.errstate(over="ignore"):  # what is beyond a smaller float is infinite in it
        return array.astype(_DTYPES[wanted.type], copy=False)


def _cells(column: Column, wanted: Any) -> NDArray[Any]:
    """(n, 1) values of a column.

    Raises:
        ModelError: A text is missing, for which ONNX has no sign; or the input takes other things.
    """
    import numpy as np

    is_text = column.kind in ("text", "category")
    if is_text != (wanted.type == "tensor(string)"):
        raise ModelError(
            f"the column '{column.name}' holds {PLURALS[column.kind]}, and the model of ONNX "
            f"takes {wanted.type}"
        )
    if not is_text:
        return _cast(column.numbers(), wanted).reshape(-1, 1)
    if column.missing.any():
        raise ModelError(
            f"a text of the column '{column.name}' is missing, for which ONNX has no sign",
            hint="Fill it before: a text of its own, such as 'missing'.",
        )
    cells = np.empty((len(column), 1), object)
    cells[:, 0] = [str(each) for each in column.cells()]
    return cells
