"""User code under one name, wherever it is imported.

The file that Python was started with is the module ``__main__`` there, and ``flights`` in a
worker that imports it. Whatever is recorded, hashed or sent to a worker uses the second, the
*canonical* name: the dotted path from the first parent folder that is not a package.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import re
import sys
from pathlib import Path
from types import ModuleType

from windlass.errors import DefinitionError


def module_of_file(file: Path) -> tuple[str, Path]:
    """The canonical module name of a source file, and the folder that it is imported from."""
    file = file.resolve()
    parts = [] if file.name == "__init__.py" else [file.stem]
    folder = file.parent
    while (folder / "__init__.py").exists() and folder.name.isidentifier():
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts), folder


@functools.cache
def _main_name(file: str | None, spec_name: str | None) -> str | None:
    if spec_name is not None:  # python -m package.module
        return spec_name.removesuffix(".__main__") if spec_name != "__main__" else spec_name
    # Python's own name for a program on standard input is "<stdin>".
    return module_of_file(Path(file))[0] if file is not None and Path(file).is_file() else None


def main_alias() -> str | None:
    """The canonical name of ``__main__``; None at a prompt."""
    main = sys.modules.get("__main__")
    if "IPython" in sys.modules and getattr(main, "__file__", None) is None:
        return notebook_module()
    spec = getattr(main, "__spec__", None)
    return _main_name(getattr(main, "__file__", None), getattr(spec, "name", None))


def notebook_module() -> str | None:
    """The name of the module that a notebook's cells become; None where this is no notebook."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    main = sys.modules.get("__main__")
    if shell is None or getattr(main, "__file__", None) is not None:
        return None
    # As VS Code and Jupyter tell it; other programs that run notebooks do not.
    path = vars(main).get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME", "")
    stem = Path(path).stem if str(path).endswith(".ipynb") else "notebook"
    return re.sub(r"\W", "_", f"{stem}_cells")


def search_path() -> list[str]:
    """Where another process must look for modules to find ours by their canonical names."""
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    if file is None:
        cells = getattr(sys.modules.get(notebook_module() or ""), "__file__", None)
        return list(sys.path) if cells is None else [str(Path(cells).parent), *sys.path]
    if main_alias() is None:
        return list(sys.path)
    folder = str(module_of_file(Path(file))[1])  # above the package, if the file is in one
    return list(sys.path) if folder in sys.path else [*sys.path, folder]


def canonical(module: str) -> str:
    """The canonical name of a module that is imported here as `module`."""
    return (main_alias() or module) if module == "__main__" else module


def import_module(name: str) -> ModuleType:
    """Imports a module by its canonical name, without running ``__main__`` a second time.

    What a notebook's cells became, if it is imported already, is another module than the notebook.
    """
    if name == main_alias() and name not in sys.modules:
        return sys.modules["__main__"]
    return importlib.import_module(name)


def load_file(file: Path) -> ModuleType:
    """Imports a source file under its canonical name, its folder put first on ``sys.path``.

    Raises:
        DefinitionError: There is no such file, or it is not Python, or its name is taken.
    """
    if not file.is_file():
        raise DefinitionError(f"there is no file {file}", hint="Give the path of a Python file.")
    name, folder = module_of_file(file)
    if file.suffix != ".py" or not name:
        raise DefinitionError(f"{file} is not a Python file", hint="Its name must end in .py.")
    if str(folder) in sys.path:
        sys.path.remove(str(folder))  # it may come last, after a folder with a file of this name
    sys.path.insert(0, str(folder))
    module = importlib.import_module(name)
    found = getattr(module, "__file__", None)
    if found is None or Path(found).resolve() != file.resolve():
        raise DefinitionError(
            f"{file} cannot be imported as '{name}': that name is {found or 'a built-in module'}",
            hint="Rename the file.",
        )
    return module


_OURS = str(Path(__file__).parent)


def is_user_file(file: str) -> bool:
    """Whether a traceback's file is the user's: neither ours, nor Python's, nor a library's."""
    path = Path(file)
    if file.startswith((_OURS, "<")) or "site-packages" in path.parts:
        return False
    return not path.is_relative_to(_PYTHON)


_PYTHON = Path(functools.__file__).parent


def reference(obj: object) -> str:
    """The ``module:qualname`` by which a function or class is found again."""
    module = getattr(obj, "__module__", None) or "builtins"
    return f"{canonical(module)}:{getattr(obj, '__qualname__', type(obj).__qualname__)}"


def resolve(ref: str) -> object:
    """The object behind a ``module:qualname``; the module is imported.

    Raises:
        ImportError: The module cannot be imported.
        AttributeError: It holds no such name, as with functions defined inside functions.
    """
    module, _, qualname = ref.partition(":")
    found: object = import_module(module)
    for name in qualname.split("."):
        found = getattr(found, name)
    return found


def loaded(ref: str) -> object:
    """The object behind a ``module:qualname`` if its module is loaded; None if it is not there."""
    module, _, qualname = ref.partition(":")
    found: object = sys.modules.get("__main__" if module == main_alias() else module)
    for name in qualname.split("."):
        # Not `getattr`: a module may import something when it is asked for a name it lacks.
        found = getattr(found, "__dict__", {}).get(name)
    return found


def is_reference_importable(ref: str) -> bool:
    """Whether another process can find a step by its reference.

    It cannot find what is defined at a prompt, in a notebook's cell, or inside a function.
    """
    module, _, qualname = ref.partition(":")
    return module != "__main__" and "<locals>" not in qualname
