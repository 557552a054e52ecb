"""Errors a person can act on: what happened, to which file, and what to do about it."""

from __future__ import annotations


class TwinsiftError(Exception):
    """Base of every error that is shown to a person: one line, and a remedy where there is one."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} ({self.remedy})" if self.remedy else self.message


class PictureError(TwinsiftError):
    """A file that can't be used as a picture: damaged, too large, or not a picture at all."""


class MissingExtraError(TwinsiftError):
    """A format or feature whose optional dependency isn't installed; the remedy names the extra."""


class ModelError(TwinsiftError):
    """A network file that can't be loaded or doesn't put out what its use needs."""
