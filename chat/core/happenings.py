"""What the operator is told of, by Tell."""

from msgspec import Struct

from .types import Form


class Came(Struct, frozen=True):
    """Somebody is here."""

    name: str
    endpoint: str
    form: Form


class Went(Struct, frozen=True):
    """Somebody is gone."""

    name: str
    endpoint: str
    form: Form


class Skipped(Struct, frozen=True):
    """Entries of the registry that were not understood: damaged ones, or a newer version's."""

    entries: int
