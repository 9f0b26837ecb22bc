"""TextGrids and ELAN files, beside the libraries that write and read them."""

from __future__ import annotations

from pathlib import Path

import pympi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from praatio.utilities.textgrid_io import getTextgridAsStr, parseTextgridStr

from hearpreprocess import CorpusError
from tests.task.annotations.trees import read

TEXTS = st.text(st.characters(exclude_categories=("C",)), max_size=12).map(str.strip)
INTERVALS = st.lists(st.tuples(st.integers(1, 5_000_000), TEXTS), min_size=1, max_size=6)


def textgrid(form: str, intervals: list[tuple[float, float, str]], points: list[tuple[float, str]]) -> str:
    """A TextGrid with a tier of intervals and one of points, written by praatio; times are in seconds."""
    end = max(end for _start, end, _text in intervals)
    tiers = [
        {"class": "IntervalTier", "name": "words", "xmin": 0.0, "xmax": end, "entries": intervals},
        {"class": "TextTier", "name": 'the "points"', "xmin": 0.0, "xmax": end, "entries": points},
    ]
    return getTextgridAsStr({"xmin": 0.0, "xmax": end, "tiers": tiers}, form, includeBlankSpaces=False)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["long_textgrid", "short_textgrid"])
@given(drawn=INTERVALS)
def test_textgrids_that_praatio_writes(form: str, drawn: list[tuple[int, str]]) -> None:
    times, intervals = 0, []
    for length, text in drawn:
        intervals.append((times / 1e6, (times + length) / 1e6, text))
        times += length
    points = [(start, text) for start, _end, text in intervals]
    content = textgrid(form, intervals, points)
    expected = [(text, start, end) for start, end, text in intervals if text]
    for encoded in (content.encode(), content.encode("utf-16"), content.replace("\n", "\r\n").encode("utf-8-sig")):
        assert read(encoded, tier="words") == expected
        assert read(encoded, tier='the "points"') == [(text, start, start) for text, start, _end in expected]


def test_praatio_reads_the_same() -> None:
    content = textgrid("long_textgrid", [(0, 0.5, ""), (0.5, 1.1, 'say "a"'), (1.1, 2, "b")], [(0.3, "x")])
    for tier in parseTextgridStr(content)["tiers"]:
        entries = [(entry[-1], float(entry[0]), float(entry[-2])) for entry in tier["entries"]]
        assert read(content, tier=tier["name"].replace('""', '"')) == entries


SHORT = (
    'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n2\n<exists>\n1\n'
    '"IntervalTier"\n"a"\n0\n2\n2\n0\n0.5\n"x"\n0.5\n2\n"y"'
)
SHORT_EVENTS = [("x", 0.0, 0.5), ("y", 0.5, 2.0)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (SHORT, SHORT_EVENTS),
        (SHORT.replace("\n0.5\n2", " ! by hand, 7 times\n0.5 2"), SHORT_EVENTS),
        (" ".join(SHORT.split()), SHORT_EVENTS),
        (SHORT.replace('"x"', '"item [2]: ""IntervalTier"" 3"'),
         [('item [2]: "IntervalTier" 3', 0.0, 0.5), *SHORT_EVENTS[1:]]),
        (SHORT.replace('"x"', '"two\nlines"'), [("two\nlines", 0.0, 0.5), SHORT_EVENTS[1]]),
        (SHORT.replace("0.5", "1e-05"), [("x", 0.0, 1e-05), ("y", 1e-05, 2.0)]),
        (SHORT.replace('"x"', '" "'), SHORT_EVENTS[1:]),
        (SHORT.replace("<exists>\n1", "<exists>\n0")[: SHORT.index("1\n")], None),
    ],
)  # fmt: skip
def test_textgrids_that_libraries_misread(content: str, expected: list[tuple[str, float, float]] | None) -> None:
    if expected is None:
        with pytest.raises(CorpusError, match="Is it cut"):
            read(content)
    else:
        assert read(content) == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (SHORT[:-4], "Is it cut?"),
        (SHORT[:-1], "begins at '\"y' and does not end"),
        (SHORT + "\n3\n4\n\"z\"", "more follows the last of 1 tiers"),
        (SHORT.replace("0.5\n2", "2\n0.5"), "interval 2 of tier 'a': ends at 0.5 s, before its start at 2.0 s"),
        (SHORT.replace("\n0\n0.5", "\n-0.5\n0.5"), "interval 1 of tier 'a': starts at -0.5 s"),
        (SHORT.replace("0.5\n\"x\"", "\"x\""), "expected the end of entry 1 of tier 'a', a number"),
        (SHORT.replace("IntervalTier", "PitchTier"), "expected IntervalTier or TextTier"),
        (textgrid("long_textgrid", [(0, 1, "x")], [(0.5, "y")]),
         "it has 2 tiers: 'words', 'the \"points\"'. Set tier="),
        ("ooBinaryFile\x08TextGrid", "Save it as a text file in Praat"),
    ],
)  # fmt: skip
def test_textgrids_that_are_refused(content: str, message: str) -> None:
    with pytest.raises(CorpusError) as caught:
        read(content)
    assert message in str(caught.value)
    with pytest.raises(CorpusError, match="no tier 'b'; expected one of 'a'"):
        read(SHORT, tier="b")


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(1, 10**6), TEXTS), min_size=1, max_size=6))
def test_elan_files_that_pympi_writes(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[int, int, str]]
) -> None:
    file = pympi.Eaf()
    file.remove_tier("default")
    file.add_linguistic_type("note", constraints="Symbolic_Association")
    file.add_tier("calls")
    file.add_tier("notes", "note", "calls")
    start = 0
    for gap, length, text in drawn:
        start += gap
        file.add_annotation("calls", start, start + length, text)
        file.add_ref_annotation("notes", "calls", start, f"on {text}")
        start += length
    path = tmp_path_factory.mktemp("elan") / "a.eaf"
    file.to_file(path)
    content = path.read_bytes()
    again = pympi.Eaf(str(path))
    for tier in ("calls", "notes"):
        expected = [
            (text.strip(), start / 1000, end / 1000)
            for start, end, text, *_ in again.get_annotation_data_for_tier(tier)
        ]
        assert read(content, tier=tier) == [event for event in expected if event[0]]


NAMES = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="x" VERSION="3.0"'


def elan(*annotations: str, head: str = '<?xml version="1.0" encoding="UTF-8"?>', unit: str = "milliseconds") -> str:
    slots = "".join(
        f'<TIME_SLOT TIME_SLOT_ID="ts{number}"' + (f' TIME_VALUE="{time}"/>' if time else "/>")
        for number, time in enumerate(("100", "1100", "", "-5"), 1)
    )
    tiers = "".join(f"<ANNOTATION>{annotation}</ANNOTATION>" for annotation in annotations)
    return (
        f'{head}<ANNOTATION_DOCUMENT {NAMES}><HEADER TIME_UNITS="{unit}"/><TIME_ORDER>{slots}</TIME_ORDER>'
        f'<TIER TIER_ID="a">{tiers}</TIER></ANNOTATION_DOCUMENT>'
    )


def aligned(identifier: str, start: str, end: str, text: str) -> str:
    return (
        f'<ALIGNABLE_ANNOTATION ANNOTATION_ID="{identifier}" TIME_SLOT_REF1="{start}" TIME_SLOT_REF2="{end}">'
        f"<ANNOTATION_VALUE>{text}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION>"
    )


def referring(identifier: str, to: str, text: str, more: str = "") -> str:
    return (
        f'<REF_ANNOTATION ANNOTATION_ID="{identifier}" ANNOTATION_REF="{to}" {more}>'
        f"<ANNOTATION_VALUE>{text}</ANNOTATION_VALUE></REF_ANNOTATION>"
    )


ONE = aligned("a1", "ts1", "ts2", "x &amp; y")


@pytest.mark.parametrize(
    "content",
    [elan(ONE), "\ufeff" + elan(ONE), elan(ONE, head='<?xml version="1.0" encoding="UTF-16"?>').encode("utf-16")],
    ids=["utf-8", "bom", "utf-16"],
)
def test_elan(content: str | bytes) -> None:
    assert read(content) == [("x & y", 0.1, 1.1)]


def test_an_annotation_beside_those_that_refer_to_it() -> None:
    assert read(elan(ONE, referring("a2", "a1", "z"), aligned("a3", "ts1", "ts2", " "))) == [
        ("x & y", 0.1, 1.1),
        ("z", 0.1, 1.1),
    ]


BOMB = "<?xml version='1.0'?><!DOCTYPE b [<!ENTITY a 'ha'><!ENTITY b '" + "&a;" * 9999 + "'>]>"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (elan(ONE, head=BOMB), "has a document type declaration, <!DOCTYPE b>"),
        (elan(ONE)[:-9], "it is not valid XML"),
        (elan(ONE, unit="PAL-frames"), "its times are in 'PAL-frames'; expected milliseconds"),
        (elan(ONE, ONE), "annotation 'a1' of tier 'a': another annotation has the same ANNOTATION_ID"),
        (elan(aligned("a1", "ts1", "ts3", "x")), "its time slot 'ts3' has no time"),
        (elan(aligned("a1", "ts1", "ts9", "x")), "refers to the time slot 'ts9', which does not exist"),
        (elan(aligned("a1", "ts2", "ts1", "x")), "ends at 0.1 s, before its start at 1.1 s"),
        (elan(aligned("a1", "ts4", "ts1", "x")), "starts at -0.005 s"),
        (elan(referring("a1", "a9", "x")), "refers to the annotation 'a9', which does not exist"),
        (elan(referring("a1", "a2", "x"), referring("a2", "a1", "x")), "refers to itself through others"),
        (elan(ONE, referring("a2", "a1", "x", 'PREVIOUS_ANNOTATION="a7"')), "has no times of its own"),
        (elan(ONE).replace("</TIER>", '</TIER><TIER TIER_ID="b"/>'), "it has 2 tiers: 'a', 'b'. Set tier="),
        (elan(ONE).replace("</TIER>", '</TIER><TIER TIER_ID="a"/>'), "it has 2 tiers"),
        ("<html/>", "it is XML, and not of ELAN"),
    ],
)  # fmt: skip
def test_elan_files_that_are_refused(content: str, message: str) -> None:
    with pytest.raises(CorpusError) as caught:
        read(content)
    assert message in str(caught.value)


def test_a_file_that_an_entity_names_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    head = f"<?xml version='1.0'?><!DOCTYPE b [<!ENTITY a SYSTEM '{secret.as_uri()}'>]>"
    with pytest.raises(CorpusError, match="document type declaration") as caught:
        read(elan(aligned("a1", "ts1", "ts2", "&a;"), head=head))
    assert "secret" not in str(caught.value)
