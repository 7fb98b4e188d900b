"""The sections of a report, in the order in which page, card and terminal show them.

A section is one module and one entry here.
"""

from tfnews.report.sections import (
    audit,
    by_set,
    calibration,
    closing,
    commands,
    data,
    figures,
    floor,
    how_made,
    intro,
    licences,
    limits,
    mistakes,
    other_sets,
    plain_words,
    scores,
    side_by_side,
    slices,
    stress,
    use,
    warnings,
)

SECTIONS = (
    intro.SECTION,
    plain_words.SECTION,
    warnings.SECTION,
    scores.SECTION,
    side_by_side.SECTION,
    floor.SECTION,
    by_set.SECTION,
    calibration.SECTION,
    slices.SECTION,
    stress.SECTION,
    other_sets.SECTION,
    data.SECTION,
    audit.SECTION,
    figures.SECTION,
    mistakes.SECTION,
    licences.SECTION,
    use.SECTION,
    limits.SECTION,
    commands.SECTION,
    how_made.SECTION,
    closing.SECTION,
)
