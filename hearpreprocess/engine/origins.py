"""Refuse to replace outputs resampled from a tarball by outputs from a corpus, as their samples differ."""

from __future__ import annotations

from hearpreprocess.errors import OutputError
from hearpreprocess.finished import resampled
from hearpreprocess.request import Request
from hearpreprocess.steps import tarball_at
from hearpreprocess.storage import counted


def check_made_from_corpora(request: Request) -> None:
    """Raise OutputError where an output of the request's tasks was resampled from a tarball."""
    workspace = request.workspace
    outputs = [
        output
        for title in (task.resolve().title for task in request.tasks)
        for output in (
            workspace.tasks_dir / title,
            *(tarball_at(workspace, title, rate) for rate in request.sample_rates),
        )
        if resampled.is_resampled(output)
    ]
    if outputs:
        others = f" (and {counted(len(outputs) - 1, 'other outputs')})" if len(outputs) > 1 else ""
        raise OutputError(
            f"{outputs[0]}{others}: resampled from a published tarball. Choose another --tasks-dir and --tar-dir for "
            "outputs made from the corpus"
        )
