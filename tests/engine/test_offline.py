"""The table of files to download on another machine."""

from __future__ import annotations

from pathlib import Path

from hearpreprocess.engine.offline import MOST_SHOWN, download_advice
from hearpreprocess.task import File


def test_a_file_is_one_row_and_a_folder_of_many_leaves_room(tmp_path: Path) -> None:
    mirrors = File(["https://a.org/x.zip", "https://b.org/x.zip"], md5="0" * 32, filename="x.zip")
    many = {
        tmp_path / "AudioWAV" / f"{number}.wav": File(f"https://c.org/{number}.wav", md5="1" * 32)
        for number in range(100)
    }
    text = download_advice({**many, tmp_path / "x.zip": mirrors}, tmp_path / "script.sh")
    rows = text.split("\n\n")[1].splitlines()[1:]
    assert len(rows) == MOST_SHOWN + 1
    assert rows[-1] == "... and 81 files more"
    assert [row.startswith("x.zip ") for row in rows].count(True) == 1
    assert "https://b.org" not in text
