"""The documentation says what happens: its commands are given, its links followed, its options looked for.

What a page has to keep to:

- A fenced block ```console``` holds commands, in lines that begin with `$ `, and below each what it prints, standard
  output and standard error together. Nothing below a command: what it prints is not looked at. A line `...` stands for
  any number of lines, `...` inside of a line for any text. Amounts before a unit (s, min, B, kB, MB, GB) and runs of
  blanks may be others. A command ends well, unless it says `# exit status N`.
- `<!-- network -->` before a block: its commands need the network and are not given.
- A fenced block ```python title="name.py"``` is written to that file. A block ```python``` is executed, all those of a
  page by one interpreter; a block ```text``` right below it holds what it prints, with `...` as above. The commands,
  files and code of a page are given, written and executed in the page's order, in one empty folder.
- `<!-- needs NAME -->` before a block: its code is executed where the module NAME can be imported, here or from the
  environments of LIBRARIES. Otherwise the test of the page ends as skipped, with the modules that are missing.
- `<!-- fragment -->` before a block: its code is a part of another file, and is not executed.
- ```pycon``` blocks are doctests.
- A heading of troubleshooting.md that is code is a message, with `...` for what differs.
"""

from __future__ import annotations

import ast
import contextlib
import difflib
import doctest
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.machinery import PathFinder
from pathlib import Path

import pytest
import yaml

import hearpreprocess
from hearpreprocess import compare, verify
from hearpreprocess.cli.program import COMMANDS
from hearpreprocess.task.extra import RESERVED
from tests.user import CAN_FORK, COMMAND, User

PROJECT = Path(__file__).parent.parent
DOCS = PROJECT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
TEXTS = [PROJECT / "README.md", *PAGES]
PAGES_ON_OTHERS = ("evaluation-kits", "kubernetes", "object-storage", "slurm")
"""Pages on other programs: only their commands of hearpreprocess are looked at, for their options."""
RUN = [
    page
    for page in TEXTS
    if page.stem not in PAGES_ON_OTHERS
    and re.search(r"^```(?:console|python)$", page.read_text(encoding="utf-8"), re.MULTILINE)
]
QUICK = ("README", "quick-start")
each_page = pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=[] if page.stem in QUICK else pytest.mark.slow) for page in RUN],
    ids=lambda page: page.stem,
)
ARCHIVE = Path(os.environ.get("SHARED", PROJECT.parent / "shared")) / "full" / "v1.0.9.tar.gz"
LIBRARIES = ("readers/datasets-5.2.0", "evalkit/venv", "readers/lhotse-1.33.0")
"""Environments below build/, of `make readers` and `make evalkit`: pages find there what this environment lacks."""
STAND_INS = dict.fromkeys(
    ("README", "index"), ("esc50:synthetic", "esc50-v2.0.0-synthetic", "out/tasks/esc50-v2.0.0-full")
)
"""By page: a task of generated recordings, its title, and the downloaded task that the page's code reads instead."""

NETWORK = "<!-- network -->"
FRAGMENT = "<!-- fragment -->"
_NEEDS = re.compile(r"<!-- needs (\w+) -->$")
_FENCE = re.compile(r'```(\w*)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_AMOUNT = re.compile(r"\b\d[\d,.]*(?= ?(?:s|min|B|kB|MB|GB)\b)")
_TIME = re.compile(r"\b\d\d:\d\d:\d\d\b")
_STATUS = re.compile(r"# exit status (\d+)$")
SYNTAX = frozenset("|&;<>()$`\\*?[#~{}\n")
"""Of a shell; quotes are read without one."""


@dataclass
class Command:
    text: str
    expected: list[str] = field(default_factory=list)

    @property
    def status(self) -> int:
        said = _STATUS.search(self.text)
        return int(said[1]) if said else 0


@dataclass
class Block:
    kind: str
    title: str
    text: str
    needs_network: bool
    is_program: bool
    needed_module: str
    printed: str | None = None
    """What a block of code prints, if the page shows it."""

    def commands(self) -> Iterator[Command]:
        command = None
        for line in self.text.splitlines():
            if line.startswith("$ "):
                if command:
                    yield command
                command = Command(line.removeprefix("$ "))
            else:
                assert command, f"a console block begins with a command, not with {line!r}"
                command.expected.append(line)
        if command:
            yield command


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found_blocks: list[Block] = []
    end = 0
    for found in _FENCE.finditer(text):
        before = text[: found.start()].rstrip()
        needed = _NEEDS.search(before)
        block = Block(
            kind=found[1],
            title=found[2] or "",
            text=found[3],
            needs_network=before.endswith(NETWORK),
            is_program=found[1] == "python" and not found[2] and not before.endswith(FRAGMENT),
            needed_module=needed[1] if needed else "",
        )
        if found_blocks and found_blocks[-1].is_program and block.kind == "text" and len(before) == end:
            found_blocks[-1].printed = block.text
        found_blocks.append(block)
        end = found.end()
    return found_blocks


def normal(line: str) -> str:
    return re.sub(r"\s+", " ", _TIME.sub("<time>", _AMOUNT.sub("<amount>", line))).rstrip()


def agrees(expected: list[str], printed: str) -> bool:
    pattern = "".join(
        r"(?:.*\n)*?"
        if line.strip() == "..."
        else ".*".join(re.escape(part) for part in normal(line).split("...")) + r"\n"
        for line in expected
    )
    lines = "".join(f"{normal(line)}\n" for line in printed.rstrip("\n").split("\n"))
    return re.fullmatch(pattern, lines) is not None


def environment(folder: Path) -> dict[str, str]:
    """With the commands `hearpreprocess` and `python` of this environment, wherever it is."""
    folder.mkdir(exist_ok=True)
    for name, command in (("hearpreprocess", COMMAND), ("python", [sys.executable])):
        (folder / name).write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
        (folder / name).chmod(0o755)
    return os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "PYTEST_ADDOPTS": ""}


def home(folder: Path, page: Path) -> Path:
    """An empty folder; to the README, which is read in a checkout that is set up, it looks like one."""
    place = folder / "home"
    place.mkdir()
    if page.parent == PROJECT:
        (place / "tasks").symlink_to(PROJECT / "tasks")
        (place / ".venv").mkdir()
        (place / ".venv" / "bin").symlink_to(folder / "bin")
    return place


def give(command: Command, folder: Path, variables: dict[str, str]) -> None:
    """Give a command in a folder and look whether it ends and prints as the page says."""
    status, printed = typed(command.text, folder, variables)
    assert status == command.status, f"$ {command.text}\n{printed}"
    if command.expected and not agrees(command.expected, printed):
        difference = difflib.unified_diff(command.expected, printed.splitlines(), "page", "printed", lineterm="")
        pytest.fail("\n".join([f"$ {command.text}", *difference]), pytrace=False)


def typed(text: str, folder: Path, variables: dict[str, str]) -> tuple[int, str]:
    """The exit status of a command, and all that it prints. In a shell, unless it is one of ours without its syntax."""
    text = _STATUS.sub("", text)
    if CAN_FORK and text.startswith("hearpreprocess ") and not SYNTAX.intersection(text):
        finished = User(folder).run(*shlex.split(text)[1:], with_report=True, merged=True, variables=variables)
    else:
        finished = subprocess.run(
            ["bash", "-c", text],
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=1200,  # ends what hangs, however busy the machine is
        )
    return finished.returncode, finished.stdout


def library_paths() -> list[str]:
    """Where the environments of LIBRARIES keep their packages, if they are there and of this version of Python."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    paths = (PROJECT / "build" / name / "lib" / version / "site-packages" for name in LIBRARIES)
    return [str(path) for path in paths if path.is_dir()]


def can_import(module: str) -> bool:
    return not module or PathFinder.find_spec(module, [*sys.path, *library_paths()]) is not None


INTERPRETER = """
import contextlib, io, json, sys, traceback
sys.path += sys.argv[1:]  # at the end: what the environment itself has comes first
answers = sys.stdout
for line in sys.stdin:
    code, printed = json.loads(line), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            exec(compile(code, "page", "exec"), globals())
            failure = None
        except BaseException:
            failure = traceback.format_exc()
    print(json.dumps([printed.getvalue(), failure]), file=answers, flush=True)
"""


class Interpreter:
    """Executes the code of a page in a folder, and looks whether it prints what the page says."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self._folder, self._variables = folder, variables
        self._process: subprocess.Popen[str] | None = None

    def execute(self, block: Block) -> None:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-c", INTERPRETER, *library_paths()],
                cwd=self._folder,
                env=self._variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(block.text), file=self._process.stdin, flush=True)
        printed, failure = json.loads(self._process.stdout.readline())
        assert failure is None, f"{block.text}\n{printed}{failure}"
        if block.printed is not None and not agrees(block.printed.splitlines(), printed):
            difference = difflib.unified_diff(
                block.printed.splitlines(), printed.splitlines(), "page", "printed", lineterm=""
            )
            pytest.fail("\n".join([block.text, *difference]), pytrace=False)

    def close(self) -> None:
        if self._process is not None:
            self._process.communicate()


@each_page
def test_commands_and_code_print_what_the_page_says(page: Path, tmp_path: Path) -> None:
    variables, folder = environment(tmp_path / "bin"), home(tmp_path, page)
    missing: list[str] = []
    with contextlib.closing(Interpreter(folder, variables)) as interpreter:
        for block in blocks(page):
            if block.title:
                (folder / block.title).write_text(block.text, encoding="utf-8")
            elif block.kind == "console" and not block.needs_network:
                for command in block.commands():
                    give(command, folder, variables)
            elif block.is_program and not block.needs_network and not can_import(block.needed_module):
                missing.append(block.needed_module)
            elif block.is_program and not block.needs_network:
                with downloaded_task(page, folder, variables):
                    interpreter.execute(block)
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        pytest.skip(f"{page.name}: executed but for {len(missing)} blocks that need {names} (see LIBRARIES)")


@contextlib.contextmanager
def downloaded_task(page: Path, folder: Path, variables: dict[str, str]) -> Iterator[None]:
    """While code is executed, the task that the page has downloaded stands there; its commands have not seen it."""
    if page.stem not in STAND_INS:
        yield
        return
    task, title, place = STAND_INS[page.stem]
    made = folder.parent / "stand-in"
    made.mkdir()
    give(Command(f"hearpreprocess {task} --sample-rates 16000 --no-report --quiet"), made, variables)
    (folder / place).parent.mkdir(parents=True, exist_ok=True)
    (made / "out" / "tasks" / title).rename(folder / place)
    yield
    shutil.rmtree(folder / "out")


@pytest.mark.slow
@pytest.mark.skipif(not ARCHIVE.is_file(), reason="the archive of spoken_digit is not beside the checkout")
def test_commands_of_spoken_digit_with_its_real_archive(tmp_path: Path) -> None:
    """As they print once the download is there."""
    variables, folder = environment(tmp_path / "bin"), tmp_path / "home"
    (folder / "_workdir" / "downloads").mkdir(parents=True)
    (folder / "_workdir" / "downloads" / ARCHIVE.name).symlink_to(ARCHIVE.resolve())
    given = 0
    for block in blocks(DOCS / "quick-start.md"):
        for command in block.commands() if block.kind == "console" and block.needs_network else ():
            if re.match(r"(hearpreprocess spoken_digit|hearpreprocess verify|head|ls|cat) ", f"{command.text} "):
                give(command, folder, variables)
                given += 1
    assert given


# What fetches something, or goes where that is, and commands that ask servers. All others are tried: see below.
FETCHES = re.compile(r"(make|pip|docker|git|curl|cd|\.) |hearpreprocess sources |hearpreprocess doctor(?!.*--offline)")


@pytest.mark.slow
@each_page
def test_what_is_said_to_need_the_network_needs_it(page: Path, tmp_path: Path) -> None:
    variables, folder = environment(tmp_path / "bin"), home(tmp_path, page)
    for block in blocks(page):
        if not block.needs_network or block.is_program:
            continue
        assert block.kind == "console"
        runs = [command.text for command in block.commands() if not FETCHES.match(f"{command.text} ")]
        for position, text in enumerate(runs):
            # What a block does after its first run looks at what that has made.
            if position and not re.match("hearpreprocess (?!verify )", text):
                continue
            status, printed = typed(f"{text} --offline", folder, variables)
            assert status == 1, text
            assert "(--offline is set)" in printed, text


@pytest.mark.parametrize("page", [page for page in PAGES if ">>> " in page.read_text()], ids=lambda page: page.stem)
def test_worked_examples(page: Path) -> None:
    source = "\n".join(block.text for block in blocks(page) if block.kind == "pycon")
    test = doctest.DocTestParser().get_doctest(source, {}, page.name, str(page), 0)
    said: list[str] = []
    results = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=said.append)
    assert results.attempted
    assert not results.failed, "".join(said)


def anchors(page: Path) -> set[str]:
    """As Python-Markdown and GitHub make them of plain headings."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    found = set()
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        words = re.sub(r"[^\w\s-]", "", heading.lower()).strip()
        found |= {re.sub(r"\s", "-", words), re.sub(r"[\s-]+", "-", words)}
    return found


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.stem)
def test_relative_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$|`[^`\n]+`", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    targets = [*re.findall(r"\]\(([^)\s]+)\)", text), *re.findall(r'(?:src|href)="([^"]+)"', text)]
    for target in targets:
        if re.match(r"[a-z]+:", target):
            continue
        place, _hash, anchor = target.partition("#")
        file = (page.parent / place).resolve() if place else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


# Of luigid and of Dask.
OTHERS_OPTIONS = {
    "--address",
    "--dashboard-address",
    "--port",
    "--host",
    "--nthreads",
    "--protocol",
    "--scheduler-file",
}


def options_of(user: User, *command: str) -> set[str]:
    finished = user.run(*command, "--help")
    return set(re.findall(r"--[a-z][a-z-]+", finished.stdout))


def test_every_option_exists_and_is_documented(user: User) -> None:
    of_run = options_of(user)
    known = of_run.union(*(options_of(user, name) for name in COMMANDS)) | OTHERS_OPTIONS
    for page in TEXTS:
        text = re.sub(r"^#SBATCH .+$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        if page.stem in PAGES_ON_OTHERS:
            text = "\n".join(re.findall(r"^ *(?:\$ )?hearpreprocess .+$", text, re.MULTILINE))
        named = set(re.findall(r"(?<![\w<!-])--[a-z][a-z-]+", text))
        assert named <= known, f"{page.name} names {sorted(named - known)}"
    commands = (DOCS / "commands.md").read_text(encoding="utf-8")
    assert {option for option in of_run - {"--help"} if f"`{option}" not in commands} == set()


def test_every_command_has_a_section_with_an_example() -> None:
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    for name in set(COMMANDS) - {"run", "version", "help"}:
        (section,) = re.findall(rf"^## {name}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
        assert re.search(rf"^\$ (hearpreprocess |python -m hearpreprocess\.){name}\b", section, re.MULTILINE), name


def messages() -> list[str]:
    """Every text in the code, with a line feed where a value is put in, and options where fields of a request stand."""
    found = []
    for path in (PROJECT / "hearpreprocess").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [str(part.value) if isinstance(part, ast.Constant) else "\n" for part in node.values]
                found.append(re.sub(r"\{(\w+)\}", lambda field: f"--{field[1].replace('_', '-')}", "".join(parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return found


def test_the_reference_lists_the_reserved_columns() -> None:
    text = (DOCS / "reference.md").read_text(encoding="utf-8")
    (listed,) = re.findall(r"case other than our own: ([^.]+)\.", text)
    assert re.split(r",\s+", listed) == sorted(RESERVED)


def test_the_reference_has_what_programs_use_in_its_own_section() -> None:
    text = (DOCS / "reference.md").read_text(encoding="utf-8")
    (programs,) = re.findall(r"^      members: \[(make, [\w, ]+)\]$", text, re.MULTILINE)
    (kept_from_task_modules,) = re.findall(r'^        - "!\^\((make\|[\w|]+)\)\$"$', text, re.MULTILINE)
    rooms = tuple(f"hearpreprocess.{name}" for name in ("api", "exporting", "loading", "task.summary"))
    modules = {name: getattr(hearpreprocess, name).__module__ for name in hearpreprocess.__all__}
    of_programs = sorted(name for name, module in modules.items() if module.startswith(rooms))
    assert sorted(programs.split(", ")) == of_programs
    assert sorted(kept_from_task_modules.split("|")) == of_programs


def test_troubleshooting_names_messages_that_there_are() -> None:
    headings = re.findall(r"^### `(.+)`$", (DOCS / "troubleshooting.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(headings) > 20
    texts = messages()
    for heading in headings:
        pattern = re.compile(".*".join(map(re.escape, heading.split("..."))), re.DOTALL)
        assert any(pattern.search(text) for text in texts), heading


def test_the_changelog_says_nothing_twice() -> None:
    """Merges of several branches that each extend one entry have left lines of it twice."""
    text = re.sub(r"\s+", " ", (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8"))
    words = text.split(" ")
    runs = [" ".join(words[start : start + 8]) for start in range(len(words) - 7)]
    assert sorted({run for run in runs if runs.count(run) > 1}) == []


def test_pages_say_how_many_tasks_are_published() -> None:
    published = len(hearpreprocess.list_tasks("all")) - 1  # spoken_digit is not one of HEAR's
    for page in (PROJECT / "README.md", DOCS / "index.md", DOCS / "quick-start.md"):
        assert f"HEAR's {published} " in page.read_text(encoding="utf-8").replace("[", ""), page.name


@pytest.mark.parametrize("page", [PROJECT / "README.md", DOCS / "index.md"], ids=lambda page: page.stem)
def test_the_landing_page_begins_with_an_install_line_a_command_and_six_lines_of_python(page: Path) -> None:
    commands, code = blocks(page)[:2]
    install, run = commands.commands()
    assert install.text.startswith("pip install ")
    assert run.text.startswith("hearpreprocess ")
    lines = [line for line in code.text.splitlines() if line]
    assert code.kind == "python"
    assert len(lines) <= 6
    assert "## Which page do I need?" in page.read_text(encoding="utf-8")


def pages_of(navigation: list[object]) -> Iterator[str]:
    for entry in navigation:
        for page in entry.values() if isinstance(entry, dict) else [entry]:
            if isinstance(page, list):
                yield from pages_of(page)
            else:
                yield str(page)


def test_every_page_is_in_the_navigation_and_on_the_landing_page() -> None:
    names = sorted(page.name for page in PAGES)
    config = yaml.safe_load((PROJECT / "mkdocs.yml").read_text(encoding="utf-8"))
    assert sorted(pages_of(config["nav"])) == names
    for landing, folder in ((PROJECT / "README.md", "docs/"), (DOCS / "index.md", "")):
        linked = re.findall(rf"\]\({folder}([\w-]+\.md)", landing.read_text(encoding="utf-8"))
        assert set(names) - set(linked) == {"index.md"}, landing


def test_the_table_of_tasks_is_current() -> None:
    specification = importlib.util.spec_from_file_location("tasks_table", DOCS / "tasks_table.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    page = (DOCS / "tasks.md").read_text(encoding="utf-8")
    assert module.with_table(page) == page, "write it with: python docs/tasks_table.py"


LOADED = re.compile(
    r'<(?:script|link|img|iframe|source|audio|video)\b[^>]*\b(?:src|href)="(?:https?:)?//(?!www\.sitemaps)[^"]*"'
    r"|url\(\s*['\"]?(?:https?:)?//[^)]*\)|@import\s+['\"](?:https?:)?//"
)


@pytest.mark.skipif(importlib.util.find_spec("zensical") is None, reason="the extra docs is not installed")
def test_the_site_is_built_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "docs/build.py", "--site-dir", tmp_path / "site"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    reference = (tmp_path / "site" / "reference.html").read_text("utf-8")
    for module in (hearpreprocess, verify, compare):
        assert [name for name in module.__all__ if f'id="{module.__name__}.{name}"' not in reference] == []
    pages = [path for path in (tmp_path / "site").rglob("*") if path.suffix in (".html", ".css")]
    assert len(pages) > 10
    loaded = {f"{path.name}: {found[0]}" for path in pages for found in LOADED.finditer(path.read_text("utf-8"))}
    assert loaded == set()
