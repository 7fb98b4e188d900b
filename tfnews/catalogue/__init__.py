"""The architectures as data: what each is, how it is trained, and every setting's bounds.

Nothing here imports TensorFlow, so that listing the rows is instant.
"""

from tfnews.catalogue.counts import parameters
from tfnews.catalogue.rows import DEFAULT, Row, row, rows

__all__ = ["DEFAULT", "Row", "parameters", "row", "rows"]
