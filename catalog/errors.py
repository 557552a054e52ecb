"""Errors of the catalog layer; each is one line with a remedy (see models.errors)."""

from __future__ import annotations

from ..models.errors import TwinsiftError


class CatalogError(TwinsiftError):
    """The catalog can't be opened, isn't one, is newer than the program, or is in use."""


class SettingsError(TwinsiftError):
    """A settings file or flag with an unknown key or a value out of range."""


class RefusedError(TwinsiftError):
    """A decision or file action that would break a promise (last copy, reference folder, ...)."""


class Interrupted(TwinsiftError):  # noqa: N818 - asked for, not an error
    """Work stopped on request; what was finished is stored and the next run goes on from there."""
