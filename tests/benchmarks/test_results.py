"""Sections of results that replace one another."""

import pytest
from results import Report, merged

RESULTS = "# Results\n\nOf a date.\n\n## First\n\na table\n\n## Second\n\nanother\n"


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ("\n## First\n\nnew\n", "# Results\n\nOf a date.\n\n## First\n\nnew\n\n## Second\n\nanother\n"),
        ("## Third\n\nnew", f"{RESULTS}\n## Third\n\nnew\n"),
        (
            "# Results\n\nLater.\n\n## Second\n\n### Part\n\nx",
            "# Results\n\nLater.\n\n## First\n\na table\n\n## Second\n\n### Part\n\nx\n",
        ),
        ("", RESULTS),
    ],
)
def test_a_section_replaces_the_one_with_its_heading_and_others_stay(new: str, expected: str) -> None:
    assert merged(RESULTS, new) == expected


def test_a_report_saved_twice_is_there_once(tmp_path, capsys) -> None:
    path = tmp_path / "RESULTS.md"
    path.write_text(RESULTS)
    for value in ("1", "2"):
        report = Report()
        report.section("Second")
        report.table("a", "b")
        report.row(value, "x")
        report.save(path)
    text = path.read_text()
    assert text.endswith("## Second\n\n| a | b |\n| --- | --- |\n| 2 | x |\n")
    assert text.count("## Second") == 1
    assert "## First\n\na table" in text
