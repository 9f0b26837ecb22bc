"""The program `hearpreprocess`: its commands, and the dispatch of arguments to one of them."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from hearpreprocess import storage
from hearpreprocess.about import __version__
from hearpreprocess.cli.addresses import check_no_objects
from hearpreprocess.cli.completion import complete_words
from hearpreprocess.cli.console import DONE, MISUSED, ended

COMMANDS = {
    "run": "make tasks; the word `run` may be left out",
    "published": "make tasks from their published 48 kHz tarballs; all of them: `all`",
    "demo": "make small tasks of synthetic recordings, without any download",
    "list": "the tasks: clips, hours, splits, metric, license",
    "info": "everything known about a task",
    "plan": "what a run would download, unpack and write, and how long it would take",
    "doctor": "check this machine, with a fix for each problem",
    "sources": "check whether each mirror of the tasks' sources is reachable",
    "clean": "remove intermediate results",
    "report": "write the overview of finished tasks, and missing reports",
    "export": "write a finished task in the format of a training library: Parquet, Croissant",
    "new": "write a task module for a folder of your own recordings",
    "check": "check a task module without network: facts, first clips, splits",
    "verify": "check finished tasks, folders or tarballs, of any origin",
    "compare": "show how two copies of a task differ",
    "zenodo": "prepare a folder of 48 kHz tarballs for Zenodo",
    "version": "print the version",
    "help": "print this help, or that of a command",
}
"""By command, its line in the help; all but the last two are modules of hearpreprocess.cli.commands."""

FORMATTER = argparse.RawDescriptionHelpFormatter

EXAMPLES = """\
examples:
  hearpreprocess esc50                                 all default rates, below ./out
  hearpreprocess tasks/esc50.py --sample-rates 16000   a task module by its path
  hearpreprocess esc50 --until corpus                  its splits, without audio
  hearpreprocess esc50 --until download                on a machine with a network, then
  hearpreprocess esc50 --offline                       on one without
  hearpreprocess published all --sample-rates 16000    the whole benchmark, resampled from its published 48 kHz clips

exit status: 0 success, 1 failure, 2 usage error, 130 interrupted
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    complete_words(command_parser, COMMANDS)
    storage.forget_unless_running()
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given:
        parser_for("run").print_help()
        return MISUSED
    try:
        Path.cwd()
    except FileNotFoundError:
        print(
            "hearpreprocess: the current directory was removed. Change to one that exists with cd",
            file=sys.stderr,
        )
        return MISUSED
    command, words = command_of(given)
    options, unknown = parser_for(command).parse_known_args(words)
    if unknown:
        _refuse(unknown, command_parser(options.command))
    if options.command == "help":
        topic = options.topic or "run"
        (command_parser(topic) if options.topic else parser_for(topic)).print_help()
        return DONE
    if options.command == "version":
        print(version_text())
        return DONE
    name = "hearpreprocess" if options.command == "run" else f"hearpreprocess {options.command}"

    def run() -> int:
        check_no_objects(options.command, words)
        status: int = _module_of(options.command).run(options)
        return status

    return ended(name, run)


def version_text() -> str:
    """The version, and what else decides the bytes of results: the code as it is, and the ffmpeg that is found."""
    from hearpreprocess.audio import ffmpeg_version

    version, build = ffmpeg_version()
    code = storage.code_digest(storage.CODE_OF_OUTPUTS)
    return f"hearpreprocess {__version__} (code {code}, ffmpeg {version}{f' build {build}' if build else ''})"


class ShowVersion(argparse.Action):
    """Print the version and exit."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, default=argparse.SUPPRESS, help=help)
        self.help = help or "show the program's version, its code's digest and the ffmpeg in use, and exit"

    def __call__(self, parser: argparse.ArgumentParser, *_facts: object) -> None:
        """Called by argparse where the option is given."""
        print(version_text())
        parser.exit()


def _refuse(unknown: Sequence[str], parser: argparse.ArgumentParser) -> NoReturn:
    """End with the usage of the command whose parser this is, and the option that was probably meant."""
    known = [
        option for action in parser._actions if action.help != argparse.SUPPRESS for option in action.option_strings
    ]
    meant = storage.nearest(unknown[0].partition("=")[0], known) if unknown[0].startswith("-") else ""
    parser.error(f"unrecognized arguments: {' '.join(unknown)}{meant}")


def command_of(words: Sequence[str]) -> tuple[str, list[str]]:
    """The command of some words, and the words starting with it: `run` if they name none.

    The program's own options, --help and --version, stay as they are.
    """
    first = words[0]
    if first in COMMANDS:
        return first, list(words)
    if first in ("-h", "--help", "--version"):
        return "run", list(words)
    return "run", ["run", *words]


def parser_for(command: str) -> argparse.ArgumentParser:
    """The parser of all commands with the options of one of them; the other commands' modules are not imported."""
    parser = argparse.ArgumentParser(
        prog="hearpreprocess",
        usage="hearpreprocess TASK... [options of run]\n       hearpreprocess COMMAND ...",
        description="Regenerate HEAR task datasets: clips, splits and labels as published, at any sample rate.",
        formatter_class=FORMATTER,
    )
    parser.add_argument("--version", action=ShowVersion)
    commands = parser.add_subparsers(title="commands, each with its own --help", metavar="COMMAND ...", dest="command")
    for name, summary in COMMANDS.items():
        if name != command:
            commands.add_parser(name, help=summary)
            continue
        own = command_parser(name)
        facts: dict[str, Any] = {"prog": own.prog, "description": own.description, "epilog": own.epilog}
        commands.add_parser(name, help=summary, parents=[own], add_help=False, formatter_class=FORMATTER, **facts)
        if name == "run":
            _heading, _line, options = own.format_help().partition("options:\n")
            parser.epilog = f"options of run:\n{options}"
    return parser


def command_parser(command: str) -> argparse.ArgumentParser:
    """The parser of one command."""
    parser = argparse.ArgumentParser(prog=f"hearpreprocess {command}", formatter_class=FORMATTER)
    if command == "help":
        parser.description = "Print the help of the program, or of a command."
        parser.add_argument("topic", nargs="?", metavar="COMMAND", choices=COMMANDS)
    elif command == "version":
        parser.description = "Print the version."
    else:
        module = _module_of(command)
        parser.description, parser.epilog = module.__doc__, getattr(module, "EPILOG", None)
        module.configure(parser)
    return parser


def _module_of(command: str) -> Any:
    return importlib.import_module(f"hearpreprocess.cli.commands.{command}")
