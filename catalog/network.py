"""Which network the settings stand for, and which one the catalog's embeddings are of."""

from __future__ import annotations

from ..models.manifest import NONE
from ..models.registry import Registry
from .database import Catalog
from .settings import IndexSettings

_FACT = "embedding model"  # key of the network that embedded last


def notice(settings: IndexSettings) -> str:
    """In one line, why there are no embeddings and how to have them; '' where there are."""
    if settings.model == NONE:
        return "no network is used (index.model = none)"
    if not settings.model and Registry().default() is None:
        return "without a neural network; `twinsift model pull vgg16` adds one (embeddings)"
    return ""


def model_key(settings: IndexSettings) -> str | None:
    """The key of the embeddings that the settings stand for, without loading the network.

    Raises:
        ModelError: it isn't installed, or its file is no network or has no such output.
    """
    path = Registry().resolve(settings.model)
    if path is None:
        return None
    from ..models.embedding import identify  # and numpy with it

    return identify(path, settings.model_output)


def current_model(catalog: Catalog, settings: IndexSettings) -> str | None:
    """The key of the network that embedded last; None where none did, or none is to be used."""
    if settings.model == NONE:
        return None
    row = catalog.connection.execute(
        "SELECT model FROM embedding GROUP BY model ORDER BY model = coalesce((SELECT CAST(value AS"
        " TEXT) FROM fact WHERE name = ?), '') DESC, count(*) DESC, model LIMIT 1",
        (_FACT,),
    ).fetchone()
    return row[0] if row else None


def remember(catalog: Catalog, key: str) -> None:
    """Store that this network, by its key, is the one that embeds now."""
    with catalog.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", (_FACT, key.encode())
        )


def embedded(catalog: Catalog, model: str | None) -> set[int]:
    """Ids of the contents that a network has embedded."""
    rows = catalog.connection.execute("SELECT content_id FROM embedding WHERE model = ?", (model,))
    return {content_id for (content_id,) in rows}
