"""The errors a user can cause; each message names the input, the problem and the remedy."""


class MotionReconError(Exception):
    """Base of every error this package raises on purpose; the command line prints it in one line."""

    exit_code = 1


class InputError(MotionReconError):
    """The input or the usage is wrong (exit code 2): file, format, option value."""

    exit_code = 2


class DataError(InputError):
    """A data file cannot be read as what it claims to be."""


class DetectionError(InputError):
    """No person, or not the person asked for, was found in the video."""


class ConfigError(InputError):
    """A configuration value or key is wrong."""


class CheckpointError(InputError):
    """Weights or a saved run do not match what is asked of them."""


class QualityError(MotionReconError):
    """A fit was finished and written, but fails its quality checks (exit code 1); ``shown`` is what to print of it."""

    def __init__(self, message: str, shown: str = ""):
        super().__init__(message)
        self.shown = shown


class FitError(MotionReconError):
    """The fit itself failed although the input was readable (exit code 1)."""
