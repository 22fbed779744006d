"""The exceptions: one class for each exit code of the program."""
from __future__ import annotations

from typing import Any, Dict, Optional


class Error(RuntimeError):
    """Base of all of distload's exceptions. The message is complete by itself: it names the file, tensor or key, and the cause."""

    exit_code = 1
    """What the program returns to the shell for it."""
    report: Optional[Dict[str, Any]] = None
    """What `verify` has found."""


class InternalError(Error):
    """A bug in distload."""


class UsageError(Error):
    """A call cannot be understood."""

    exit_code = 2


class ConfigError(Error):
    """The configuration, the partition rules or the topology do not fit together or do not fit the job."""

    exit_code = 3


class NoValidCheckpoint(Error):
    """There is no checkpoint here, or none that is committed and well-formed."""

    exit_code = 4


class CorruptData(Error):
    """Bytes were read but are not what was written, or a file's structure contradicts itself."""

    exit_code = 5


class IoError(Error):
    """The operating system or a storage library refused an operation."""

    exit_code = 6


class CommunicationError(Error):
    """MPI, NCCL or torch.distributed failed, or a rank stopped answering."""

    exit_code = 7


class OutOfBudget(Error):
    """The plan needs more memory than it may use; raised before anything is allocated."""

    exit_code = 8


class NothingToCompare(Error):
    """There are no checksums to verify with, or nothing to compare with."""

    exit_code = 9


class OutputsDiffer(Error):
    """A model's outputs are not those that they are compared with."""

    exit_code = 10


BY_EXIT_CODE = {error.exit_code: error for error in Error.__subclasses__()}
