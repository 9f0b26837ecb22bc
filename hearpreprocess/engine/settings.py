"""The user's Luigi settings that a run supports; all others are refused by name, so that none is ignored silently.

Luigi reads them itself, from luigi.cfg and similar files, and most take effect without our help. This module lists
those that a run sets itself.
"""

from __future__ import annotations

import configparser
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import luigi
import luigi.configuration
import luigi.interface
import luigi.scheduler
import luigi.worker

from hearpreprocess.errors import ConfigError, enumerate_problems
from hearpreprocess.steps import check_read, names_of, settings_files
from hearpreprocess.storage import nearest

SECONDS_BETWEEN_LOOKS = 0.3

_SECTIONS = {
    "worker": luigi.worker.worker,
    "core": luigi.interface.core,
    "scheduler": luigi.scheduler.scheduler,
}

_ALIASES = {  # of [core], by their names in older versions of Luigi
    "worker_": "worker",
    "retry_external_tasks": "worker",
}

_OF_OTHERS = ("rpc_", "email_", "smtp_", "error_email", "autoload_range", "no_configure_logging")
"""Names in [core], or their prefixes, that are not parameters and that Luigi reads where it needs them."""

_DEFAULTS: Mapping[str, Any] = {
    "wait_interval": SECONDS_BETWEEN_LOOKS,
    "wait_jitter": SECONDS_BETWEEN_LOOKS,
    "send_failure_email": False,
}
"""Our defaults for [worker], which the user's settings override."""

_WAITING = "with --scheduler-url a run waits for other hosts as long as they work, without it never"
_SCHEDULER = "use --scheduler-url instead"
_LOCKS = "Luigi's lock is not used, as several runs may be active at once"

_NEEDED: Mapping[tuple[str, str], tuple[Any, str]] = {
    ("worker", "count_uniques"): (False, _WAITING),
    ("worker", "count_last_scheduled"): (False, _WAITING),
    ("worker", "max_keep_alive_idle_duration"): (None, _WAITING),
    ("worker", "task_limit"): (None, "a run needs all of its steps"),
    ("worker", "id"): (None, "each run has an id of its own"),
    ("worker", "check_complete_on_run"): (True, "a step is complete when its output exists"),
    ("worker", "cache_task_completion"): (False, "an output may be removed during a run"),
    ("core", "local_scheduler"): (True, _SCHEDULER),
    ("core", "scheduler_host"): (None, _SCHEDULER),
    ("core", "scheduler_port"): (None, _SCHEDULER),
    ("core", "scheduler_url"): (None, _SCHEDULER),
    ("core", "workers"): (None, "use --num-workers instead"),
    ("core", "no_lock"): (True, _LOCKS),
    ("core", "take_lock"): (False, _LOCKS),
    ("core", "lock_size"): (None, _LOCKS),
    ("core", "lock_pid_dir"): (None, _LOCKS),
    ("core", "logging_conf_file"): (None, "a run writes its own log to the work directory"),
    ("core", "parallel_scheduling"): (False, "a run schedules its steps in one process"),
    ("core", "parallel_scheduling_processes"): (None, "a run schedules its steps in one process"),
    ("core", "assistant"): (False, "a run makes only the requested tasks"),
    ("core", "module"): (None, "a run makes only the requested tasks"),
}
"""The values that a run requires, None if the setting must be absent, with the reason."""


@dataclass(frozen=True)
class Settings:
    """The user's settings that are passed on to Luigi.

    `worker`: keyword arguments of Luigi's class of that name. `timeout`: of a step in seconds, 0 for none.
    `checks_dependencies`: whether a step checks its dependencies before it runs. `context`: a context manager class
    around each step, Luigi's task_process_context. `log_level`: of the run's log.
    """

    worker: Mapping[str, Any]
    timeout: int
    checks_dependencies: bool
    context: str | None
    log_level: int


def settings(*, waits: bool) -> Settings:
    """The settings of a run; `waits`: whether other hosts share its work.

    Raises ConfigError listing each setting that is not supported or invalid.
    """
    check_read()
    problems: list[str] = []
    values: dict[tuple[str, str], Any] = {}
    required_values = {**_NEEDED, ("worker", "keep_alive"): (waits, _WAITING)}
    for section, option, text in _user_settings():
        setting = f"[{section}] {option}"
        if section == "core" and option.startswith(_OF_OTHERS):
            continue
        parameters = dict(_SECTIONS[section].get_params())
        if option not in parameters and option in _variables():
            continue
        if option not in parameters:
            problems.append(f"{setting}: unknown setting{nearest(option, parameters)}")
            continue
        try:
            value = values[section, option] = parameters[option].parse(text)
        except Exception as error:  # each kind of parameter has its own errors
            problems.append(f"{setting}: invalid value {text!r}: {error}")
            continue
        required, reason = required_values.get((section, option), (value, ""))
        is_overruled = waits and reason == _SCHEDULER  # --scheduler-url takes precedence, as Luigi's own option does
        if value != required and not is_overruled:
            expected = "nothing" if required is None else str(required).lower()
            problems.append(f"{setting}: {reason}; expected {expected}, got {text}")
    if problems:
        headline = (
            f"{names_of(settings_files())}: {{count}} unsupported or invalid Luigi settings. Remove or change them:"
        )
        raise ConfigError(enumerate_problems(headline, problems))
    defaults = {name: value for name, value in _DEFAULTS.items() if ("worker", name) not in values}
    return Settings(
        worker={**defaults, "keep_alive": waits, "check_complete_on_run": True},
        timeout=values.get(("worker", "timeout"), 0),
        checks_dependencies=values.get(("worker", "check_unfulfilled_deps"), True),
        context=values.get(("worker", "task_process_context")),
        log_level=logging.getLevelName(values.get(("core", "log_level"), "INFO")),
    )


def _variables() -> Mapping[str, str]:
    """The values in [DEFAULT], which other settings may refer to and which appear in every section."""
    parser = luigi.configuration.get_config()
    return {name.replace("-", "_"): text for name, text in parser.defaults().items()}


def _user_settings() -> Iterator[tuple[str, str, str]]:
    """The user's settings: section, option by its current name, and value.

    Raises ConfigError where a value names a variable of the environment that is not set.
    """
    parser = luigi.configuration.get_config()
    data = getattr(parser, "data", None)  # the toml parser has its values only there
    sections = parser if data is None else data
    for section in _SECTIONS:
        if section not in sections:
            continue
        for name in sections[section]:
            try:
                text = str(parser.get(section, name))
            except configparser.Error as error:
                raise ConfigError(f"{names_of(settings_files())}: [{section}] {name}: {error}") from error
            yield (*_current_name(section, name.replace("-", "_")), text)


def _current_name(section: str, option: str) -> tuple[str, str]:
    """The current section and option of a setting that older versions of Luigi had in [core]."""
    if section != "core":
        return section, option
    for beginning, home in _ALIASES.items():
        if option.startswith(beginning):
            return home, option.removeprefix("worker_")
    return section, option.removeprefix("default_") if option.startswith("default_scheduler_") else option
