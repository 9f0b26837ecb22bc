"""The jobs of deploy/slurm on a real cluster: nodes that are lost, pre-emption, requeues and scancel lose nothing."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.hosts.conftest import long_form
from tests.hosts.runs import HEARPREPROCESS, held_by, write_tasks
from tests.hosts.slurm import NODES, Slurm, cluster, missing_for_slurm, wait_until
from tests.waiting_decoder import WaitingDecoder

pytestmark = pytest.mark.skipif(bool(missing_for_slurm()), reason=missing_for_slurm())

JOBS = Path(__file__).parents[2] / "deploy" / "slurm"
ARRAY = ["--array=1-3", "--cpus-per-task=2", "--mem=1000", str(JOBS / "array.sbatch")]
DASK = ["--nodes=3", "--cpus-per-task=1", "--mem=1000", str(JOBS / "dask.sbatch")]


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    with cluster(tmp_path_factory.mktemp("slurm")) as slurm:
        yield slurm


@dataclass(frozen=True)
class Work:
    """The words of a run of four small tasks, and the digests of what one host makes of them."""

    words: list[str]
    alone: dict[str, str]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Work:
    folder = tmp_path_factory.mktemp("alone")
    modules = write_tasks(folder / "tasks", ["toy_one", "toy_two", "toy_three", "toy_four"])
    words = [*modules, "--sample-rates", "8000", "--no-report"]
    finished = subprocess.run([*HEARPREPROCESS, *words], cwd=folder, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    return Work(words, digests(folder))


def digests(folder: Path) -> dict[str, str]:
    """By path, of the tarballs and the clips of the finished tasks."""
    paths = [path for pattern in ("out/*.tar.gz", "out/tasks/**/*.wav") for path in folder.glob(pattern)]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(paths)
    }


@dataclass
class Submission:
    """A job at work, all of whose steps that decode wait. `folder`: where it was submitted."""

    slurm: Slurm
    folder: Path
    decoder: WaitingDecoder
    job: str = field(init=False)

    def submit(self, *words: str) -> None:
        bin_folder = Path(sys.executable).parent
        variables = held_by(self.decoder) | {"PATH": f"{bin_folder}:/usr/bin:/bin:/usr/sbin:/sbin"}
        said = self.slurm.ask("sbatch", "--parsable", *words, variables=variables, folder=self.folder)
        self.job = said.strip()

    def wait_until_held(self) -> None:
        """Wait until it is in the middle of its steps."""
        reached = self.decoder.folder / "reached"
        self.wait_until(reached.exists)
        reached.unlink()

    def wait_until(self, holds: Callable[[], object]) -> None:
        try:
            wait_until(holds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.said()}") from error

    def said(self) -> str:
        paths = [*sorted(self.folder.glob("*.log")), *sorted(self.folder.glob("hear-*/luigid.log"))]
        return "\n".join(f"== {path.name}\n{path.read_text(errors='replace')}" for path in paths)

    def restarts(self) -> int:
        """How often the job has been requeued."""
        return int(self.slurm.jobs(self.job)[0]["Restarts"])

    def ended(self) -> list[tuple[str, str, int]]:
        """The state, exit code and number of restarts of the job, or of each task of its array, at its end."""
        try:
            jobs = self.slurm.wait_for(self.job)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.said()}") from error
        return sorted((job["JobState"], job["ExitCode"], int(job["Restarts"])) for job in jobs)


@pytest.fixture
def submission(slurm: Slurm, tmp_path: Path) -> Iterator[Submission]:
    folder = tmp_path / "home"
    folder.mkdir()
    submission = Submission(slurm, folder, WaitingDecoder(tmp_path / "decoder"))
    yield submission
    submission.decoder.go_on()
    slurm.empty()


def task_with_luigid(submission: Submission) -> dict[str, str]:
    owner = (submission.folder / f"hear-{submission.job}" / "address").read_text().split()[2]
    (task,) = (task for task in submission.slurm.jobs(submission.job) if task["JobId"] == owner)
    return task


@long_form
def test_the_task_with_luigid_is_pre_empted_and_then_its_node_is_lost(submission: Submission, work: Work) -> None:
    slurm = submission.slurm
    submission.submit(*ARRAY, *work.words)
    submission.wait_until_held()
    first = task_with_luigid(submission)
    urgent = ["--partition=urgent", f"--nodelist={first['BatchHost']}", "--exclusive", "--wrap", "true"]
    slurm.ask("sbatch", *urgent, folder=submission.folder)
    submission.wait_until(lambda: task_with_luigid(submission)["JobId"] != first["JobId"])
    lost = task_with_luigid(submission)
    slurm.lose_node(lost["BatchHost"])
    submission.wait_until(lambda: task_with_luigid(submission)["JobId"] != lost["JobId"])
    submission.decoder.go_on()
    states = submission.ended()
    slurm.restore_node(lost["BatchHost"])
    assert states == [("COMPLETED", "0:0", 0), ("COMPLETED", "0:0", 1), ("COMPLETED", "0:0", 1)], submission.said()
    assert digests(submission.folder) == work.alone


def test_a_lost_node_does_not_end_a_dask_job(submission: Submission, work: Work) -> None:
    submission.submit(*DASK, *work.words)
    submission.wait_until_held()
    first = submission.slurm.jobs(submission.job)[0]["BatchHost"]
    lost = next(node for node in NODES if node != first)
    submission.slurm.lose_node(lost)
    submission.decoder.go_on()
    states = submission.ended()
    submission.slurm.restore_node(lost)
    assert states == [("COMPLETED", "0:0", 0)], submission.said()
    assert digests(submission.folder) == work.alone
    assert not list(submission.folder.glob(".hear-*")), "the key of the cluster is still there"


@long_form
def test_a_dask_job_goes_on_after_scancel_a_requeue_and_the_loss_of_its_first_node(
    submission: Submission, work: Work
) -> None:
    slurm = submission.slurm
    submission.submit(*DASK, *work.words)
    submission.wait_until_held()
    (private,) = submission.folder.glob(".hear-*")
    assert private.stat().st_mode & 0o777 == 0o700
    slurm.ask("scancel", submission.job)
    assert submission.ended()[0][0] == "CANCELLED"
    assert not private.exists()
    assert digests(submission.folder).items() <= work.alone.items()

    submission.submit(*DASK, *work.words)
    submission.wait_until_held()
    slurm.ask("scancel", "--batch", "--signal=USR1", submission.job)  # as Slurm does before the time limit
    submission.wait_until(lambda: submission.restarts() == 1)
    submission.wait_until_held()
    first = slurm.jobs(submission.job)[0]["BatchHost"]
    slurm.lose_node(first)
    submission.wait_until(lambda: submission.restarts() == 2)
    slurm.restore_node(first)
    submission.decoder.go_on()
    assert submission.ended() == [("COMPLETED", "0:0", 2)], submission.said()
    assert digests(submission.folder) == work.alone
    assert not list(submission.folder.glob(".hear-*"))


def recipes() -> list[list[str]]:
    """The commands of docs/slurm.md that submit a job of a synthetic task."""
    page = (JOBS.parents[1] / "docs" / "slurm.md").read_text(encoding="utf-8")
    lines = re.findall(r"^sbatch (.*)$", page, re.MULTILINE)
    return [line.split() for line in lines if "--mode synthetic" in line]


@long_form
@pytest.mark.parametrize("words", recipes(), ids=lambda words: next(word for word in words if ".sbatch" in word))
def test_the_recipes_of_the_page_as_typed(submission: Submission, words: list[str]) -> None:
    for job in JOBS.glob("*.sbatch"):
        shutil.copy(job, submission.folder)
    submission.submit(*words)
    assert {state[:2] for state in submission.ended()} == {("COMPLETED", "0:0")}, submission.said()
    assert list(submission.folder.glob("out/*-16000.tar.gz"))


def test_both_kinds_of_jobs_have_a_recipe() -> None:
    names = {word for words in recipes() for word in words if word.endswith(".sbatch")}
    assert names == {path.name for path in JOBS.glob("*.sbatch")}


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck (apt install shellcheck)")
def test_shellcheck_finds_nothing() -> None:
    checked = subprocess.run(["shellcheck", *sorted(JOBS.glob("*.sbatch"))], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
