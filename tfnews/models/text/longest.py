"""Pieces of texts without spaces: the longest that a vocabulary knows, from left to right.

Source: forward maximum matching, as Chinese words are found; Sproat et al. (1996), "A Stochastic
Finite-State Word-Segmentation Algorithm for Chinese", compare it. There are no scores to add up,
so that every platform finds the same pieces.
"""

from collections.abc import Callable, Iterator

import tensorflow as tf

from tfnews.models.text.normalise import units

MOST_UNITS = 8  # of a piece; a unit is a letter with its marks, or a word in ASCII


def pieces(stretches: tf.RaggedTensor, known: Callable[[tf.Tensor], tf.Tensor]) -> tf.RaggedTensor:
    """Join the units of each stretch to the longest pieces that are known.

    Args:
        stretches: Of each text, (batch, stretches), as the rule "pieces" sets them apart.
        known: Tells of strings (candidates,) which of them are pieces, bool (candidates,).

    Returns:
        Pieces of each text in order, (batch, pieces); a unit that begins none stands for itself.
    """
    each = units(stretches.flat_values)  # (stretches of all texts, units)
    found, lengths = _longest(each, known)
    begun = _begun(each, lengths)
    before = tf.pad(tf.cumsum(tf.cast(begun, tf.int64)), [[1, 0]])  # (units + 1,)
    ends = tf.gather(each.row_splits, stretches.row_splits)  # of texts, in units
    ends = tf.gather(before, ends)
    return tf.RaggedTensor.from_row_splits(tf.boolean_mask(found, begun), ends, validate=False)


def occurrences(stretches: tf.Tensor, known: Callable[[tf.Tensor], tf.Tensor]) -> tf.Tensor:
    """Return each place's known pieces of several units in stretches (stretches,): (found,)."""
    found = [tf.boolean_mask(joined, taken) for _, joined, taken in _runs(units(stretches), known)]
    return tf.concat(found, axis=0)


def _longest(each: tf.RaggedTensor, known: Callable) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the longest piece that begins at each unit, (units,), and of how many units it is."""
    found = each.flat_values
    lengths = tf.ones_like(found, tf.int64)
    for length, joined, taken in _runs(each, known):
        found = tf.where(taken, joined, found)
        lengths = tf.where(taken, tf.constant(length, tf.int64), lengths)
    return found, lengths


def _runs(each: tf.RaggedTensor, known: Callable) -> Iterator[tuple[int, tf.Tensor, tf.Tensor]]:
    """Yield for each length the run that begins at each unit, and whether it is a known piece."""
    joined = each.flat_values  # (units,)
    room = tf.gather(each.row_limits(), each.value_rowids()) - tf.range(tf.size(joined, tf.int64))
    for length in range(2, MOST_UNITS + 1):
        ahead = each.flat_values[length - 1 :]
        joined += tf.pad(ahead, [[0, tf.size(joined) - tf.size(ahead)]], constant_values="")
        yield length, joined, (room >= length) & known(joined)


def _begun(each: tf.RaggedTensor, lengths: tf.Tensor) -> tf.Tensor:
    """Tell at which units a piece begins, bool (units,): first each stretch's first unit.

    A step from each unit marks those one piece further on, then steps of two, four and eight
    pieces do: a loop over pieces would take as long as the longest stretch has units.
    """
    count = tf.size(lengths, tf.int64)
    starts = each.row_starts()[:, tf.newaxis]
    marked = tf.scatter_nd(starts, tf.ones_like(starts[:, 0]), [count + 1])
    onward = tf.concat([tf.range(count) + lengths, [count]], axis=0)  # the last is beyond all

    most = tf.reduce_max(tf.concat([each.row_lengths(), [1]], axis=0))

    def further(steps: tf.Tensor, marked: tf.Tensor, onward: tf.Tensor) -> tuple:
        reached = tf.math.unsorted_segment_sum(marked, onward, count + 1)
        return 2 * steps, tf.minimum(marked + reached, 1), tf.gather(onward, onward)

    one = tf.constant(1, tf.int64)
    marked = tf.while_loop(lambda steps, *_: steps < most, further, (one, marked, onward))[1]
    return marked[:-1] > 0
