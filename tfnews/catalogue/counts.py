"""How many weights a row has with its published weights, from what its authors state."""

from tfnews.catalogue.rows import Row

_COUNTED = ("bert", "distilbert", "albert")  # not MobileBERT: its authors' count is in its row


def parameters(row: Row) -> int | None:
    """Return the number of weights of a row's whole classifier with its published weights.

    `None` where the data decides it, as they do how many terms tfidf has.
    """
    if row.rows_published and row.kind == "embedding":
        return row.rows_published * row.width + _head(row, row.width)
    if row.rows_published and row.settings.get("architecture") in _COUNTED:
        return _encoder(row) + _head(row, row.settings["hidden_dim"])
    return row.published.get("parameters_total")


def _dense(inputs: int, *outputs: int) -> int:
    """Count dense layers with biases, one upon the other."""
    widths = (inputs, *outputs)
    return sum((a + 1) * b for a, b in zip(widths, outputs, strict=False))


def _head(row: Row, features: int) -> int:
    return _dense(features, *row.head["hidden"], row.head["units"])


def _encoder(row: Row) -> int:
    """Count BERT, DistilBERT or ALBERT: tables, layers of attention, norms, pooler.

    Source: Devlin et al. (2019), "BERT"; DistilBERT has no table of segments, ALBERT a narrower
    table of pieces and one layer that is used over and over.
    """
    settings = row.settings
    architecture, hidden = settings["architecture"], settings["hidden_dim"]
    albert = architecture == "albert"
    width = settings["embedding_dim"] if albert else hidden
    segments = 0 if architecture == "distilbert" else 2
    tables = (row.rows_published + row.positions_published + segments) * width + 2 * width
    projection = _dense(width, hidden) if albert else 0
    attention = 4 * _dense(hidden, hidden) + 2 * hidden
    forward = _dense(hidden, settings["intermediate_dim"], hidden) + 2 * hidden
    layers = (1 if albert else settings["num_layers"]) * (attention + forward)
    return tables + projection + layers + (_dense(hidden, hidden) if settings["pooler"] else 0)
