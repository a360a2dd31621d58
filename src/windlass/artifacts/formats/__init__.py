"""The formats that come with Windlass, by names alone: none is imported before it is needed."""

from __future__ import annotations

_PLAIN_TYPES = (
    *("builtins.NoneType", "builtins.bool", "builtins.int", "builtins.float"),
    *("builtins.complex", "builtins.set", "builtins.frozenset", "decimal.Decimal", "uuid.UUID"),
    *("datetime.date", "datetime.time", "datetime.datetime", "datetime.timedelta"),
    "datetime.timezone",
)
_SPARSE = tuple(
    f"scipy.sparse._{kind}.{kind}_{form}"
    for kind in ("bsr", "coo", "csc", "csr", "dia", "dok", "lil")
    for form in ("array", "matrix")
)
# Any class may be a dataclass, an enum, a model: whatever no other format takes comes to these.
_CONTAINERS = ("builtins.dict", "builtins.tuple", "builtins.object")

FORMATS: dict[str, tuple[str, tuple[str, ...]]] = {
    # Before those that take any dict.
    "torch.state": ("torch_tensors:StateFormat", ("collections.OrderedDict", "builtins.dict")),
    "json": ("plain:JsonFormat", (*_PLAIN_TYPES, *_CONTAINERS)),
    "collection": ("collections:CollectionFormat", _CONTAINERS),
    "text": ("plain:TextFormat", ("builtins.str",)),
    "bytes": ("plain:BytesFormat", ("builtins.bytes",)),
    "list": ("lists:ListFormat", ("builtins.list",)),
    "stream": ("streamed:StreamFormat", ("windlass.artifacts.streams.Stream",)),
    "html": ("plain:HtmlFormat", ("windlass.artifacts.documents.HTML",)),
    "markdown": ("plain:MarkdownFormat", ("windlass.artifacts.documents.Markdown",)),
    "path": (
        "files:PathFormat",
        ("pathlib.PosixPath", "pathlib.WindowsPath", "pathlib.Path", "pathlib._local.PosixPath"),
    ),
    "pickle": ("pickled:PickleFormat", ()),  # `save` asks for it where a step allows it
    "numpy.array": ("arrays:ArrayFormat", ("numpy.ndarray",)),
    "numpy.recarray": ("arrays:RecordArrayFormat", ("numpy.recarray", "numpy.rec.recarray")),
    "numpy.masked": (
        "arrays:MaskedArrayFormat",
        ("numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray"),
    ),
    "numpy.scalar": (
        "arrays:ScalarFormat",
        ("numpy.generic", "numpy.str_", "numpy.bytes_", "numpy.float64", "numpy.complex128"),
    ),
    "scipy.sparse": ("sparse:SparseFormat", _SPARSE),
    "pandas.frame": ("tables:FrameFormat", ("pandas.DataFrame", "pandas.core.frame.DataFrame")),
    "pandas.series": ("tables:SeriesFormat", ("pandas.Series", "pandas.core.series.Series")),
    "pandas.index": ("tables:IndexFormat", ("pandas.Index", "pandas.core.indexes.base.Index")),
    "pandas.array": (
        "tables:ExtensionArrayFormat",
        ("pandas.api.extensions.ExtensionArray", "pandas.core.arrays.base.ExtensionArray"),
    ),
    "pandas.scalar": (
        "tables:PandasScalarFormat",
        (
            *("pandas.Timestamp", "pandas._libs.tslibs.timestamps.Timestamp"),
            *("pandas.Timedelta", "pandas._libs.tslibs.timedeltas.Timedelta"),
            *("pandas.Period", "pandas._libs.tslibs.period.Period"),
            *("pandas.Interval", "pandas._libs.interval.Interval"),
            *("pandas.api.typing.NaTType", "pandas._libs.tslibs.nattype.NaTType"),
            *("pandas.api.typing.NAType", "pandas._libs.missing.NAType"),
        ),
    ),
    "polars.frame": ("polars_tables:PolarsFrameFormat", ("polars.dataframe.frame.DataFrame",)),
    "polars.series": ("polars_tables:PolarsSeriesFormat", ("polars.series.series.Series",)),
    "polars.lazy": ("polars_tables:LazyFrameFormat", ("polars.lazyframe.frame.LazyFrame",)),
    "arrow.table": ("arrow_tables:ArrowTableFormat", ("pyarrow.lib.Table",)),
    "arrow.batch": ("arrow_tables:RecordBatchFormat", ("pyarrow.lib.RecordBatch",)),
    "arrow.array": ("arrow_tables:ArrowArrayFormat", ("pyarrow.lib.Array",)),
    "arrow.chunked": ("arrow_tables:ChunkedArrayFormat", ("pyarrow.lib.ChunkedArray",)),
    "datasets.dataset": ("datasets:DatasetFormat", ("datasets.arrow_dataset.Dataset",)),
    "datasets.dict": ("datasets:DatasetDictFormat", ("datasets.dataset_dict.DatasetDict",)),
    "datasets.iterable": (
        "datasets:IterableDatasetFormat",
        (
            "datasets.iterable_dataset.IterableDataset",
            "datasets.dataset_dict.IterableDatasetDict",
        ),
    ),
    "sklearn.estimator": ("estimators:EstimatorFormat", ("sklearn.base.BaseEstimator",)),
    "picture": (
        "figures:FigureFormat",
        ("matplotlib.figure.Figure", "windlass.artifacts.picture.Picture"),
    ),
    "altair.chart": (
        "figures:ChartFormat",
        ("altair.vegalite.v5.api.TopLevelMixin", "altair.vegalite.v6.api.TopLevelMixin"),
    ),
    "pillow.image": ("images:ImageFormat", ("PIL.Image.Image",)),
    "audio": ("sounds:AudioFormat", ("windlass.artifacts.audio.Audio",)),
    "plotly.figure": ("plotly_figures:PlotlyFormat", ("plotly.basedatatypes.BaseFigure",)),
    "xgboost.booster": ("xgboost_models:XGBoostBoosterFormat", ("xgboost.core.Booster",)),
    "xgboost.model": ("xgboost_models:XGBoostModelFormat", ("xgboost.sklearn.XGBModel",)),
    "lightgbm.booster": ("lightgbm_models:LightGBMBoosterFormat", ("lightgbm.basic.Booster",)),
    "lightgbm.model": ("lightgbm_models:LightGBMModelFormat", ("lightgbm.sklearn.LGBMModel",)),
    "torch.tensor": (
        "torch_tensors:TensorFormat",
        ("torch.Tensor", "torch.nn.parameter.Parameter"),
    ),
    "torch.module": ("torch_modules:ModuleFormat", ("torch.nn.modules.module.Module",)),
    "catboost.model": ("catboost_models:CatBoostFormat", ("catboost.core.CatBoost",)),
    "onnx.model": (
        "onnx_models:OnnxFormat",
        ("onnx.onnx_ml_pb2.ModelProto", "onnx.onnx_pb2.ModelProto"),
    ),
    "keras.model": ("keras_models:KerasFormat", ("keras.src.models.model.Model",)),
}
"""By name: ``module:Class`` in this package, and the classes whose values it is asked for."""


def reference_of(name: str) -> str | None:
    """The ``module:Class`` of one of our formats; None if it is none of ours."""
    found = FORMATS.get(name)
    return f"{__name__}.{found[0]}" if found else None


def references_for(type_name: str) -> list[str]:
    """The formats of ours that are asked for a class, in order."""
    return [f"{__name__}.{ref}" for ref, types in FORMATS.values() if type_name in types]
