"""A user's settings of Luigi: followed, or refused by name."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests import toys
from tests.conftest import User


@pytest.fixture
def home(user: User, monkeypatch: pytest.MonkeyPatch) -> User:
    for name in ("LUIGI_CONFIG_PATH", "LUIGI_CONFIG_PARSER"):
        monkeypatch.delenv(name, raising=False)
    _path, archive = toys.corpus(user.folder / "source", toys.folds_members())
    user.write("mine.py", toys.folds_task(archive))
    return user


def run(home: User, settings: str = "") -> tuple[int, str]:
    if settings:
        home.write("luigi.cfg", settings)
    command = ("./mine.py", "--sample-rates", 8000, "--num-workers", 1, "--no-report", "--quiet")
    finished = home.run_anew(*command)  # Luigi reads its settings when it is imported
    assert "Traceback" not in finished.stderr
    return finished.returncode, finished.stderr


def log_of(home: User) -> str:
    return "".join(path.read_text() for path in (home.folder / "_workdir" / "logs").iterdir())


def test_what_a_run_cannot_follow_is_refused_by_name(home: User) -> None:
    settings = """
        [worker]
        task_limit = 3
        keep_alive = true
        cache_task_completion = yes
        ping_intervall = 2
        wait_interval = soon
        [core]
        workers = 3
        default-scheduler-url = http://head:8082
        worker-count-uniques = true
        [scheduler]
        retry_delays = 3
    """
    status, said = run(home, settings)
    assert status == 1
    assert "luigi.cfg: " in said
    for name in (
        "[worker] task_limit: a run needs all of its steps; expected nothing, got 3",
        "[worker] keep_alive",
        "[worker] cache_task_completion",
        "[worker] ping_intervall: unknown setting; did you mean ping_interval",
        "[worker] wait_interval: invalid value 'soon'",
        "[core] workers",
        "--num-workers",
        "[core] scheduler_url",
        "--scheduler-url",
        "[worker] count_uniques",
        "[scheduler] retry_delays: unknown setting; did you mean retry_delay",
    ):
        assert name in said
    assert not (home.folder / "out").exists()


def test_what_agrees_with_a_run_is_no_fault(home: User) -> None:
    settings = """
        [DEFAULT]
        pause = 0.1
        [worker]
        keep_alive = false
        check_complete_on_run = true
        wait_interval = %(pause)s
        wait-jitter = 0
        [core]
        local_scheduler = true
        no_lock = true
        no_configure_logging = false
        autoload_range = false
        [scheduler]
        retry_delay = 2
        prune_on_get_work = true
    """
    assert run(home, settings)[0] == 0


@pytest.mark.slow
def test_the_level_of_the_log_is_followed(home: User) -> None:
    assert run(home, "[core]\nlog_level = DEBUG\n")[0] == 0
    assert " DEBUG " in log_of(home)
    shutil.rmtree(home.folder / "out")
    shutil.rmtree(home.folder / "_workdir")
    assert run(home, "[core]\nlog_level = WARNING\n")[0] == 0
    assert " INFO " not in log_of(home)


@pytest.mark.slow
def test_the_timeout_of_steps_is_followed(home: User) -> None:
    module = home.folder / "mine.py"
    slow = module.read_text().replace("    corpus = ", "    import time; time.sleep(60)\n    corpus = ")
    module.write_text(slow)
    status, said = run(home, "[worker]\ntimeout = 2\n")
    assert status == 1
    assert "stopped after the time limit. Raise [worker] timeout in luigi.cfg" in said
    assert home.left_behind() == []


@pytest.mark.slow
def test_a_class_around_each_step_is_followed(home: User) -> None:
    around = """
        from pathlib import Path

        class Noted:
            def __init__(self, process):
                self.step = process.task

            def __enter__(self):
                (Path("noted") / type(self.step).__name__).touch()

            def __exit__(self, *exception):
                pass
    """
    home.write("around.py", around)
    (home.folder / "noted").mkdir()
    assert run(home, "[worker]\ntask_process_context = around.Noted\n")[0] == 0
    assert {"Corpus", "Resample"} <= {path.name for path in (home.folder / "noted").iterdir()}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("task_limit = 3\n", "no section headers"),
        pytest.param("[worker]\nping_interval = 1\nping_interval = 2\n", "already exists", marks=pytest.mark.slow),
        pytest.param("[worker]\nping_interval\n", "parsing errors", marks=pytest.mark.slow),
        pytest.param("[worker]\nid = ${NO_SUCH_VARIABLE}\n", "NO_SUCH_VARIABLE", marks=pytest.mark.slow),
    ],
)
def test_a_broken_file_is_named(home: User, text: str, reason: str) -> None:
    status, said = run(home, text)
    assert status
    assert said.startswith("hearpreprocess: luigi.cfg: ")
    assert reason in said


@pytest.mark.slow
def test_a_file_that_is_no_text_is_named(home: User) -> None:
    (home.folder / "luigi.cfg").write_bytes(b"[worker]\nid = \xff\xfe\n")
    status, said = run(home)
    assert status == 2
    assert said.startswith("hearpreprocess: luigi.cfg: ")


@pytest.mark.slow
def test_a_scheduler_that_cannot_be_made_is_told(home: User) -> None:
    status, said = run(home, "[scheduler]\nmetrics_collector = custom\nmetrics_custom_import = no_such_module\n")
    assert status == 1
    assert "[scheduler]" in said


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("LUIGI_CONFIG_PATH", "nowhere.cfg", "nowhere.cfg"),
        pytest.param("LUIGI_CONFIG_PATH", "own.toml", "Set LUIGI_CONFIG_PARSER=toml", marks=pytest.mark.slow),
        pytest.param("LUIGI_CONFIG_PARSER", "yaml", "unknown parser", marks=pytest.mark.slow),
        pytest.param("LUIGI_CONFIG_PARSER", "toml", "luigi[toml]", marks=pytest.mark.slow),
    ],
)
def test_what_luigi_would_pass_over_is_refused(
    home: User, monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    home.write("own.toml", "")
    monkeypatch.setenv(name, value)
    status, said = run(home)
    assert status == 2
    assert name in said
    assert reason in said


def test_a_file_of_the_environment_is_followed(home: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "own.cfg").write_text("[worker]\ntask_limit = 3\n")
    monkeypatch.setenv("LUIGI_CONFIG_PATH", str(tmp_path / "own.cfg"))
    status, said = run(home)
    assert status == 1
    assert f"{tmp_path / 'own.cfg'}: 1 unsupported" in said
    assert "task_limit" in said


@pytest.mark.slow
def test_settings_that_luigi_has_not_read_are_refused(home: User) -> None:
    program = """
        from pathlib import Path
        from hearpreprocess.cli import main

        command = ["./mine.py", "--num-workers", "1", "--quiet", "--sample-rates"]
        print(main([*command, "8000"]))
        Path("luigi.cfg").write_text("[worker]\\ntask_limit = 3\\n")
        print(main([*command, "12000"]))
    """
    home.write("program.py", program)
    finished = home.run_anew("program.py", interpreter=[sys.executable])
    assert [line for line in finished.stdout.splitlines() if line.isdigit()] == ["0", "1"], finished.stderr
    assert "luigi.cfg: changed after Luigi has read its settings in this process" in finished.stderr


@pytest.mark.slow
def test_broken_settings_stay_broken_within_a_process(home: User) -> None:
    program = """
        from hearpreprocess.cli import main

        command = ["./mine.py", "--num-workers", "1", "--quiet", "--sample-rates", "8000"]
        print(main(command), main(command))
    """
    home.write("program.py", program)
    home.write("luigi.cfg", "[worker]\nwait_interval = 0.1\nping_interval\n")
    finished = home.run_anew("program.py", interpreter=[sys.executable])
    assert finished.stdout.split() == ["2", "2"], finished.stderr
    assert finished.stderr.count("luigi.cfg: Luigi cannot read its settings") == 2
