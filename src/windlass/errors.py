"""What can go wrong, as one tree.

    WindlassError
    ├── DefinitionError      a step or pipeline is written wrong
    │   ├── SymbolicError    a traced value was used as a plain one
    │   └── EdgeTypeError    an edge joins types that do not fit
    ├── ParameterError       a parameter is unknown, missing or of the wrong type
    ├── ConfigError          windlass.toml, a stack or the command line is wrong
    │   ├── ChangedFileError a file of the project changes while it is recorded
    │   ├── LockError        an environment cannot be solved or built
    │   └── QueryError       a question about runs is written wrong
    ├── ArtifactError        a value cannot be stored or read
    │   ├── FormatError      no format fits, or a value is not of its format
    │   ├── CorruptError     stored bytes are gone or altered
    │   └── UntrustedError   reading would run code that is not trusted
    ├── StoreError           the artifact store cannot be read or written
    ├── RecordError          the record store cannot be read or written
    │   ├── NotFoundError    no run, node or artifact of that name
    │   ├── UnreachableError its server is gone, or not there yet
    │   └── VersionError     the database was made by a newer Windlass
    ├── StepError            a step failed
    │   ├── OutputTypeError  it returned what its annotation does not promise
    │   ├── DataCheckError   what it was given or returned breaks a check
    │   ├── StepTimeoutError it ran past its timeout
    │   ├── NotebookError    the notebook that it runs failed
    │   └── WorkerDiedError  its process ended under it
    ├── RunError             a run failed or was cancelled
    │   └── NotDrivenError   another process has taken it over
    ├── ScoreError           predictions cannot be scored or compared
    │   └── UndefinedError   a score has no value for these cases
    ├── ServingError         a server cannot answer as it is
    │   ├── BusyError        as many requests wait as may
    │   ├── NotReadyError    there is no version yet that could answer
    │   └── ProtocolError    a request is not of the protocol, or asks for what is not done here
    ├── AlertError           an alert cannot be sent
    ├── TrackerError         a tracker would not take what it was told
    │   └── TrackerAwayError it cannot be reached
    └── ModelError           a version of a model cannot be used as it is asked
        ├── ConversionError  it cannot be converted to another format
        ├── SignatureError   rows are not what it takes
        ├── PromotionError   it may not become what it is to become
        └── TurnError        another turn of it is in progress, or took its place

Every message says what went wrong, where, and what to do. ``exit_code`` is what the command line
returns: 1 where the work failed, 2 where the input was refused.
"""

from __future__ import annotations

from typing import Any


class WindlassError(Exception):
    """The root of all errors that Windlass raises.

    Args:
        message: What went wrong and where, in one sentence.
        hint: What to do about it, shown on a line of its own.
    """

    exit_code = 2

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: the lines of one's own code that led here, and what is to be said."""
        from windlass.places import own_lines

        return [*own_lines(self.__traceback__), f"{type(self).__name__}: {self}"]

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.message, self.hint, self.__dict__)


def _rebuild(
    cls: type[WindlassError], message: str, hint: str | None, state: dict[str, object]
) -> WindlassError:
    error = cls(message, hint=hint)
    error.__dict__.update(state)
    return error


class DefinitionError(WindlassError):
    """A step or pipeline is written wrong."""


class SymbolicError(DefinitionError):
    """A value that exists only when the pipeline runs was used as a plain one while tracing."""


class EdgeTypeError(DefinitionError):
    """A step is given a value whose type its parameter does not accept."""


class ParameterError(WindlassError):
    """A parameter is unknown, missing, or not of its type."""


class ConfigError(WindlassError):
    """Settings, a stack or the command line are wrong."""


class LockError(ConfigError):
    """An environment cannot be solved or built."""


class QueryError(ConfigError):
    """A question about runs is written wrong; the message points at the place."""


class ChangedFileError(ConfigError):
    """A file of the project changes while it is recorded.

    Attributes:
        path: The file, relative to the project's root.
    """

    path = ""


class ArtifactError(WindlassError):
    """A value cannot be stored or read."""

    exit_code = 1


class FormatError(ArtifactError):
    """No format fits a value, or a value is not what its format says."""


class CorruptError(ArtifactError):
    """The stored bytes of an artifact are gone or altered."""


class UntrustedError(ArtifactError):
    """Reading an artifact would run code that the project has not said it trusts."""


class StoreError(WindlassError):
    """The artifact store cannot be read or written."""

    exit_code = 1


class RecordError(WindlassError):
    """The record store cannot be read or written."""

    exit_code = 1


class NotFoundError(RecordError):
    """There is no run, node or artifact of that name."""

    exit_code = 2


class UnreachableError(RecordError):
    """The server of the record store went away, or is not there yet."""


class VersionError(RecordError):
    """The database was made by a newer Windlass."""

    exit_code = 2


class TrackerError(WindlassError):
    """A tracker would not take what it was told."""

    exit_code = 1


class TrackerAwayError(TrackerError):
    """A tracker cannot be reached now: it is told later."""


class StepError(WindlassError):
    """A step failed."""

    exit_code = 1


class OutputTypeError(StepError):
    """A step returned what its annotation does not promise."""


class DataCheckError(StepError):
    """What a step was given, or returned, breaks a check of data.

    Attributes:
        border: ``input`` or ``output``.
        checks: What came of every check of the attempt, as JSON.
    """

    border = "output"
    checks: tuple[Any, ...] = ()


class StepTimeoutError(StepError):
    """A step ran past its timeout and was stopped."""


class NotebookError(StepError):
    """A notebook that a step runs failed."""


class WorkerDiedError(StepError):
    """The process that ran a step ended under it."""


class RunError(WindlassError):
    """A run failed or was cancelled."""

    exit_code = 1


class NotDrivenError(RunError):
    """Another process has resumed a run that this one was driving."""


class ModelError(WindlassError):
    """A version of a model cannot be used as it is asked."""

    exit_code = 1


class ConversionError(ModelError):
    """A model cannot be converted to another format."""


class SignatureError(ModelError):
    """Rows are not what a model takes.

    Attributes:
        problems: Each problem in words.
        found: The same as `windlass.models.problems.Problem`, with the field and the rule.
    """

    exit_code = 2
    problems: tuple[str, ...] = ()
    found: tuple[Any, ...] = ()


class PromotionError(ModelError):
    """A version may not become what it is to become: it lacks a report, or somebody was first."""


class TurnError(ModelError):
    """Another turn of a model is in progress, or has taken the place of this one."""

    exit_code = 2


class ServingError(WindlassError):
    """A server cannot answer as it is."""

    exit_code = 1


class BusyError(ServingError):
    """As many requests wait as may.

    Attributes:
        retry_after: Seconds after which it is worth another try.
    """

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message, hint=f"Ask again after {retry_after:g} s, or serve by more.")
        self.retry_after = retry_after


class NotReadyError(ServingError):
    """There is no version yet that could answer."""


class AlertError(WindlassError):
    """An alert cannot be sent where it is to go, or may not be.

    Attributes:
        is_passing: Whether another try may succeed.
    """

    exit_code = 1
    is_passing = False


class ProtocolError(ServingError):
    """A request is not of the protocol, too large, or asks for what is not done here.

    Attributes:
        status: What HTTP calls that: 400 if nothing else fits.
    """

    exit_code = 2

    def __init__(self, message: str, *, status: int = 400, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class ScoreError(WindlassError):
    """Labels and predictions cannot be scored or compared: they are not what a score needs."""


class UndefinedError(ScoreError):
    """A score has no value for these cases, as the area under a curve of one class only."""

    exit_code = 1
