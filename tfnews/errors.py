"""The errors tfnews raises on purpose, each with the exit code its command ends with."""


class TfnewsError(Exception):
    """An error the user can act on: says what was wrong, received, allowed, and what to do next."""

    exit_code = 1


class UsageError(TfnewsError):
    """An option or argument that cannot be carried out."""

    exit_code = 2


class DataError(TfnewsError):
    """A news file or a folder of splits that cannot be used as it is."""

    exit_code = 3


class WeightsError(TfnewsError):
    """Pretrained weights that cannot be found, read or trusted."""

    exit_code = 4


class RunError(TfnewsError):
    """A run that is missing, incomplete, or already taken."""

    exit_code = 5


class ExportError(TfnewsError):
    """An exported file that cannot be written or does not answer as the model does."""

    exit_code = 6


class FitInterruptedError(TfnewsError):
    """The user stopped a fit; its state is saved."""

    exit_code = 130
