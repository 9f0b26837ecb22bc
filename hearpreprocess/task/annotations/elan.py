"""ELAN annotation files (.eaf): XML with a list of time slots, and tiers whose annotations refer to them.

Source: the schema EAFv3.0 and "ELAN Annotation Format" of The Language Archive, Max Planck Institute for
Psycholinguistics.

pympi-ling 1.71 keeps the last of two annotations with one id, leaves out the aligned annotations of a tier that has
others, reads frames as milliseconds, and needs an attribute that names the schema. What it does beyond this module is
write and edit. Tests compare this reader with it on files that both can read.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple
from xml.etree import ElementTree

from hearpreprocess.errors import CorpusError
from hearpreprocess.task.annotations.collector import AnnotationError, EventCollector
from hearpreprocess.task.annotations.options import AnnotationOptions, Format, chosen_tier
from hearpreprocess.task.annotations.seconds import exact_seconds
from hearpreprocess.task.values import shown

ROOT = "ANNOTATION_DOCUMENT"


class _Annotation(NamedTuple):
    """`refers_to`: the two time slots of an aligned annotation, or the annotation that has the time of this one."""

    identifier: str
    refers_to: tuple[str, ...]
    follows: str
    label: str


def read_elan(content: bytes, options: AnnotationOptions, collector: EventCollector) -> None:
    """Collect the annotations of a tier; those without a text are no events.

    One that refers to another, on a tier of the type "symbolic association", has its times.
    """
    root = parsed_xml(content)
    if root.tag != ROOT:
        raise CorpusError(f"expected an element {ROOT}, got {shown(root.tag)}")
    header = root.find("HEADER")
    unit = "milliseconds" if header is None else header.get("TIME_UNITS", "milliseconds")
    if unit != "milliseconds":
        raise CorpusError(f"its times are in {shown(unit)}; expected milliseconds")
    slots = {slot.get("TIME_SLOT_ID", ""): slot.get("TIME_VALUE") for slot in root.findall("TIME_ORDER/TIME_SLOT")}
    tiers = root.findall("TIER")
    name = chosen_tier([tier.get("TIER_ID", "") for tier in tiers], options)
    by_identifier: dict[str, _Annotation] = {}
    repeated: set[str] = set()
    wanted: list[_Annotation] = []
    for tier in tiers:
        for annotation in map(_annotation, tier.findall("ANNOTATION/*")):
            repeated |= {annotation.identifier} & by_identifier.keys()
            by_identifier[annotation.identifier] = annotation
            wanted += [annotation] if tier.get("TIER_ID", "") == name else []
    collector.declare("")
    for annotation in wanted:
        if annotation.label.strip():
            with collector.at(f"annotation {shown(annotation.identifier)} of tier {shown(name)}"):
                if annotation.identifier in repeated:
                    raise AnnotationError("another annotation has the same ANNOTATION_ID")
                collector.add(annotation.label, *_times(annotation, by_identifier, slots))


ELAN = Format("elan", "ELAN annotation file", read_elan, ("tier",))


class _WithoutDoctype(ElementTree.TreeBuilder):
    """Refuses a document type declaration, as its entities may grow to gigabytes or name other files."""

    def doctype(self, name: str, _public: str | None, _system: str | None) -> None:
        raise CorpusError(f"has a document type declaration, <!DOCTYPE {name}>, which is not read. Remove it")


def parsed_xml(content: bytes) -> ElementTree.Element:
    """The root of an XML document; raises CorpusError where it is none, or declares entities."""
    try:
        # The parser refuses all declarations of entities, which are what makes XML of others unsafe.
        parser = ElementTree.XMLParser(target=_WithoutDoctype())  # noqa: S314
        return ElementTree.fromstring(content, parser=parser)  # noqa: S314
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        if isinstance(error, CorpusError):
            raise
        raise CorpusError(f"it is not valid XML: {error}") from None


def _annotation(element: ElementTree.Element) -> _Annotation:
    attributes = element.attrib
    refers_to: tuple[str, ...]
    if element.tag == "ALIGNABLE_ANNOTATION":
        refers_to = (attributes.get("TIME_SLOT_REF1", ""), attributes.get("TIME_SLOT_REF2", ""))
    elif element.tag == "REF_ANNOTATION":
        refers_to = (attributes.get("ANNOTATION_REF", ""),)
    else:
        raise CorpusError(f"expected ALIGNABLE_ANNOTATION or REF_ANNOTATION, got {shown(element.tag)}")
    return _Annotation(
        attributes.get("ANNOTATION_ID", ""),
        refers_to,
        attributes.get("PREVIOUS_ANNOTATION", ""),
        element.findtext("ANNOTATION_VALUE") or "",
    )


def _times(
    annotation: _Annotation, by_identifier: Mapping[str, _Annotation], slots: Mapping[str, str | None]
) -> tuple[Fraction, Fraction]:
    """The times of an annotation, or of the one that it refers to, through others or not."""
    passed = {annotation.identifier}
    while len(annotation.refers_to) == 1:
        if annotation.follows:
            raise AnnotationError(
                "it is a part of another annotation, and has no times of its own. Choose another tier"
            )
        (reference,) = annotation.refers_to
        if reference not in by_identifier:
            raise AnnotationError(f"it refers to the annotation {shown(reference)}, which does not exist")
        if reference in passed:
            raise AnnotationError("it refers to itself through others")
        passed.add(reference)
        annotation = by_identifier[reference]
    start, end = (_time(slot, slots) for slot in annotation.refers_to)
    return start, end


def _time(slot: str, slots: Mapping[str, str | None]) -> Fraction:
    if slot not in slots:
        raise AnnotationError(f"it refers to the time slot {shown(slot)}, which does not exist")
    if (time := slots[slot]) is None:
        raise AnnotationError(f"its time slot {shown(slot)} has no time. Align it in ELAN, or choose another tier")
    return exact_seconds(time, "ms")
