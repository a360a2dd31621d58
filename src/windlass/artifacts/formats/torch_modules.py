"""PyTorch: modules, by the paths of their classes, their settings and their tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.formats.torch_file import read_tensors, write_tensors
from windlass.artifacts.formats.torch_tensors import tensor_facts
from windlass.artifacts.formats.torch_tree import Tree, put_together
from windlass.errors import CorruptError
from windlass.values import Json

if TYPE_CHECKING:
    import torch


class ModuleFormat(Format["torch.nn.Module"]):
    """Modules of PyTorch and of the project, in safetensors' form.

    The file's tensors have the names of the module's state dict. Its code is not stored: who reads
    it has the class, by its path. Devices are not kept: what is read is on the CPU.
    """

    name = "torch.module"
    types = ("torch.nn.modules.module.Module",)

    def write(self, value: torch.nn.Module, sink: Sink) -> None:
        """Writes the module.

        Raises:
            FormatError: It holds something that cannot be stored, such as a hook or a lambda.
        """
        tree = Tree(value, sink)
        write_tensors(tree.tensors, {"nodes": tree.nodes}, sink)

    def read(self, source: Source) -> torch.nn.Module:
        """The module, in the mode that it was in (`train` or `eval`).

        Raises:
            UntrustedError: It names a class or a function that Windlass does not load.
            CorruptError: The bytes are not a module.
        """
        tensors, facts = read_tensors(source)
        try:
            return put_together(facts["nodes"], tensors, source)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise CorruptError(f"stored bytes are not a module: {error}") from error

    def summary(self, value: torch.nn.Module) -> dict[str, Json]:
        """Class, parameters, and those that are trained."""
        trained = sum(each.numel() for each in value.parameters() if each.requires_grad)
        return {
            "class": type(value).__qualname__,
            "modules": sum(1 for _ in value.modules()),
            "parameters": sum(each.numel() for each in value.parameters()),
            "trained": trained,
            "training": value.training,
            **tensor_facts(value.state_dict().values()),
        }

    def preview(self, value: torch.nn.Module) -> Preview:
        """The modules, as PyTorch prints them."""
        return Preview("text/plain", repr(value))
