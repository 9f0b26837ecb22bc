"""What a task module says about an annotation file, beside its format."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, fields, replace

from hearpreprocess.errors import ConfigError, CorpusError
from hearpreprocess.task.annotations.collector import EventCollector, UndecidedError
from hearpreprocess.task.annotations.seconds import UNITS, Unit
from hearpreprocess.task.values import shown


@dataclass(frozen=True)
class AnnotationOptions:
    """What is read from a file, and how; None leaves it to the file.

    `tier`: the layer of annotations. `label`: the column or key with the labels. `unit`: of times. `rate`: in hertz,
    for times in samples. `encoding`: a codec of Python.

    Raises ConfigError where a value is none of these.
    """

    tier: str | None = None
    label: str | None = None
    unit: Unit | None = None
    rate: float | None = None
    encoding: str | None = None

    def __post_init__(self) -> None:
        for name in ("tier", "label", "encoding"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise ConfigError(f"{name}: expected a text or None, got {shown(value)}")
        if self.unit is not None and self.unit not in UNITS:
            raise ConfigError(f"unit: expected one of {', '.join(map(repr, UNITS))}, got {shown(self.unit)}")
        if self.rate is not None and not (
            isinstance(self.rate, int | float) and not isinstance(self.rate, bool) and 0 < self.rate < 1e9
        ):
            raise ConfigError(f"rate: expected a sample rate in hertz, got {shown(self.rate)}")
        if self.unit == "samples" and self.rate is None:
            raise ConfigError("unit='samples' needs rate=, the sample rate of the recordings in hertz")
        try:
            "".encode(self.encoding or "utf-8")
        except LookupError:
            raise ConfigError(f"encoding: expected a codec of Python, got {shown(self.encoding)}") from None

    def with_source(self, option: str, name: str) -> AnnotationOptions:
        """The options with the name of a `tier`, or of the column or key of a `label`."""
        return replace(self, tier=name) if option == "tier" else replace(self, label=name)

    @property
    def given(self) -> frozenset[str]:
        """The names of the options that a task module gives."""
        return frozenset(field.name for field in fields(self) if getattr(self, field.name) is not None)


@dataclass(frozen=True)
class Format:
    """A format of annotation files. `uses`: the options that mean something for it."""

    name: str
    title: str
    read: Callable[[bytes, AnnotationOptions, EventCollector], None]
    uses: Collection[str] = ()


def chosen_tier(tiers: Collection[str], options: AnnotationOptions, kind: str = "tier") -> str:
    """The one of a file's tiers that is read. `kind`: what the format calls them.

    Raises CorpusError, which lists them, where the named one is not there, or where none of several is named.
    """
    names = list(dict.fromkeys(tiers))
    listed = ", ".join(map(shown, names[:20])) + (f" and {len(names) - 20:,} more" if len(names) > 20 else "")
    if options.tier is not None:
        if options.tier not in names:
            raise CorpusError(f"no {kind} {shown(options.tier)}; expected one of {listed or 'none'}. Set tier=")
        if list(tiers).count(options.tier) > 1:
            raise CorpusError(f"several {kind}s are called {shown(options.tier)}. Rename them, so that one can be read")
        return options.tier
    if len(tiers) != 1:
        problem = f"it has {len(tiers)} {kind}s: {listed or 'none'}. Set tier= to the one with the labels"
        raise UndecidedError(problem, "tier", names)
    return names[0]
