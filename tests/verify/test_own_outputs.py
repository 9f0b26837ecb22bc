"""What a run makes is never condemned: random tasks of every kind, judged by all that judges finished tasks."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hearpreprocess.cli import main
from hearpreprocess.compare import compare
from hearpreprocess.synthetic.sounds import wav_bytes
from hearpreprocess.verify import verify
from tests import finished_tasks, toys

RATE = 8000
TEXTS = (
    "bark", "Bark", "a  b", "a-", "a, b", 'say "a"', "'q'", "#1", "01", "1", "1.0", "true", "null", "NaN", "=1+1",
    "\u00e9t\u00e9", "e\u0301t", "\u65e5\u672c", "\U0001f50a", "a\u00a0b", "\u200b", "a;b",
    "a/b", "a\\b", "--", "-", "{}", "[1]", "%s",
    "<b>", "&amp;", "\u0130", "\u00df", "x" * 300,
)  # fmt: skip
NAMES = (
    "a",
    "A b",
    "\u00e9",
    "e\u0301",
    "\u65e5\u672c",
    "\U0001f50a",
    "x.y",
    "n-1",
    "a__b",
    "#",
    "1",
    "wav",
    "q'",
    "%20",
    "~t",
    "(c)",
)
GROUPS = ("g", "G 1", "\u00e9", "\U0001f50a", "1", "x" * 200)

TASK = '''
"""A random task. Link: https://example.org"""

import json
from pathlib import Path

from hearpreprocess import *

CLIPS = json.loads((Path(__file__).parent / "clips.json").read_text(encoding="utf-8"))


def clips(sources):
    for name, facts in CLIPS.items():
        member = sources["corpus"].member(f"{name}.wav")
        if facts["left_out"]:
            yield LeftOut(member, "for no reason")
            continue
        values = [Event(*event) for event in facts["events"]]
        given = {key: facts[key] for key in ("labels", "split", "group", "name")}
        yield Clip(member, events=values, **given)


config = TaskConfig(
    name="random_task",
    version="v1",
    embedding_type=%(embedding)r,
    prediction_type=%(prediction)r,
    splits=%(splits)s,
    sample_duration=%(duration)r,
    evaluation=%(evaluation)r,
    sources={"corpus": Archive(%(url)r, sha256=%(sha256)r)},
    clips=clips,
    modes={"full": Mode(partial=True)},
    data_files=("clips.json",),
    caveats=("\u00e9", "a <b>"),
)
'''


def recording(chance: random.Random, seconds: float) -> bytes:
    """Noise, silence, full scale, or what another clip has, too."""
    kind, length = chance.randrange(5), max(1, round(seconds * RATE))
    generator = np.random.default_rng(chance.randrange(3) if kind == 0 else chance.randrange(2**32))
    samples = generator.uniform(-0.5, 0.5, (length, chance.choice((1, 1, 2))))
    if kind == 1:
        samples[:] = 0
    elif kind == 2:
        samples = np.sign(samples)
    return wav_bytes(samples, RATE)


def random_task(chance: random.Random, folder: Path) -> Path:
    embedding, prediction = chance.choice((("scene", "multiclass"), ("scene", "multilabel"), ("event", "multilabel")))
    scheme = chance.choice(("PresetFolds(3)", "NewFolds(2)", "TrainValidTest(60, 20, 20)", "TrainValidTest()"))
    names = {"PresetFolds(3)": ("fold00", "fold01", "fold02"), "TrainValidTest()": ("train", "valid", "test")}.get(
        scheme
    )
    duration = chance.choice((None, 0.25, 1 / 3, 1, 0.1 + 0.2))
    vocabulary: list[Any] = chance.choice(
        (chance.sample(TEXTS, 6), [0, 1, 7, 60, 127, 10**6], chance.sample(range(128), 5), ["only"])
    )
    count = chance.randrange(12, 20)
    clips: dict[str, Any] = {}
    members: dict[str, bytes] = {}
    for number in range(count):
        name = f"{chance.choice(NAMES)}{number}"
        seconds = chance.choice((1 / RATE, 0.002, 0.2, 0.3, 0.4, 1.1))
        members[f"{name}.wav"] = recording(chance, seconds)
        few = 1 if prediction == "multiclass" else chance.randrange(0, min(4, len(vocabulary)) + 1)
        events = []
        for _ in range(chance.randrange(1, 4)):
            start = chance.choice((0.0, 0.05, 0.1, chance.uniform(0, 0.2)))
            events.append((chance.choice(vocabulary), start, start + chance.choice((0.0, 0.01, 1 / 3, 5.0))))
        clips[name] = {
            "labels": [] if embedding == "event" else chance.sample(vocabulary, few),
            "events": events if embedding == "event" else [],
            "split": names[number % 3] if names else None,
            "group": f"{chance.choice(GROUPS)}{number % 7}" if not names and chance.random() < 0.8 else None,
            "name": f"{chance.choice(NAMES)} {number}" if chance.random() < 0.3 else None,
            "left_out": number > 9 and chance.random() < 0.2,
        }
    _path, text = toys.corpus(folder / "source", members)
    url, sha256 = text.split('"')[1], text.split('"')[3]
    evaluation = ("event_onset_200ms_fms",) if embedding == "event" else ("top1_acc",)
    (folder / "clips.json").write_text(json.dumps(clips, ensure_ascii=False), encoding="utf-8")
    module = folder / "random_task.py"
    module.write_text(
        TASK
        % {
            "embedding": embedding,
            "prediction": prediction,
            "splits": scheme,
            "duration": duration,
            "evaluation": evaluation,
            "url": url,
            "sha256": sha256,
        },
        encoding="utf-8",
    )
    return module


def make(folder: Path, seed: int) -> tuple[Path, Path]:
    """The module of a random task, and the folder with what a run makes of it."""
    module, out = random_task(random.Random(seed), folder), folder / "out"
    places = ["--tmp-dir", str(folder / "work"), "--tasks-dir", str(out / "tasks"), "--tar-dir", str(out)]
    options = ["--sample-rates", "1000,11025", "--num-workers", "1", "--quiet", "--no-report"]
    assert main([str(module), *options, *places]) == 0
    return module, out


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 30))])
def test_what_a_run_makes_is_sound(tmp_path: Path, seed: int) -> None:
    module, out = make(tmp_path, seed)
    (folder,) = (out / "tasks").iterdir()
    tarballs = sorted(out.glob("*.tar.gz"))
    for path in (folder, *tarballs):
        for task in (None, str(module)):
            found = verify(path, task)
            assert (found.faults, found.outcomes["samples as in the manifest"]) == ([], "ok")
        assert compare(folder, path).is_same
        assert {finding.aspect for finding in found.findings} <= {"audio", "duplicates"}, "notes on sounds alone"
    for tarball in tarballs:
        assert finished_tasks.clips_from_published(tarball, tmp_path) == found.clips
    shutil.rmtree(out)
