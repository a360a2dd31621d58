"""A PyTorch module as the tree of its submodules: classes by their names, and what each holds.

Nothing is run that only the stored bytes name. A class is one of PyTorch's own layers or of a
module that is loaded already, and derives from ``torch.nn.Module``; a function that a module holds,
such as its activation, is one of PyTorch's or of the file that the module's class is in.
"""

from __future__ import annotations

import pickle
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from windlass import modules, values
from windlass.artifacts.contents import loads_references
from windlass.artifacts.format import Sink, Source
from windlass.artifacts.formats.collections import parts_to
from windlass.artifacts.formats.torch_tensors import is_tensor
from windlass.errors import CorruptError, FormatError, UntrustedError
from windlass.values import TYPE, Json

if TYPE_CHECKING:
    import torch

HINT = "Return its state_dict(), or let the step pickle it: @step(allow_pickle=True)"

_TENSOR, _MODULE, _FUNCTION, _CONSTANT = "tensor", "module", "function", "torch"
_CONTAINERS = ("_parameters", "_buffers", "_modules")
_CONSTANTS = ("dtype", "device", "memory_format", "layout")
_FUNCTIONS = ("torch.nn.functional", "torch")
_CALLED = (types.FunctionType, types.BuiltinFunctionType)


class Tree:
    """Takes a module apart.

    Attributes:
        tensors: What it holds, by names that are those of its state dict where they are in it.
        nodes: A document for each module, the whole first.
    """

    def __init__(self, root: torch.nn.Module, sink: Sink) -> None:
        self.tensors: dict[str, torch.Tensor] = {}
        self.nodes: list[Json] = []
        self._sink = sink
        self._names = {id(tensor): name for name, tensor in reversed(list(_state(root)))}
        self._held: dict[int, str] = {}
        self._places: dict[int, int] = {}
        self._waiting: list[torch.nn.Module] = []
        self._place_of(root)
        for module in self._waiting:  # grows on the way
            self.nodes.append(self._node(module))

    def _place_of(self, module: torch.nn.Module) -> int:
        if id(module) not in self._places:
            self._places[id(module)] = len(self._waiting)
            self._waiting.append(module)
        return self._places[id(module)]

    def _node(self, module: torch.nn.Module) -> Json:
        cls: Any = type(module)
        ref = modules.reference(cls)
        if modules.loaded(ref) is not cls:
            raise FormatError(
                f"the class {ref.replace(':', '.')} cannot be found by that name", hint=HINT
            )
        self._sink.uses(cls)
        held = {name: self._document(module, name, part) for name, part in _parts(module)}
        return {"class": ref, "state": held}

    def _document(self, module: torch.nn.Module, name: str, part: Any) -> Json:
        to_part = parts_to(self._sink)

        def other(value: object) -> dict[str, Json] | None:
            return self._own(value, type(module)) or to_part(value)

        try:
            return values.encode(part, other)
        except FormatError as error:
            cls = type(module).__qualname__
            raise FormatError(f"{cls}.{name}: {error.message}", hint=error.hint or HINT) from error

    def _own(self, value: Any, cls: type) -> dict[str, Json] | None:
        import torch

        kind: Any = type(value)
        if is_tensor(value):
            return {TYPE: _TENSOR, "name": self._name_of(value)}
        if isinstance(value, torch.nn.Module):
            return {TYPE: _MODULE, "at": self._place_of(value)}
        if kind.__module__ == "torch" and kind.__name__ in _CONSTANTS:
            told = str(value).removeprefix("torch.")
            return {TYPE: _CONSTANT, "kind": kind.__name__, "name": told}
        if isinstance(value, _CALLED):
            return {TYPE: _FUNCTION, "ref": self._function(value, cls)}
        return None

    def _name_of(self, tensor: Any) -> str:
        key = id(tensor)
        if key not in self._held:
            name = self._names.get(key) or self._unused()
            self._held[key] = name
            self.tensors[name] = tensor
        return self._held[key]

    def _function(self, function: Any, cls: type) -> str:
        name = function.__name__
        for place in _FUNCTIONS if _computes(function) else ():
            if modules.loaded(f"{place}:{name}") is function:
                return f"{place}:{name}"
        ref = modules.reference(function)
        if modules.loaded(ref) is not function or not _is_beside(ref, cls):
            raise FormatError(
                f"the function {ref.replace(':', '.')} is neither PyTorch's nor of the file of "
                f"{cls.__qualname__}",
                hint="Make it a method, or hold a module, such as torch.nn.ReLU().",
            )
        self._sink.uses(function)
        return ref

    def _unused(self) -> str:
        taken = {*self._names.values(), *self.tensors}
        return next(name for name in map("held.{}".format, range(sys.maxsize)) if name not in taken)


def put_together(
    nodes: Iterable[Any], tensors: dict[str, torch.Tensor], source: Source
) -> torch.nn.Module:
    """The module that `Tree` took apart.

    Raises:
        UntrustedError: It names a class or a function that is not to be had.
        CorruptError: The documents are not of that form.
    """
    import torch

    held = list(nodes)
    classes = [_class_of(node["class"]) for node in held]
    made: list[torch.nn.Module] = [cls.__new__(cls) for cls in classes]
    for module, node in reversed(list(zip(made, held, strict=True))):
        read = _reader(made, tensors, type(module), source)
        state = {name: values.decode(part, other=read) for name, part in node["state"].items()}
        if not all(isinstance(state.get(name), dict) for name in _CONTAINERS):
            raise CorruptError(f"a stored {type(module).__name__} lacks its parts")
        module.__setstate__({**vars(torch.nn.Module()), **state})
    return made[0]


def _state(root: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    yield from root.named_parameters(remove_duplicate=False)
    yield from root.named_buffers(remove_duplicate=False)


def _parts(module: torch.nn.Module) -> Iterator[tuple[str, Any]]:
    """What a module holds, but for hooks, of which it must have none."""
    try:
        state: Any = module.__getstate__()  # type: ignore[no-untyped-call]
    except (RuntimeError, TypeError, pickle.PickleError) as error:  # parametrized, or compiled
        raise FormatError(
            f"a {type(module).__name__} cannot be stored: {error}", hint=HINT
        ) from error
    if not isinstance(state, dict):
        raise FormatError(f"the state of a {type(module).__name__} is not a dict", hint=HINT)
    for name, part in state.items():
        if name.endswith("_hooks") or "_hooks_" in name:
            if part:
                raise FormatError(
                    f"a {type(module).__name__} has hooks ({name}), which cannot be stored",
                    hint="Remove them before you return it, or return its state_dict().",
                )
        else:
            yield name, dict(part) if name in _CONTAINERS else part


def _is_beside(ref: str, cls: type) -> bool:
    files = {modules.canonical(base.__module__) for base in cls.__mro__ if base is not object}
    return ref.partition(":")[0] in {file for file in files if not file.startswith("torch.")}


def _computes(function: Any) -> bool:
    """Whether a function of PyTorch's computes tensors: one like `torch.load` is not stored."""
    is_python = isinstance(function, types.FunctionType)
    if is_python:
        return function.__module__ in ("torch.nn.functional", "torch.functional")
    return isinstance(function, types.BuiltinFunctionType)


def _class_of(ref: str) -> Any:
    import torch

    found = modules.loaded(ref)
    if not isinstance(found, type):
        raise FormatError(
            f"a stored module is of the class {ref}, which is not loaded here",
            hint=f"Import {ref.partition(':')[0]} first.",
        )
    if not issubclass(found, torch.nn.Module):
        raise UntrustedError(f"a stored module names {ref}, which is no torch.nn.Module")
    return found


def _function_of(ref: str, cls: type) -> Any:
    place = ref.partition(":")[0]
    found: Any = modules.loaded(ref) if place in _FUNCTIONS or _is_beside(ref, cls) else None
    is_computing = _computes(found) if place in _FUNCTIONS else isinstance(found, _CALLED)
    if not is_computing:
        raise UntrustedError(
            f"a stored {cls.__name__} asks for the function {ref}, which Windlass does not load"
        )
    return found


def _reader(
    made: list[torch.nn.Module], tensors: dict[str, torch.Tensor], cls: type, source: Source
) -> Callable[[dict[str, Json]], Any]:
    """Reads the documents that `Tree` has of its own."""
    parts = loads_references(source.load)

    def read(document: Any) -> Any:
        import torch

        match document[TYPE]:
            case "tensor":
                return tensors[document["name"]]
            case "module":
                return made[document["at"]]
            case "function":
                return _function_of(document["ref"], cls)
            case "torch":
                return _constant(torch, document["kind"], document["name"])
        return parts(document)

    return read


def _constant(torch: Any, kind: str, name: str) -> Any:
    if kind == "device":
        return torch.device(name)
    found = getattr(torch, name)
    if kind not in _CONSTANTS or type(found) is not getattr(torch, kind):
        raise CorruptError(f"a stored module holds {name}, which is no torch.{kind}")
    return found
