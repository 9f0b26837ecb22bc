"""What the checks of several hosts in a shared directory mean, one line for each, and which setting fixes a problem."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from hearpreprocess.cli.diagnosis import Diagnosis
from hearpreprocess.cli.mount_advice import for_delays, for_locks
from hearpreprocess.sharing import CHANGES, LISTED, Checked, Delay, Greeting, Observation

LATE = 5.0
"""Seconds after which a change counts as seen late: NFS looks at files again after 3 s, source: nfs(5), acregmin."""

CLOCKS_APART, CLOCKS_FAR_APART = 2.0, 300.0
"""Seconds by which clocks differ visibly in logs, and by which servers begin to refuse signed requests."""

_SURELY, _NECESSARY = 0.2, (LISTED, "replaced file")
_MOST_NAMED = 3
_SECOND = 1_000_000_000

Pair = tuple[str, str]


def verdicts(checked: Checked) -> Iterator[Diagnosis]:
    """The verdict of each check."""
    yield from _lost(checked)
    yield from _same_system(checked)
    yield _same_path(checked)
    yield _same_versions(checked)
    yield from _locks(checked)
    for change in CHANGES:
        yield _delay(checked, change)
    yield _clocks(checked)
    yield _links(checked)
    yield _renames(checked)
    yield _appends(checked)
    yield _times(checked)
    yield _names(checked)
    yield _removal(checked)
    yield from _owners(checked)


def _label(checked: Checked, member: str) -> str:
    return checked.participants.label(member)


def _greetings(checked: Checked, members: Collection[str]) -> list[Greeting]:
    return [checked.participants.greetings[member] for member in dict.fromkeys(members)]


def _observations(checked: Checked) -> dict[Pair, Observation]:
    """The observations by pair of observer and observed member, of members that took part to the end."""
    return {
        (observer, member): observation
        for observer, observations in sorted(checked.observations.items())
        for member, observation in sorted(observations.items())
        if member in checked.probes
    }


def _pairs(checked: Checked, has_problem: Callable[[Observation], bool]) -> list[Pair]:
    """The pairs whose observation has a problem."""
    return [pair for pair, observation in _observations(checked).items() if has_problem(observation)]


def _text(checked: Checked, pairs: list[Pair], form: str) -> str:
    """The pairs in a sentence. `form`: with {observer} and {member}."""
    texts = [
        form.format(observer=_label(checked, observer), member=_label(checked, member)) for observer, member in pairs
    ]
    more = len(texts) - _MOST_NAMED
    return "; ".join([*texts[:_MOST_NAMED], *([f"and {more:,} more"] if more > 0 else [])])


def _lost(checked: Checked) -> Iterator[Diagnosis]:
    for member, reason in checked.lost.items():
        yield Diagnosis(_label(checked, member), reason, "run the command on all hosts again, and let it end")


def _same_system(checked: Checked) -> Iterator[Diagnosis]:
    members_by_system: dict[str, list[str]] = {}
    for member, greeting in checked.participants.greetings.items():
        if greeting.host.system:
            members_by_system.setdefault(greeting.host.system, []).append(_label(checked, member))
    for labels in members_by_system.values():
        if len(labels) > 1:
            state = (
                f"{', '.join(labels)} run on the same system (same boot identifier), where locks and changes are "
                "always seen at once"
            )
            yield Diagnosis(
                "same system", state, "to check locks and delays, run the command on different hosts", is_needed=False
            )


def _same_path(checked: Checked) -> Diagnosis:
    paths = {_label(checked, member): greeting.path for member, greeting in checked.participants.greetings.items()}
    if len(set(paths.values())) == 1:
        return Diagnosis("path", f"{next(iter(paths.values()))} on all hosts")
    state = ", ".join(f"{path} on {label}" for label, path in paths.items())
    return Diagnosis("path", state, "mount the directory at the same path on all hosts")


def _same_versions(checked: Checked) -> Diagnosis:
    greetings = checked.participants.greetings
    names = dict.fromkeys(name for greeting in greetings.values() for name in greeting.versions)
    differing = []
    for name in names:
        versions = {
            _label(checked, member): greeting.versions.get(name, "none") for member, greeting in greetings.items()
        }
        if len(set(versions.values())) > 1:
            differing.append(f"{name}: {', '.join(f'{version} on {label}' for label, version in versions.items())}")
    if not differing:
        version = next(iter(greetings.values())).versions.get("hearpreprocess")
        return Diagnosis("versions", f"hearpreprocess {version}, its libraries and ffmpeg are the same on all hosts")
    fix = "install the same versions on all hosts"
    return Diagnosis("versions", "; ".join(differing), fix)


def _locks(checked: Checked) -> Iterator[Diagnosis]:
    without = [member for member, holds in checked.holds_locks.items() if not holds]
    unseen = _pairs(checked, lambda view: view.locks.sees_exclusive is False or view.locks.sees_shared is False)
    unknown = _pairs(checked, lambda view: view.locks.sees_exclusive is None or view.locks.sees_shared is None)
    if without:
        state = f"no file locks (flock) on {', '.join(_label(checked, member) for member in without)}"
        yield Diagnosis("locks", state, for_locks(_greetings(checked, without)))
    elif unseen:
        everywhere = len(unseen) == len(_observations(checked))
        state = (
            "no host sees the locks of another"
            if everywhere
            else _text(checked, unseen, "{observer} does not see the locks of {member}")
        )
        yield Diagnosis("locks", state, for_locks(_greetings(checked, [member for pair in unseen for member in pair])))
    elif unknown:
        state = _text(checked, unknown, "{observer} cannot open the lock files of {member}")
        yield Diagnosis("locks", state, _PERMISSIONS)
    else:
        yield Diagnosis("locks", "each host sees the exclusive and shared locks of the others")
        yield from _less_common_locks(checked)


def _less_common_locks(checked: Checked) -> Iterator[Diagnosis]:
    unreleased = _pairs(checked, lambda view: view.sees_release is False)
    refused = _pairs(checked, lambda view: view.locks.shares is False)
    if unreleased:
        state = _text(checked, unreleased, "{observer} does not see that {member} has released a lock")
        yield Diagnosis("released locks", state, for_locks(_greetings(checked, [pair[0] for pair in unreleased])))
    else:
        yield Diagnosis("released locks", "free on the other hosts")
    if refused:
        state = _text(checked, refused, "{observer} cannot share a lock with {member}")
        yield Diagnosis("shared locks", state, for_locks(_greetings(checked, [pair[0] for pair in refused])))
    if any(probes.locks_reading_only is False for probes in checked.probes.values()):
        yield Diagnosis("locks of read-only files", "shared ones alone, as usual on NFS")


_PERMISSIONS = (
    "use the same user on all hosts, or a common group: chgrp GROUP DIR; chmod 2775 DIR; and umask 002 for all users"
)


def _delay(checked: Checked, change: str) -> Diagnosis:
    delays = {pair: observation.delays[change] for pair, observation in _observations(checked).items()}
    if not delays:
        return Diagnosis(change, "not checked", "run the command on all hosts again", is_needed=False)
    late = [pair for pair, delay in delays.items() if delay.lower > LATE or delay.upper is None]
    if not late:
        return Diagnosis(
            change, f"other hosts see it {_seconds(max(delays.values(), key=lambda delay: delay.upper or 0))}"
        )
    worst = max(late, key=lambda pair: delays[pair].lower)
    state = _text(checked, [worst], "{observer} sees the change by {member} ") + _seconds(delays[worst])
    is_needed = change in _NECESSARY or any(delays[pair].upper is None for pair in late)
    if not is_needed:
        state += "; runs list the directory again and are not affected"
    return Diagnosis(change, state, for_delays(_greetings(checked, [pair[0] for pair in late])), is_needed=is_needed)


def _seconds(delay: Delay) -> str:
    if delay.upper is None:
        return f"not within {delay.lower:.0f} s"
    if delay.lower <= _SURELY or delay.upper < delay.lower:
        return f"within {delay.upper:.1f} s"
    half = (delay.upper - delay.lower) / 2
    return f"after {delay.lower + half:.1f} s (± {half:.1f} s)"


def _clocks(checked: Checked) -> Diagnosis:
    bounds = {pair: observation.clock for pair, observation in _observations(checked).items()}
    apart = {pair: max(0.0, lower, -upper) for pair, (lower, upper) in bounds.items()}
    of_server = {member: greeting.seconds_ahead for member, greeting in checked.participants.greetings.items()}
    farthest = max([*apart.values(), *map(abs, of_server.values())])
    if farthest <= CLOCKS_APART:
        most = max((max(abs(lower), abs(upper)) for lower, upper in bounds.values()), default=0.0)
        return Diagnosis("clocks", f"at most {most:.1f} s apart")
    ahead = {pair: limits for pair, limits in bounds.items() if limits[0] > CLOCKS_APART}
    states = [
        f"{_label(checked, member)} is {(lower + upper) / 2:.1f} s (± {(upper - lower) / 2:.1f} s) ahead of "
        f"{_label(checked, observer)}"
        for (observer, member), (lower, upper) in list(ahead.items())[:_MOST_NAMED]
    ]
    states += [
        f"{_label(checked, member)} is {abs(seconds):.1f} s {'ahead of' if seconds > 0 else 'behind'} the file system"
        for member, seconds in of_server.items()
        if abs(seconds) > CLOCKS_APART
    ]
    fix = "synchronize the clocks: chrony or systemd-timesyncd"
    return Diagnosis("clocks", "; ".join(states), fix, is_needed=farthest > CLOCKS_FAR_APART)


def _links(checked: Checked) -> Diagnosis:
    errors = {member: probes.link for member, probes in checked.probes.items() if probes.link}
    if not errors:
        return Diagnosis("hard links", "supported")
    state = f"not supported ({next(iter(errors.values()))}); files are copied instead, which takes more space"
    fix = "use a file system with hard links, or plan twice the space"
    return Diagnosis("hard links", state, fix, is_needed=False)


def _renames(checked: Checked) -> Diagnosis:
    problems = dict.fromkeys(
        problem
        for probes in checked.probes.values()
        for problem in (
            f"a directory cannot be renamed ({probes.rename_folder})" if probes.rename_folder else "",
            f"an open file cannot be replaced ({probes.replace_file})" if probes.replace_file else "",
            "a directory with files is replaced without an error" if probes.replaces_filled else "",
        )
        if problem
    )
    if problems:
        fix = "use another file system: finished directories and files are renamed into place"
        return Diagnosis("rename", "; ".join(problems), fix)
    empty = any(probes.rename_over_empty for probes in checked.probes.values())
    return Diagnosis(
        "rename", f"files {'' if empty else 'and empty directories '}are replaced, filled directories are not"
    )


def _appends(checked: Checked) -> Diagnosis:
    fewest, expected = min(checked.lines.values()), checked.expected_lines
    if fewest == expected:
        return Diagnosis("append", f"all {expected:,} lines are whole that all hosts appended to one file")
    state = (
        f"{fewest:,} of {expected:,} lines are whole that all hosts appended to one file, as usual on NFS; nothing in "
        "hearpreprocess depends on it"
    )
    return Diagnosis("append", state, "let no program of several hosts append to one file there", is_needed=False)


def _times(checked: Checked) -> Diagnosis:
    coarse = [member for member, probes in checked.probes.items() if probes.resolution >= _SECOND]
    observations = _observations(checked)
    other = [pair for pair, view in observations.items() if view.time not in (-1, checked.times[pair[1]])]
    if coarse:
        state = f"whole seconds on {', '.join(_label(checked, member) for member in coarse)}"
    elif other:
        state = _text(checked, other, "{observer} sees another time of the same file than {member}")
    else:
        return Diagnosis("file times", "exact, and the same on all hosts")
    fix = "use a file system that keeps fractions of seconds; without, finished steps may be repeated"
    return Diagnosis("file times", state, fix, is_needed=False)


def _names(checked: Checked) -> Diagnosis:
    problems = []
    if not all(probes.distinguishes_case for probes in checked.probes.values()):
        problems.append("upper and lower case are the same")
    if not all(probes.keeps_unicode for probes in checked.probes.values()):
        problems.append("accented letters are stored in another form")
    if not problems:
        return Diagnosis("file names", "kept as they are written")
    fix = "use a case-sensitive file system that keeps names, for sources with names that differ only in this"
    return Diagnosis("file names", "; ".join(problems), fix, is_needed=False)


def _removal(checked: Checked) -> Diagnosis:
    refused = _pairs(checked, lambda view: bool(view.removal))
    if not refused:
        return Diagnosis("permissions", "each host can remove files and directories of the others")
    observer, member = refused[0]
    reason = checked.observations[observer][member].removal
    state = _text(checked, refused, "{observer} cannot remove files of {member}")
    return Diagnosis("permissions", f"{state} ({reason})", _PERMISSIONS)


def _owners(checked: Checked) -> Iterator[Diagnosis]:
    for member, probes in checked.probes.items():
        user = checked.participants.greetings[member].user
        if probes.owner != user:
            state = f"files of user {user} on {_label(checked, member)} belong to user {probes.owner}"
            root = "the server maps root to another user (root_squash): run as a user who is not root"
            fix = root if user == 0 else "give the user the same number on the server and on all hosts"
            yield Diagnosis("owners", state, fix, is_needed=False)
    observations = _observations(checked)
    foreign = [pair for pair, view in observations.items() if view.owner not in (-1, checked.probes[pair[1]].owner)]
    if foreign:
        state = _text(checked, foreign, "{observer} sees another owner of the files of {member} than {member} itself")
        fix = "give the user the same number on all hosts"
        yield Diagnosis("owners", state, fix, is_needed=False)
