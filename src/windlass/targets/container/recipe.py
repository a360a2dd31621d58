"""How an image is made: what the engine is told, and what is done in the image.

Everything that must leave no trace lies in a folder that is only there while it is built, such as
addresses and passwords of package indexes: nothing of it is in a layer, nor in the history.
"""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

from windlass.hashing import digest
from windlass.provenance import uv
from windlass.provenance.indexes import Indexes
from windlass.provenance.lock import Lock

VERSION = 2
"""Of the recipe: raise it when an image of the same lock would be another."""

PYTHON = "/opt/windlass/bin/python"
"""The interpreter of an image."""

TOLD = "== "
"""What stands before lines for people in the output of a build."""
NO_PYTHON, NO_SYSTEM = 71, 72
"""How the script ends where the base brings no fitting Python, or a package cannot be had."""

CACHE = "/var/cache/windlass-uv"
"""Where uv keeps what it downloads while an image is built."""

_CONTEXT = "/run/windlass"
_LABEL = "windlass.image"
_ENVIRONMENT = PYTHON.partition("/bin/")[0]
_FILES = {
    "user": "user/uv/uv.toml",
    "system": "system/uv/uv.toml",
    "uv.toml": "project/uv.toml",
    "pyproject.toml": "project/pyproject.toml",
}
_SYSTEM = r"""
set -e
echo "== installing $*"
if ! (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
  --no-install-recommends "$@") >/tmp/log 2>&1; then
  tail -n 5 /tmp/log; exit 72
fi
rm -rf /var/lib/apt/lists/* /tmp/log
"""
_PACKAGES = r"""
set -e
here=/run/windlass
. $here/settings.sh
if ! python=$($here/uv python find --system --no-project "$1" 2>/tmp/log); then
  if grep -qi "no interpreter found" /tmp/log; then exit 71; fi
  cat /tmp/log; exit 1
fi
rm /tmp/log
cd $here/project
echo "== making the environment of Python $1"
$here/uv venv --quiet --no-project --python "$python" /opt/windlass
# Compiled here, for containers keep no bytecode: each would compile all that it imports.
install() {
  $here/uv pip install --quiet --no-deps --compile-bytecode \
    --python /opt/windlass/bin/python "$@"
}
if [ -s $here/hashed.txt ]; then
  echo "== installing $2 packages"
  install --require-hashes --requirements $here/hashed.txt
fi
if [ -s $here/others.txt ]; then install --requirements $here/others.txt; fi
install $here/*.whl
"""


def image_name(lock: Lock, wheel: Path, base: str) -> str:
    """The name of the image of a lock: the same for what comes to the same image."""
    # The wheel's folder is named by its contents.
    made_of = digest("image", VERSION, lock.digest, lock.system, wheel.parent.name, base)
    return f"localhost/windlass:{made_of[:32]}"


def write_context(
    folder: Path, lock: Lock, wheel: Path, base: str, indexes: Indexes, *, keep_cache: bool
) -> None:
    """Writes what an image is built from.

    Args:
        folder: Where.
        lock: What is in the image.
        wheel: That of Windlass.
        base: The image that it is built on.
        indexes: Where packages come from.
        keep_cache: Whether the engine is asked to keep what uv downloads.
    """
    hashed = [each for each in lock.requirements if "--hash" in each]
    others = [each for each in lock.requirements if "--hash" not in each]
    texts = {
        "Containerfile": _containerfile(lock, wheel, base, keep_cache=keep_cache),
        "system.sh": _SYSTEM,
        "packages.sh": _PACKAGES,
        "settings.sh": _settings(indexes),
        "hashed.txt": "\n".join(hashed),
        "others.txt": "\n".join(others),
        ".dockerignore": "Containerfile\n",
    }
    (folder / "project").mkdir()
    for name, text in texts.items():
        (folder / name).write_text(text)
    for name, data in indexes.files.items():
        place = folder / _FILES.get(name, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    shutil.copyfile(wheel, folder / wheel.name)
    shutil.copy(uv.find_uv(), folder / "uv")


def _containerfile(lock: Lock, wheel: Path, base: str, *, keep_cache: bool) -> str:
    run = f"RUN --mount=type=bind,target={_CONTEXT}"
    cache = f"--mount=type=cache,id=windlass-uv,target={CACHE} " if keep_cache else ""
    system = f"{run} sh {_CONTEXT}/system.sh {shlex.join(lock.system)}"
    return "\n".join(
        [
            f"FROM {base}",
            "USER root",
            *([system] if lock.system else []),
            # An engine that looks for a layer by its text must not find that of another lock.
            f"LABEL {_LABEL}={image_name(lock, wheel, base).partition(':')[2]}",
            f"{run} {cache}sh {_CONTEXT}/packages.sh {lock.python} {len(lock.requirements)}",
            "ENTRYPOINT []",
            "",
        ]
    )


def _settings(indexes: Indexes) -> str:
    """Variables for uv, as a shell reads them."""
    told = {
        **indexes.variables,
        "HOME": "/tmp",  # noqa: S108 - of the container that builds
        "XDG_CONFIG_HOME": f"{_CONTEXT}/user",
        "XDG_CONFIG_DIRS": f"{_CONTEXT}/system",
        "UV_CACHE_DIR": CACHE,
        "UV_LINK_MODE": "copy",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_PROGRESS": "1",
        "NO_COLOR": "1",
    }
    if "netrc" in indexes.files:
        told["NETRC"] = f"{_CONTEXT}/netrc"
    if "ca.pem" in indexes.files:
        told |= dict.fromkeys(("SSL_CERT_FILE", "GIT_SSL_CAINFO"), f"{_CONTEXT}/ca.pem")
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in told.items())
