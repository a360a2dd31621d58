"""An S3 that tests start: moto's server, in a process of its own.

It keeps everything in memory, honours conditions on writes, and checks who may do what only where
that is asked for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Mapping
from urllib.request import Request, urlopen

_SERVE = """
import logging, sys
from moto.server import ThreadedMotoServer
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address=sys.argv[1], port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


class ObjectServer:
    """A server that answers from when it is made until it is stopped.

    Args:
        host: Where it listens; ``0.0.0.0`` for containers, too.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", _SERVE, host],
            # Else it takes the first word of a name such as host.containers.internal for a bucket.
            env={**os.environ, "S3_IGNORE_SUBDOMAIN_BUCKETNAME": "true"},
            stdin=pipe,
            stdout=pipe,
            text=True,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        self.endpoint = f"http://127.0.0.1:{self.port}"

    @property
    def variables(self) -> dict[str, str]:
        """What a process needs in its environment to find it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "not-a-secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def call(
        self,
        action: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
    ) -> bytes:
        """Sends it a request."""
        request = Request(f"{self.endpoint}/{path}", data, dict(headers or {}), method=action)
        with urlopen(request, timeout=30) as answer:
            return bytes(answer.read())

    def make_bucket(self, name: str) -> None:
        self.call("PUT", name)

    def make_user(self, *actions: str) -> tuple[str, str]:
        """The key and the secret of a user who may do just that: ``s3:GetObject`` and the like."""
        import boto3

        name = f"user-{uuid.uuid4().hex}"
        iam = boto3.client(
            "iam",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="not-a-secret",
        )
        iam.create_user(UserName=name)
        allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        iam.put_user_policy(UserName=name, PolicyName="some", PolicyDocument=policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    def check_rights(self, *, on: bool) -> None:
        """Whether it looks at who may do what; it does not at first."""
        asked = b"0" if on else b"inf"
        self.call("POST", "moto-api/reset-auth", {"Content-Type": "text/plain"}, asked)

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()
