"""Make published tasks at other rates from their 48 kHz tarballs: the whole benchmark with `all`, without the corpora.

The tarballs are downloaded, two at a time, and each is resampled as soon as it is downloaded. Splits, labels and clips
are the published ones. The samples are resampled from the published 48 kHz clips, not from the corpus, so they are not
bit-identical with those that `hearpreprocess TASK` makes from the corpus at the same rate.
"""

from __future__ import annotations

import argparse

from hearpreprocess.cli.commands import run as run_command
from hearpreprocess.cli.options import (
    add_directories,
    add_force,
    add_no_report,
    add_rates,
    add_skips,
    add_work,
    request_of,
)

EPILOG = """\
examples:
  hearpreprocess published all --sample-rates 16000            every task in the record, in its default mode
  hearpreprocess published all --sample-rates 16000 --clean    with less disk: tarballs are removed during the run
  hearpreprocess published esc50 nsynth_pitch:50h --sample-rates 16000 32000
  hearpreprocess published ~/hear2021-esc50-v2.0.0-full-48000.tar.gz --sample-rates 24000

exit status: 0 success, 1 failure, 2 usage error, 130 interrupted
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `published`: those of `run` that do not concern a corpus."""
    parser.add_argument(
        "tasks",
        nargs="+",
        metavar="TASK",
        help="a task's name, or a group: open, all, subset11, with or without :mode; the title of a published task, "
        "esc50-v2.0.0-full; a tarball's name or path",
    )
    parser.add_argument(
        "--mode",
        default="default",
        help="default (the task's own, or the only one published), all that are published, or one: full, 5h, 50h",
    )
    run_command.add_record(parser)
    add_rates(parser)
    add_directories(parser)
    run_command.add_offline(parser)
    add_skips(parser)
    run_command.add_max_expansion(parser)
    add_work(parser)
    add_force(parser)
    add_no_report(parser)
    run_command.add_detail(parser)
    parser.set_defaults(source=[], zip_encoding=None, until=None)


def run(options: argparse.Namespace) -> int:
    """Make the tasks; the exit status is 1 if one of them is not finished."""
    options.from_published, options.tasks = options.tasks, []
    return run_command.fulfil(request_of(options), options)
