"""Reaching a file system of fsspec, and what its refusals mean to a person."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from windlass.errors import ArtifactError, StoreError

_EXTRAS = {
    "s3": ("s3", "s3fs"),
    "s3a": ("s3", "s3fs"),
    "gs": ("gcs", "gcsfs"),
    "gcs": ("gcs", "gcsfs"),
    "az": ("azure", "adlfs"),
    "abfs": ("azure", "adlfs"),
    "abfss": ("azure", "adlfs"),
}
"""By the scheme of a URL: our extra, and the package that it brings."""

_PATIENCE = {
    "connect_timeout": 2,
    "read_timeout": 60,
    "retries": {"max_attempts": 2, "mode": "standard"},
}
"""Of S3's client: a server that is not there is told of after some seconds, not minutes; but one
that puts a large object together from its parts may take a while to say so."""

_TALKATIVE = ("aiobotocore", "botocore", "gcsfs", "azure")
"""Libraries that tell at each start where they found their credentials: no part of a step's log."""

_SECRET = ("secret", "token", "password", "credential", "connection_string", "sas", "account_key")
_SHORTEST = 4


def package_for(url: str) -> tuple[str, str]:
    """Our extra and the package that a URL needs; two empty texts if none is known."""
    return _EXTRAS.get(url.partition("://")[0], ("", "")) if "://" in url else ("", "")


def is_object_store(system: Any) -> bool:
    """Whether an object there is seen whole or not at all, so that it needs no name to wait under.

    Such a service has no folders either, and renames by copying.
    """
    named = system.protocol
    return not _EXTRAS.keys().isdisjoint([named] if isinstance(named, str) else named)


def reach(
    url: str, shown: str, options: Mapping[str, Any], what: str = "artifact store"
) -> tuple[Any, str]:
    """The file system behind a URL, and the place in it; nobody is asked anything yet.

    Listings are never kept: others write there, too.

    Args:
        url: Where it is.
        shown: The same without secrets.
        options: What that file system takes, such as ``endpoint_url``.
        what: What it is to a person.

    Raises:
        StoreError: Its package is not installed, or its options are wrong.
    """
    scheme = url.partition("://")[0]
    given = {"use_listings_cache": False, **options}
    if _EXTRAS.get(scheme, ("",))[0] == "s3":
        given["config_kwargs"] = {**_PATIENCE, **given.get("config_kwargs", {})}
    _quieten()
    with telling(shown, "opened", options, what):
        import fsspec

        try:
            found: tuple[Any, str] = fsspec.core.url_to_fs(url, **given)
        except (ImportError, ValueError) as error:
            raise _no_package(f"{what} {shown}", scheme, error) from error
    return found


def _quieten() -> None:
    import logging

    for logger in map(logging.getLogger, _TALKATIVE):
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.WARNING)


def _no_package(shown: str, scheme: str, error: Exception) -> StoreError:
    extra, package = _EXTRAS.get(scheme, ("", ""))
    if extra:
        return StoreError(
            f"the {shown} needs the package {package}, which is not installed",
            hint=f"Install it: pip install 'windlass[{extra}]'",
        )
    return StoreError(
        f"the {shown} cannot be opened: {error}",
        hint="Is its scheme right? There is s3://, gs://, az://, and what else fsspec knows.",
    )


@contextlib.contextmanager
def telling(
    shown: str,
    verb: str,
    options: Mapping[str, Any] | None = None,
    what: str = "artifact store",
) -> Iterator[None]:
    """Turns whatever a file system raises into our error, in words.

    Args:
        shown: How a person calls the store.
        verb: What could not be done: read, written, opened.
        options: What the file system was given; no secret of it is repeated.
        what: What it is to a person.
    """
    try:
        yield
    except (ArtifactError, StoreError):
        raise
    except Exception as error:
        raise _in_words(f"{what} {shown}", verb, error, options or {}) from error


def _in_words(shown: str, verb: str, error: Exception, options: Mapping[str, Any]) -> StoreError:
    told, hint = _kind(error)
    for secret in _secrets(options):
        told = told.replace(secret, "***")
    return StoreError(f"the {shown} cannot be {verb}: {told}", hint=hint)


def _kind(error: Exception) -> tuple[str, str]:
    """What went wrong, and what to do: by the names of classes, since each service has its own."""
    told = " ".join(str(getattr(error, "strerror", None) or error or type(error).__name__).split())
    names = {cls.__name__ for cls in type(error).__mro__}
    code = _code(error)
    if is_no_bucket(error):
        return "there is no such bucket", "Make it, or mend its name in windlass.toml."
    if "NoCredentialsError" in names or "DefaultCredentialsError" in names:
        return "no credentials were found", _CREDENTIALS
    if code in _NOT_KNOWN or "ClientAuthenticationError" in names:
        return f"the credentials are not accepted ({code or told})", _CREDENTIALS
    if isinstance(error, PermissionError):
        return f"access denied ({told})", _RIGHTS
    if not names.isdisjoint(_UNREACHED):
        asked = _ASKED.search(told)
        return f"nothing answers at {asked[1]}" if asked else f"out of reach: {told}", _REACH
    return told, "Check the address, the credentials, and whether you may write there."


def is_no_bucket(error: BaseException) -> bool:
    """Whether it is not the object that is missing, but all that it would lie in."""
    code = _code(error)
    return "bucket does not exist" in str(error) or code in ("NoSuchBucket", "ContainerNotFound")


def _code(error: BaseException) -> str:
    """What S3 calls the error, where it is one of S3's."""
    response = getattr(error.__cause__ or error, "response", None)
    found = response.get("Error", {}) if isinstance(response, dict) else {}
    return str(found.get("Code", ""))


def _secrets(options: Mapping[str, Any]) -> Iterator[str]:
    for name, value in options.items():
        if isinstance(value, Mapping):
            yield from _secrets(value)
        elif any(word in name for word in _SECRET) and len(str(value)) >= _SHORTEST:
            yield str(value)


_ASKED = re.compile(r"endpoint URL: \"(\w+://[^/\"]+)")
_NOT_KNOWN = (
    *("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"),
    *("InvalidClientTokenId", "AuthFailure", "TokenRefreshRequired"),
)
_UNREACHED = (
    *("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionError"),
    *("ClientConnectorError", "FSTimeoutError", "TimeoutError", "gaierror", "ServiceRequestError"),
    *("ConnectionClosedError", "HTTPClientError", "ServerDisconnectedError"),
)
_CREDENTIALS = (
    "Set those of the service where Windlass is started (for S3: AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE), or name them in the stack's table 'storage'."
)
_RIGHTS = "Check the credentials; they must allow to read, write, list and delete objects there."
_REACH = (
    "Is the network there, and the address right? That of another S3 than Amazon's stands in "
    'AWS_ENDPOINT_URL, or in the stack: storage = { endpoint_url = "…" }.'
)
