"""`make` in a notebook: a bar that it shows and keeps, and nothing in red."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from tests import toys
from tests.conftest import User

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in ("ipykernel", "nbclient")),
        reason="the extra notebooks is not installed",
    ),
]


def outputs_of(home: User, *sources: str) -> list[list[Any]]:
    """The outputs of the cells of a notebook with these sources."""
    import nbclient
    import nbformat

    notebook: Any = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in sources]  # type: ignore[no-untyped-call]
    client: Any = nbclient.NotebookClient(notebook, resources={"metadata": {"path": str(home.folder)}}, timeout=600)
    client.execute()
    return [cell.outputs for cell in notebook.cells]


def test_a_bar_is_shown_and_stays(home: User) -> None:
    members = toys.folds_members() | {"audio/clip03.wav": b"no recording"}
    _path, damaged = toys.corpus(home.folder / "damaged", members, name="damaged")
    home.write("bad.py", toys.folds_task(damaged, name='"bad"'))
    made, again, in_thread, silent, failed, loaded = outputs_of(
        home,
        "import hearpreprocess as hp\nimport threading\n"
        "task = hp.make('./mine.py', sample_rates=8000, report=False, progress=True)",
        "hp.make('./mine.py', sample_rates=8000, report=False, progress=True);",
        "from hearpreprocess.cli.progress import display\n"
        "display.SECONDS_BETWEEN_LOOKS = 600  # as if the run were shorter than that\n"
        "def make():\n    hp.make('./mine.py', sample_rates=12000, report=False, progress=True)\n"
        "thread = threading.Thread(target=make)\nthread.start()\nthread.join()",
        "hp.make('./mine.py', sample_rates=[8000, 16000], report=False)",
        "try:\n    hp.make('./bad.py', sample_rates=8000, report=False, progress=True)\n"
        "except hp.errors.UnfinishedError as error:\n    print(error)",
        "task.clips()[0].read()[0].shape",
    )
    for outputs in (made, in_thread):
        (bar,) = outputs
        assert bar.output_type == "display_data"
        assert bar.data["text/plain"].startswith("100%  1 of 1 done  12 of 12 clips  ")
        assert bar.data["text/html"].startswith('<progress max="1" value="1.000" ')
    assert again == [], "there is nothing to show"
    (value,) = silent
    assert value.data["text/plain"].startswith("<FinishedTask toy_folds-v1-full at 8000, 12000, 16000 Hz: ")
    bar, message = failed
    assert '<progress max="1" value="' in bar.data["text/html"], "it does not go on moving"
    assert "bad-v1-full  screen: failed" in bar.data["text/plain"]
    assert message.name == "stdout"
    assert message.text.startswith("Not finished: bad-v1-full\n")
    assert loaded[0].data["text/plain"] == "(3200,)"
