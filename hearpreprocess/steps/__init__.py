"""The Luigi steps: glue around the pure modules. A step is done when its output stands in its place, whole."""

import warnings

with warnings.catch_warnings():
    # On its import Luigi warns of a default of its own, which is of no use to who runs or tests a task.
    warnings.simplefilter("ignore", DeprecationWarning)
    import luigi  # noqa: F401
