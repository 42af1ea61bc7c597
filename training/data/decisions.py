"""Decisions on single pictures, in a small file of comma-separated values: review.csv.

A picture is named by the SHA-256 of its bytes, so that the file holds wherever the pictures lie and whatever they are called:

    sha256,name,label,decision,new_label
    e311a020...,train/roses/17.jpg,roses,relabel,tulips
    64978aa3...,train/daisy/4.jpg,daisy,drop,

The decision is keep, relabel or drop; a row without one leaves its picture as it is. The name, and the label that the picture
had when it was looked at, are for a reader.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path

from cnnhub.errors import UnknownNameError
from cnnhub.files import write_atomically
from training.data.layout import DataError
from training.data.words import counted

KEEP, RELABEL, DROP = DECISIONS = ("keep", "relabel", "drop")
_HOW = "Make one with: python -m training review --data DIR"
_FEWEST = 0.5  # the share of a file's pictures that must be among those at hand, or it is of others


@dataclass(frozen=True)
class Decision:
    """What shall become of one picture."""

    sha256: str  # of its encoded bytes
    name: str
    label: str  # that it was given
    decision: str = ""  # one of DECISIONS; "" where nothing was decided
    new_label: str = ""  # where the decision is to relabel


@dataclass(frozen=True)
class Review:
    """A file of decisions."""

    file: str  # its name
    sha256: str  # of the file
    decisions: dict[str, Decision]  # a picture's SHA-256 -> what was decided


@dataclass(frozen=True)
class Reviewed:
    """What a review did to the pictures of a run, as its config.json says."""

    file: str
    sha256: str
    # split -> how many of its pictures were kept, relabelled and dropped by decision (the rest nobody had looked at)
    splits: dict[str, dict[str, int]] = field(default_factory=dict)


def read(path: Path) -> Review:
    """Read a file of decisions.

    Raises:
        DataError: it is not there, or is none; which line, and what was expected.
    """
    try:
        data = path.read_bytes()
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"--review: {path} cannot be read: {error}. {_HOW}") from error
    columns = [each.name for each in fields(Decision)]
    if not rows or not set(columns) <= rows[0].keys():
        found = ", ".join(map(str, rows[0])) if rows else "no rows"
        raise DataError(f"--review: {path} holds {found}; expected the columns {', '.join(columns)}. {_HOW}")
    decisions: dict[str, Decision] = {}
    for number, row in enumerate(rows, 2):
        each = Decision(*((row[column] or "").strip() for column in columns))
        if each.decision not in ("", *DECISIONS) or (each.decision == RELABEL) != bool(each.new_label):
            raise DataError(
                f"--review: line {number} of {path} decides {each.decision!r} with the new label {each.new_label!r}; expected "
                f"{', '.join(DECISIONS)} or nothing, and a new label with relabel alone."
            )
        before = decisions.get(each.sha256)
        if before and before.decision and each.decision and _effect(before) != _effect(each):
            raise DataError(
                f"--review: line {number} of {path} says {each.decision} {each.new_label} of a picture of which an earlier line "
                f"says {before.decision} {before.new_label}. Leave one of them out."
            )
        decisions[each.sha256] = each if each.decision or not before else before
    return Review(path.name, hashlib.sha256(data).hexdigest(), decisions)


def write(path: Path, decisions: Iterable[Decision]) -> None:
    """Write a file of decisions, in the order given."""
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow([each.name for each in fields(Decision)])
    rows.writerows(map(astuple, decisions))
    write_atomically(path, text.getvalue().encode())


def check_labels(review: Review, labels: Sequence[str]) -> None:
    """Raise DataError where a decision gives a label that the pictures do not have."""
    for each in review.decisions.values():
        if each.new_label and each.new_label not in labels:
            reason = UnknownNameError("label", each.new_label, labels)
            raise DataError(f"--review: {review.file} relabels {each.name}: {reason} It seems to be of another set of pictures.")


def check_found(review: Review, found: int) -> None:
    """Raise DataError where most of a review's pictures are not among those at hand, so that it must be of others."""
    total = len(review.decisions)
    if found < _FEWEST * total:
        raise DataError(
            f"--review: of the {total:,} pictures that {review.file} names, {found:,} are in train or validation. It is of "
            f"another set, or these have been encoded anew since (a picture is named by the hash of its bytes). {_HOW}"
        )


def counts(decisions: Iterable[Decision]) -> dict[str, int]:
    """How many pictures are kept, relabelled and dropped."""
    found = Counter(each.decision for each in decisions)
    return {decision: found[decision] for decision in DECISIONS}


def in_words(decisions: Iterable[Decision]) -> str:
    """The same for a reader.

    >>> in_words([Decision("e3", "1.jpg", "rose", "drop"), Decision("b0", "2.jpg", "rose", "keep")])
    '1 picture kept, 0 relabelled, 1 dropped'
    """
    found = counts(decisions)
    return f"{counted(found[KEEP], 'picture')} kept, {found[RELABEL]:,} relabelled, {found[DROP]:,} dropped"


def _effect(decision: Decision) -> tuple[str, str]:
    return decision.decision, decision.new_label
