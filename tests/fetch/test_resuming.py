"""A download that is resumed is of one version of the file, within a process as across processes."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearpreprocess.fetch.part import part_path
from tests.fetch.scripted import Answer, Asked, Downloaded, get, serving, zipped

OLD, NEW = zipped(b"old" * 2000), zipped(b"new" * 2000)
LONG_AGO = "Wed, 01 Jan 2025 00:00:00 GMT"
HALF = len(NEW) // 2
assert len(OLD) == len(NEW)


def sha256_of(content: bytes) -> dict[str, str]:
    return {"sha256": hashlib.sha256(content).hexdigest()}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "downloads" / "rec.zip"


def partial(content: bytes, asked: Asked, headers: dict[str, str], content_range: str = "") -> Answer:
    """What was asked for, if a part, whatever `If-Range` says."""
    if not asked.start:
        return Answer(200, content, headers)
    if asked.start >= len(content):
        return Answer(416, b"", {**headers, "Content-Range": f"bytes */{len(content)}"})
    shown = content_range or f"bytes {asked.start}-{len(content) - 1}/{len(content)}"
    return Answer(206, content[asked.start :], {**headers, "Content-Range": shown})


def cut_first(answer: Callable[[int, Asked], Answer]) -> Callable[[int, Asked], Answer]:
    """Hang up in the middle of the first answer."""

    def cut(number: int, asked: Asked) -> Answer:
        made = answer(number, asked)
        made.cut = len(made.body) // 2 if number == 0 else made.cut
        return made

    return cut


def asked_starts(target: Path, answer: Callable[[int, Asked], Answer], **facts: object) -> tuple[list[int], Downloaded]:
    with serving(cut_first(answer)) as server:
        done = get(target, f"{server.url}/rec.zip", **facts)
        return [asked.start for asked in server.requests], done


@pytest.mark.parametrize(
    ("headers", "is_named"),
    [
        ({"ETag": '"v1"'}, True),
        ({"Last-Modified": LONG_AGO}, True),
        ({"ETag": 'W/"v1"', "Last-Modified": LONG_AGO}, True),
        ({"ETag": 'W/"v1"'}, False),
        ({"ETag": "v1"}, False),
        ({}, False),
        ({"Last-Modified": "yesterday"}, False),
        ({"Last-Modified": "Wed, 01 Jan 2125 00:00:00 GMT"}, False),
    ],
)
@pytest.mark.parametrize("is_known", [False, True])
def test_a_part_goes_on_where_the_server_names_its_version_or_a_checksum_is_known(
    target: Path, headers: dict[str, str], is_named: bool, is_known: bool
) -> None:
    facts = {"checksums": sha256_of(NEW)} if is_known else {}
    starts, done = asked_starts(target, lambda number, asked: partial(NEW, asked, headers), **facts)
    assert starts == [0, HALF if is_named or is_known else 0]
    assert done.problem == ""
    assert target.read_bytes() == NEW
    assert done.others == {}


@pytest.mark.parametrize(("date", "is_resumed"), [(LONG_AGO, False), (LONG_AGO.replace("00 GMT", "01 GMT"), True)])
def test_a_file_that_has_just_changed_is_begun_again(target: Path, date: str, is_resumed: bool) -> None:
    # Within the second of its time it may change again, under the same time.
    headers = {"Last-Modified": LONG_AGO, "Date": date}
    starts, done = asked_starts(target, lambda number, asked: partial(NEW, asked, headers))
    assert starts == [0, HALF if is_resumed else 0]
    assert done.problem == ""


RANGES = {
    "another start": f"bytes {HALF - 1}-{len(NEW) - 1}/{len(NEW)}",
    "the whole": f"bytes 0-{len(NEW) - 1}/{len(NEW)}",
    "another total": f"bytes {HALF}-{len(NEW) - 1}/{len(NEW) + 5}",
    "less than it sends": f"bytes {HALF}-{len(NEW) - 7}/{len(NEW)}",
    "beyond its end": f"bytes {HALF}-{len(NEW)}/{len(NEW)}",
    "no total": f"bytes {HALF}-{len(NEW) - 1}/*",
    "no end": f"bytes {HALF}-/{len(NEW)}",
    "other units": f"items {HALF}-{len(NEW) - 1}/{len(NEW)}",
    "none": "none",
}


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize(("is_known", "is_named"), [(False, True), (True, True), (True, False)])
def test_a_faulty_range_leads_to_a_new_start(target: Path, name: str, is_known: bool, is_named: bool) -> None:
    def answer(number: int, asked: Asked) -> Answer:
        return partial(NEW, asked, {"ETag": '"v1"'} if is_named else {}, RANGES[name])

    starts, done = asked_starts(target, answer, checksums=sha256_of(NEW) if is_known else {})
    assert starts == [0, HALF, 0]
    assert done.problem == ""
    assert target.read_bytes() == NEW


CHANGES = {
    "another tag": ({"ETag": '"v1"'}, {"ETag": '"v2"'}),
    "no tag any more": ({"ETag": '"v1"'}, {}),
    "a weak tag": ({"ETag": '"v1"'}, {"ETag": 'W/"v1"'}),
    "another time": (
        {"Last-Modified": LONG_AGO},
        {"Last-Modified": "Thu, 02 Jan 2025 00:00:00 GMT"},
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_server_that_ignores_the_condition_is_noticed(target: Path, name: str) -> None:
    before, after = CHANGES[name]

    def answer(number: int, asked: Asked) -> Answer:
        return partial(OLD, asked, before) if number == 0 else partial(NEW, asked, after)

    starts, done = asked_starts(target, answer)
    assert starts == [0, HALF, 0]
    assert done.problem == ""
    assert target.read_bytes() == NEW


@pytest.mark.parametrize("headers", [{"ETag": '"v1"'}, {}])
def test_a_mixture_that_only_its_checksum_shows_is_fetched_once_more(target: Path, headers: dict[str, str]) -> None:
    # The same ETag for two versions, of one size, or none: no header tells them apart.
    def answer(number: int, asked: Asked) -> Answer:
        made = partial(OLD if number == 0 else NEW, asked, headers)
        made.cut = len(made.body) // 2 if number == 2 else None
        return made

    starts, done = asked_starts(target, answer, checksums=sha256_of(NEW))
    assert starts == [0, HALF, 0, 0], "and what is fetched once more is not resumed, as it could be mixed again"
    assert done.problem == ""
    assert target.read_bytes() == NEW
    assert done.others == {}


def test_one_version_in_one_piece_is_judged_at_once(target: Path) -> None:
    with serving(lambda number, asked: Answer(200, OLD, {"ETag": '"v1"'})) as server:
        done = get(target, f"{server.url}/rec.zip", checksums=sha256_of(NEW))
    assert "expected sha256" in done.problem
    assert len(server.requests) == 1
    assert list(done.others.values()) == [OLD]


@pytest.mark.parametrize("headers", [{"ETag": '"v1"'}, {}])
@pytest.mark.parametrize("is_known", [False, True])
def test_another_process_resumes_under_the_same_conditions(
    target: Path, headers: dict[str, str], is_known: bool
) -> None:
    facts = {"checksums": sha256_of(NEW)} if is_known else {}

    def answer(number: int, asked: Asked) -> Answer:
        if number == 0:
            return Answer(200, OLD, headers, cut=HALF)
        return Answer(404) if number == 1 else partial(NEW, asked, headers)

    with serving(answer) as server:
        assert "404" in get(target, f"{server.url}/rec.zip", **facts).problem
        is_of_use = bool(headers or facts)
        assert (part_path(target).read_bytes() == OLD[:HALF]) if is_of_use else not part_path(target).exists()
        done = get(target, f"{server.url}/rec.zip", checksums=sha256_of(NEW))
    assert [asked.start for asked in server.requests[2:]] == ([HALF, 0] if is_of_use else [0])
    assert done.problem == ""
    assert target.read_bytes() == NEW


def test_a_server_that_names_nothing_and_hangs_up_again_and_again_is_followed(target: Path) -> None:
    def answer(number: int, asked: Asked) -> Answer:
        made = partial(NEW, asked, {})
        made.cut = 500
        return made

    starts, done = asked_starts(target, answer, checksums=sha256_of(NEW))
    assert starts == [0, *range(HALF, len(NEW), 500)]
    assert done.problem == ""
    assert target.read_bytes() == NEW


@pytest.mark.parametrize(
    ("shown", "is_taken"),
    [
        (f"bytes 0-{len(NEW) - 1}/{len(NEW)}", True),
        (f"bytes 0-{len(NEW) - 2}/{len(NEW)}", False),
        (f"bytes 0-{len(NEW) - 1}/*", False),
        (f"bytes 0-{len(NEW)}/{len(NEW) + 1}", False),
        (f"bytes 0-{'9' * 5000}/{'9' * 5000}", False),
    ],
)
def test_a_part_that_is_all_of_the_file_is_taken_as_such(target: Path, shown: str, is_taken: bool) -> None:
    with serving(lambda number, asked: Answer(206, NEW, {"Content-Range": shown})) as server:
        done = get(target, f"{server.url}/rec.zip")
    assert target.exists() == is_taken
    assert ("another range of the file than requested" in done.problem) != is_taken


def test_a_server_that_sends_parts_of_a_part_is_followed(target: Path) -> None:
    def answer(number: int, asked: Asked) -> Answer:
        if number == 0:
            return Answer(200, NEW, {"ETag": '"v1"'})
        end = min(asked.start + 1000, len(NEW))
        shown = f"bytes {asked.start}-{end - 1}/{len(NEW)}"
        return Answer(206, NEW[asked.start : end], {"ETag": '"v1"', "Content-Range": shown})

    starts, done = asked_starts(target, answer)
    assert starts == [0, *range(HALF, len(NEW), 1000)]
    assert done.problem == ""
    assert target.read_bytes() == NEW


_numbers = itertools.count()


@given(
    script=st.lists(
        st.tuples(st.sampled_from([OLD, NEW]), st.sampled_from(["strong", "weak", "none"]), st.integers(0, len(NEW))),
        max_size=6,
    ),
    obeys=st.booleans(),
)
def test_no_history_of_a_server_gives_a_mixture(
    tmp_path_factory: pytest.TempPathFactory, script: list[tuple[bytes, str, int]], obeys: bool
) -> None:
    """Whatever versions a server has in turn, and wherever it hangs up, whole versions come alone, without checksum."""
    target = tmp_path_factory.getbasetemp() / f"history{next(_numbers)}" / "downloads" / "rec.zip"
    target.parent.mkdir(parents=True)

    def answer(number: int, asked: Asked) -> Answer:
        content, kind, cut = script[number] if number < len(script) else (NEW, "strong", len(NEW))
        tag = f'"{hashlib.sha256(content).hexdigest()}"'
        headers = {"strong": {"ETag": tag}, "weak": {"ETag": f"W/{tag}"}, "none": {}}[kind]
        if obeys and asked.headers.get("If-Range") != tag:
            made = Answer(200, content, headers)
        else:
            made = partial(content, asked, headers)
        made.cut = cut if number < len(script) and cut < len(made.body) else None
        return made

    with serving(answer) as server:
        done = get(target, f"{server.url}/rec.zip")
    if target.exists():
        assert target.read_bytes() in (OLD, NEW)
        assert done.problem == ""
    else:
        assert "(tried " in done.problem
