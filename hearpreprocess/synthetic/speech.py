"""Synthetic corpora of voices: Speech Commands, CREMA-D, LibriCount, vocal imitations, VoxLingua107, spoken digits."""

from __future__ import annotations

from collections.abc import Iterator

from hearpreprocess.synthetic.archives import SyntheticCorpus, write_files, write_tar_gz, write_zip
from hearpreprocess.synthetic.sounds import sound

COMMANDS = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes")
OTHER_WORDS = ("bed", "cat", "tree")
NOISES = ("doing_the_dishes", "running_tap", "white_noise")
EMOTIONS = ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD")
SENTENCES = ("DFA", "IEO", "IOM")
# Some of the 91 speakers, from each split of TensorFlow Datasets.
ACTORS = (1001, 1002, 1003, 1004, 1005, 1010, 1013, 1015, 1020)
LANGUAGES = ("ar", "ceb", "cy", "de", "en", "et", "fi", "hy", "nl", "zh", "yo")
IMITATED = (
    "000Animal_Cat_Growling",
    "115Music_Percussion_Tambourine",
    "139Natural sounds_Thunder",
    "238Things_Arrow_ thud",
)


def speech_commands() -> Iterator[tuple[str, bytes]]:
    """The train archive of Speech Commands: six speakers of each word, lists of two splits, and background noise."""
    validation: list[str] = []
    testing: list[str] = []
    for place, word in enumerate((*COMMANDS, *OTHER_WORDS)):
        for speaker in range(6):
            path = f"{word}/{place:02x}{speaker:06x}_nohash_0.wav"
            {4: validation, 5: testing}.get(speaker, []).append(path)
            yield f"./{path}", sound(path, 0.8 + speaker / 10, 16000)
    for place, noise in enumerate(NOISES):
        yield f"./_background_noise_/{noise}.wav", sound(noise, 3 + place, 16000)
    yield "./_background_noise_/README.md", b"Noise.\n"
    yield "./validation_list.txt", "".join(f"{path}\n" for path in validation).encode()
    yield "./testing_list.txt", "".join(f"{path}\n" for path in testing).encode()


def speech_commands_test() -> Iterator[tuple[str, bytes]]:
    """The test archive of Speech Commands: two recordings of each command, of silence and of other words."""
    for word in (*COMMANDS, "_unknown_", "_silence_"):
        for number in range(2):
            yield f"./{word}/ff{number:06x}_nohash_0.wav", sound(f"test-{word}{number}", 1, 16000)


def crema_d() -> Iterator[tuple[str, bytes]]:
    """CREMA-D: nine actors say three sentences in six emotions, 1 s each; and a recording that is left out."""
    for actor in ACTORS:
        for sentence in SENTENCES:
            for emotion in EMOTIONS:
                name = f"{actor}_{sentence}_{emotion}_XX"
                yield f"AudioWAV/{name}.wav", sound(name, 1, 16000)
    yield "AudioWAV/1006_TIE_NEU_XX.wav", sound("1006", 1, 16000)


def libricount() -> Iterator[tuple[str, bytes]]:
    """LibriCount: twelve mixtures of 5 s of each number of speakers."""
    for count in range(11):
        for number in range(12):
            name = f"{count}_{count * 4096 + number:06x}"
            yield f"test/{name}.json", b"[]"
            yield f"test/{name}.wav", sound(name, 5, 16000)


def vocal_imitations() -> Iterator[tuple[str, bytes]]:
    """Vocal imitations: nine of each of four sounds of 1 to 2.6 s, and one that is not included."""
    header = ["imitation_id", "imitation_filename", "category_id", "reference_filename", "included"]
    rows = ["\t".join(["", *header])]
    recordings = []
    for sound_name in IMITATED:
        for number in range(10):
            name = f"{sound_name}-{5090845673914368 + number}.wav"
            included = number > 0
            facts = [str(len(rows) - 1), str(len(rows) - 1), name, "0", f"{sound_name}_reference.wav", str(included)]
            rows.append("\t".join(facts))
            folder = "included" if included else "excluded"
            content = sound(name, 1 + number / 5, 44100)
            recordings.append((f"VocalImitationSet/vocal_imitations/{folder}/{name}", content))
    yield "VocalImitationSet/vocal_imitations.txt", ("\n".join(rows) + "\n").encode()
    yield from recordings


def vox_lingua() -> Iterator[tuple[str, bytes]]:
    """The development set of VoxLingua107: sixteen recordings of ten languages, fewer of one more."""
    for place, language in enumerate(LANGUAGES):
        for number in range(16 if place < len(LANGUAGES) - 1 else 5):
            name = f"v{place:02d}{number:02d}__U__S{number}---{number:04d}.210-{number + 3:04d}.760"
            yield f"{language}/{name}.wav", sound(name, 2, 16000)


def spoken_digits() -> Iterator[tuple[str, bytes]]:
    """The Free Spoken Digit Dataset: two speakers say each digit ten times, in 0.3 to 0.7 s."""
    root = "free-spoken-digit-dataset-1.0.9"
    yield f"{root}/README.md", b"# Free Spoken Digit Dataset\n"
    for digit in range(10):
        for speaker in ("jackson", "theo"):
            for number in range(10):
                name = f"{digit}_{speaker}_{number}"
                yield f"{root}/recordings/{name}.wav", sound(name, 0.3 + number / 25, 8000)


CORPORA: dict[str, SyntheticCorpus] = {
    "Speech-Commands": (speech_commands, write_tar_gz),
    "Speech-Commands-test": (speech_commands_test, write_tar_gz),
    "CREMA-D": (crema_d, write_files),
    "LibriCount": (libricount, write_zip),
    "Vocal-Imitation": (vocal_imitations, write_zip),
    "VoxLingua107": (vox_lingua, write_zip),
    "Spoken-Digit": (spoken_digits, write_tar_gz),
}
