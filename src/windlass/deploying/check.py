"""While an image is built: whether what is in it serves the release that is in it.

The release is loaded as a server loads it, and asked about its golden examples.
"""

from __future__ import annotations

import sys
from pathlib import Path

from windlass.errors import WindlassError
from windlass.provenance.project import find_project
from windlass.serving.generation import Generation
from windlass.serving.releases import read_release
from windlass.stacks.settings import load_settings
from windlass.targets.container.image import REFUSED


def main(folder: str) -> int:
    """Returns 0 if the release of a folder can be served here; else says why not."""
    try:
        load_settings(find_project(Path.cwd()))
        Generation(read_release(Path(folder)), 1)
    except WindlassError as error:
        print(f"{REFUSED}{error.message}")  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
