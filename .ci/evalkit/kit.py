"""Run a module of hear-eval-kit 2021.1.3, unchanged, in today's Python.

    python kit.py heareval.embeddings.runner my_model --tasks-dir out/tasks --task esc50-v2.0.0-full
    python kit.py heareval.predictions.runner embeddings/my_model/esc50-v2.0.0-full

The arguments are the kit's own. The model is a module of the current directory or an installed one.
"""

from __future__ import annotations

import importlib.util
import os
import runpy
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any


def stand_in_for_tensorflow() -> ModuleType:
    """What the kit reads of TensorFlow while it evaluates a model of PyTorch.

    It imports TensorFlow always, and asks it two things: whether a model is one of TensorFlow's, and whether
    TensorFlow sees the GPU that PyTorch sees.
    """
    tensorflow: Any = ModuleType("tensorflow")
    tensorflow.__spec__ = ModuleSpec("tensorflow", None)  # others ask whether TensorFlow is installed
    tensorflow.Module = type("Module", (), {})
    tensorflow.test = SimpleNamespace(is_gpu_available=lambda **_: True)
    module: ModuleType = tensorflow
    return module


def restore_current_epoch() -> None:
    """Give Lightning's fit loop its attribute `current_epoch` back, which Lightning 1.6 has removed.

    The kit sets it before it tests an event task, to look up the postprocessing that was best in the best epoch. From
    1.6 on, nothing reads it, and the test looks up an epoch that was never validated: KeyError.
    """
    from pytorch_lightning.loops.fit_loop import FitLoop

    def current_epoch(loop: Any) -> Any:
        return loop.epoch_progress.current.completed

    def set_current_epoch(loop: Any, epoch: int) -> None:
        loop.epoch_progress.current.completed = epoch

    FitLoop.current_epoch = property(current_epoch, set_current_epoch)


def main() -> None:
    """Run the module that the first argument names, with the other arguments."""
    module = sys.argv[1]
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 -- as `python -m` does
    # The kit's checkpoints hold the classes of its layers, which PyTorch loads since 2.6 only on request.
    os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"
    if importlib.util.find_spec("tensorflow") is None:
        sys.modules["tensorflow"] = stand_in_for_tensorflow()
    restore_current_epoch()
    del sys.argv[0]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
