"""What three modules of `engine` take of Luigi beyond its documented interface: it is as it was, and used there alone.

These tests come before all others (see conftest): a Luigi that has changed is named before anything fails of it.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import operator
import re
import types
from pathlib import Path
from typing import Any

import luigi
import luigi.execution_summary
import luigi.rpc
import luigi.scheduler
import luigi.task_status
import luigi.worker
import pytest

from hearpreprocess.steps.luigi_rpc import LATE, _Library, _Loader

PACKAGE = Path(__file__).parents[2] / "hearpreprocess"
DOORS = [PACKAGE / "engine" / name for name in ("worker.py", "luigid_worker.py", "luigid.py")]

NAMES = (
    "_create_task_process",
    "_get_work",
    "_handle_next_task",
    "_keep_alive",
    "_task_result_queue",
    "multiprocessing.Queue",
    "_scheduled_tasks",
    "_running_tasks",
    "_idle_since",
    "_config",
    "_id",
    "_scheduler",
    "_state",
    "_rpc_retry_attempts",
    "_rpc_retry_wait",
    "_rpc_log_retries",
    "_connect_timeout",
    "_url",
    "_request",
    "_add_task",
    "_stop_requesting_work",
    "count_pending",
)
MESSAGES = ("Unfulfilled", "died unexpectedly")

SIGNATURES: dict[str, tuple[str, ...]] = {
    "worker.Worker.__init__": ("self", "scheduler", "worker_id", "worker_processes", "assistant", "kwargs"),
    "worker.Worker.__exit__": ("self", "type", "value", "traceback"),
    "worker.Worker._add_task": ("self", "args", "kwargs"),
    "worker.Worker._create_task_process": ("self", "task"),
    "worker.Worker._get_work": ("self",),
    "worker.Worker._handle_next_task": ("self",),
    "worker.Worker._keep_alive": ("self", "get_work_response"),
    "worker.Worker.add": ("self", "task", "multiprocess", "processes"),
    "worker.Worker.run": ("self",),
    "worker.ContextManagedTaskProcess.__init__": ("self", "context", "args", "kwargs"),
    "worker.TaskProcess.__init__": (
        "self",
        "task",
        "worker_id",
        "result_queue",
        "status_reporter",
        "use_multiprocessing",
        "worker_timeout",
        "check_unfulfilled_deps",
        "check_complete_on_run",
        "task_completion_cache",
    ),
    "scheduler.Scheduler.count_pending": ("self", "worker"),
    "scheduler.Scheduler.update_resource": ("self", "resource", "amount"),
    "scheduler.Scheduler.set_task_status_message": ("self", "task_id", "status_message"),
    "scheduler.Scheduler.set_task_progress_percentage": ("self", "task_id", "progress_percentage"),
    "scheduler.Scheduler.add_worker": ("self", "worker", "info", "kwargs"),
    "scheduler.Scheduler.worker_list": ("self", "include_running", "kwargs"),
    "rpc.RemoteScheduler.__init__": ("self", "url", "connect_timeout"),
    "rpc.RemoteScheduler._request": ("self", "url", "data", "attempts", "allow_null"),
    "execution_summary.LuigiRunResult.__init__": ("self", "worker", "worker_add_run_status"),
}
"""The parameters of what is overridden or called, by its name in Luigi: looked up in the test, as it may be gone."""


class Needed(luigi.Task):
    def complete(self) -> bool:
        return False


class Needing(Needed):
    def requires(self) -> Needed:
        return Needed()

    def run(self) -> None:
        pytest.fail("a step without what it needs does not run")


class Result:
    def put(self, result: Any) -> None:
        self.value = result


class Dead:
    """Looks like a process that was killed."""

    exitcode, timeout_time = -9, None

    def __init__(self, task: luigi.Task) -> None:
        self.task = task

    def is_alive(self) -> bool:
        return False


@pytest.fixture
def worker() -> luigi.worker.Worker:
    worker = luigi.worker.Worker(luigi.scheduler.Scheduler(), no_install_shutdown_handler=True)
    worker._task_result_queue.close()
    return worker


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_luigis_own_names_are_used_in_three_modules(path: Path) -> None:
    if path in DOORS:
        return
    text = path.read_text()
    quoted = r"|[\"']{}[\"']" if "luigi" in text.lower() else ""
    assert not [name for name in NAMES if re.search(rf"\.{name}\b|def {name}\(self{quoted.format(name)}", text)]
    assert not [message for message in MESSAGES if message in text]
    assert not re.search(r"import luigi\.(rpc|execution_summary|task_status)|luigi\._|luigi\.worker\.[A-Z_]", text)


@pytest.mark.parametrize("name", SIGNATURES)
def test_functions_take_what_they_took(name: str) -> None:
    try:
        function = operator.attrgetter(name)(luigi)
    except AttributeError:
        pytest.fail(f"Luigi changed {name}: it is gone")
    assert tuple(inspect.signature(function).parameters) == SIGNATURES[name], f"Luigi changed {name}"


def test_a_worker_takes_nothing_but_a_queue_of_multiprocessing(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[None] = []
    monkeypatch.setattr(luigi.worker, "multiprocessing", types.SimpleNamespace(Queue=lambda: made.append(None)))
    luigi.worker.Worker(luigi.scheduler.Scheduler(), no_install_shutdown_handler=True)
    assert made == [None], "Luigi changed multiprocessing.Queue in Worker.__init__"


@pytest.mark.parametrize(
    "name",
    [
        "_id",
        "_running_tasks",
        "_scheduled_tasks",
        "_scheduler",
        "_stop_requesting_work",
        "_task_result_queue",
        "run_succeeded",
    ],
)
def test_a_worker_has_what_is_used_of_it(worker: luigi.worker.Worker, name: str) -> None:
    assert hasattr(worker, name), f"Luigi changed Worker.{name}"


def test_a_worker_knows_its_steps_by_id(worker: luigi.worker.Worker) -> None:
    worker.add(task := Needed())
    assert worker._scheduled_tasks == {task.task_id: task}, "Luigi changed Worker._scheduled_tasks"


def test_a_scheduler_counts_as_it_did(worker: luigi.worker.Worker) -> None:
    worker._scheduler.add_worker(worker._id, {})
    counted = worker._scheduler.count_pending(worker=worker._id)
    names = {"n_pending_tasks", "n_unique_pending", "n_pending_last_scheduled", "worker_state", "running_tasks"}
    assert set(counted) == names, "Luigi changed Scheduler.count_pending"
    state = worker._scheduler._state.get_worker(worker._id).state
    assert state == counted["worker_state"], "Luigi changed Scheduler._state"


def test_work_is_told_as_it_was(worker: luigi.worker.Worker) -> None:
    worker._add_worker()
    told = worker._get_work()
    assert {"task_id", "running_tasks", "n_pending_tasks"} <= set(told._fields), "Luigi changed GetWorkResponse"


def test_a_scheduler_lists_the_marks_of_its_workers(worker: luigi.worker.Worker) -> None:
    worker._scheduler.add_worker(worker._id, {"mark": True})
    assert [(shown["name"], shown["mark"]) for shown in worker._scheduler.worker_list()] == [(worker._id, True)]


def test_a_step_may_be_added_as_running(worker: luigi.worker.Worker) -> None:
    task = Needed()
    worker._scheduler.add_task(worker=worker._id, task_id=task.task_id, status=luigi.task_status.RUNNING)
    worker.add(task)
    reply = worker._get_work()
    assert worker._scheduler.task_list(status="RUNNING", upstream_status="")[task.task_id]["worker_running"]
    assert reply.n_pending_tasks == 0, "Luigi changed Scheduler.add_task"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("_rpc_retry_attempts", 3),
        ("_rpc_retry_wait", 30),
        ("_rpc_log_retries", True),
        ("_connect_timeout", 10),
        ("_url", "http://127.0.0.1:9"),
    ],
)
def test_a_client_of_a_luigid_has_what_is_set_of_it(name: str, value: object) -> None:
    client = luigi.rpc.RemoteScheduler("http://127.0.0.1:9")
    assert getattr(client, name, None) == value, f"Luigi changed RemoteScheduler.{name}"


@pytest.mark.parametrize(
    "name",
    [
        "add_worker",
        "fetch_error",
        "is_paused",
        "ping",
        "set_task_progress_percentage",
        "set_task_status_message",
        "task_list",
        "worker_list",
    ],
)
def test_a_luigid_answers_what_it_is_asked(name: str) -> None:
    assert name in luigi.scheduler.RPC_METHODS, f"Luigi changed RemoteScheduler.{name}"


def test_a_reporter_has_what_is_asked_of_it() -> None:
    from hearpreprocess.engine.reporter import ProgressReporter

    asked = luigi.worker.TaskProcess.forward_reporter_attributes
    assert not [name for name in asked if not hasattr(ProgressReporter("step", None), name)], (
        "Luigi changed TaskStatusReporter"
    )
    assert asked["update_status_message"] == "set_status_message", "Luigi changed TaskStatusReporter"
    assert asked["update_progress_percentage"] == "set_progress_percentage", "Luigi changed TaskStatusReporter"


def test_the_message_of_a_lost_dependency() -> None:
    from hearpreprocess.engine.worker import UNFULFILLED

    errors: list[BaseException] = []
    Needing.event_handler(luigi.Event.FAILURE)(lambda _task, error: errors.append(error))
    result = Result()
    luigi.worker.TaskProcess(Needing(), "worker", result, None).run()
    assert UNFULFILLED in str(errors[0]), "Luigi changed the message of an unfulfilled dependency"
    assert result.value[:2] == (Needing().task_id, luigi.task_status.FAILED), "Luigi changed the result of a step"


def test_the_message_of_a_dead_process(worker: luigi.worker.Worker) -> None:
    from hearpreprocess.engine.worker import DIED

    messages: list[str] = []
    Needed.event_handler(luigi.Event.PROCESS_FAILURE)(lambda _task, message: messages.append(message))
    worker._task_result_queue = Result()
    worker._running_tasks = {Needed().task_id: Dead(Needed())}
    worker._purge_children()
    assert messages[0].partition(DIED)[2] == "with exit code -9", "Luigi changed the message of a dead process"


def test_the_client_of_a_luigid_does_nothing_but_call_what_is_imported_late() -> None:
    """Its stand-ins can do nothing else: be a base class, be caught or be compared."""
    tree = ast.parse(inspect.getsource(luigi.rpc))
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    at_top = [node for node in imported if node.col_offset == 0 or isinstance(node, ast.Import)]
    late = [node for node in at_top if {getattr(node, "module", ""), *(each.name for each in node.names)} & {*LATE}]
    names = {each.asname or each.name for node in late for each in node.names}
    assert names == {"Request", "Retrying", "requests", "stop_after_attempt", "urlopen", "wait_fixed"}
    used = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in names]
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    called += [function.value for function in called if isinstance(function, ast.Attribute)]
    assert len(used) >= len(names)
    assert set(used) <= set(called)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert set(used) <= {node for function in functions for statement in function.body for node in ast.walk(statement)}


def test_what_another_luigi_does_with_these_libraries_is_not_known(tmp_path: Path) -> None:
    path = tmp_path / "other_rpc.py"
    path.write_text("import requests, urllib.request\nfrom tenacity import RetryError, Retrying\nError = RetryError")
    loader = _Loader("other_rpc", str(path))
    spec = importlib.util.spec_from_loader("other_rpc", loader)
    assert spec is not None
    other = importlib.util.module_from_spec(spec)
    loader.exec_module(other)
    assert isinstance(other.requests, _Library)
    assert issubclass(other.Error, Exception)
    assert other.urllib.request.urlopen
