"""An image of PostgreSQL for tests, as its own is told: by POSTGRES_USER, _DB and _PASSWORD."""

from __future__ import annotations

import fcntl
import subprocess
import tempfile
from pathlib import Path

from container_engine import BASE

IMAGE = "localhost/windlass-test-postgres:1"

_CONTAINERFILE = f"""
FROM {BASE}
RUN mkdir /etc/postgresql-common \\
  && echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf \\
  && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \\
  -o Dpkg::Options::=--force-unsafe-io -o Dpkg::Options::=--force-confold \\
  --no-install-recommends postgresql-15
COPY start.sh /start.sh
ENV PATH=/usr/lib/postgresql/15/bin:/usr/bin:/bin
VOLUME /var/lib/postgresql/data
STOPSIGNAL SIGINT
ENTRYPOINT ["/bin/sh", "/start.sh"]
"""
_START = """
set -e
data=/var/lib/postgresql/data
as="setpriv --reuid=postgres --regid=postgres --init-groups"
chown postgres $data
if [ ! -s $data/PG_VERSION ]; then
  echo "$POSTGRES_PASSWORD" > /tmp/password
  chown postgres /tmp/password
  $as initdb -D $data -U "$POSTGRES_USER" --pwfile=/tmp/password -A scram-sha-256 -E UTF8 -N
  rm /tmp/password
  echo "host all all all scram-sha-256" >> $data/pg_hba.conf
  echo "CREATE DATABASE $POSTGRES_DB;" | $as postgres --single -D $data postgres
fi
exec $as postgres -D $data -c listen_addresses='*' -c fsync=off -k /tmp
"""


def make() -> str | None:
    """Makes it, once for a machine; why it cannot be had, or None."""
    with (Path(tempfile.gettempdir()) / "windlass-test-postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _call("podman", "image", "exists", IMAGE) is None:
            return None
        with tempfile.TemporaryDirectory(prefix="wl-postgres-") as folder:
            (Path(folder) / "Containerfile").write_text(_CONTAINERFILE)
            (Path(folder) / "start.sh").write_text(_START)
            return _call("podman", "build", "--network=host", "--tag", IMAGE, folder)


def _call(*words: str) -> str | None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return (done.stderr or done.stdout or "?").strip()[-300:] if done.returncode else None
