"""Build the documentation as a site: python docs/build.py [--site-dir site] [--serve].

Zensical reads `mkdocs.yml`. It has no hooks, so this script prepares a copy of the pages: files outside
of `docs/` that pages link to, such as task modules, are copied below `source/` as text, and the links lead there. A
link then works on GitHub and in the site, without a network.
"""

from __future__ import annotations

import argparse
import http.server
import os
import re
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import tasks_table

PROJECT = Path(__file__).parent.parent
DOCS = PROJECT / "docs"
OUTSIDE = re.compile(r"\]\(\.\./([\w./-]+)(#[\w-]+)?\)")


def prepare(folder: Path) -> None:
    """Write the configuration, the pages, and the files outside of `docs/` that they link to, into an empty folder."""
    pages = folder / "docs"
    shutil.copytree(DOCS, pages, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for source in (PROJECT / "mkdocs.yml", DOCS / "fields.py"):
        shutil.copyfile(source, folder / source.name)
    for page in sorted(pages.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        for name, _anchor in OUTSIDE.findall(text):
            copy = pages / "source" / f"{name}.txt"
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(PROJECT / name, copy)
        page.write_text(OUTSIDE.sub(r"](source/\1.txt)", text), encoding="utf-8")


def build(site: Path) -> None:
    """Write the table of tasks into its page, then build the site; raise if a link leads nowhere."""
    page = tasks_table.PAGE
    page.write_text(tasks_table.with_table(page.read_text(encoding="utf-8")), encoding="utf-8")
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--config-file"]
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        subprocess.run([*command, str(Path(folder) / "mkdocs.yml")], cwd=PROJECT, check=True)
        (Path(folder) / "site" / "404.html").unlink()  # its links are those of a site at the root of a host
        shutil.rmtree(site, ignore_errors=True)
        shutil.move(Path(folder) / "site", site)


def serve(site: Path) -> None:
    """Serve the site at a free port of this machine until Ctrl-C."""
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=os.fspath(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        print(f"http://127.0.0.1:{server.server_port}/ (end with Ctrl-C)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


def main() -> None:
    """Build, and serve if asked for."""
    parser = argparse.ArgumentParser(description="Build the documentation as a site.")
    parser.add_argument("--site-dir", type=Path, default=PROJECT / "site")
    parser.add_argument("--serve", action="store_true", help="serve the site on this machine, and print its URL")
    options = parser.parse_args()
    if sys.version_info < (3, 11):
        parser.error(
            f"Zensical needs Python 3.11 or later, got {sys.version.split()[0]}. Use: make PYTHON=python3.12 docs"
        )
    site = options.site_dir.resolve()
    build(site)
    if options.serve:
        serve(site)


if __name__ == "__main__":
    main()
