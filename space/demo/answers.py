"""What a network answers for a photo, with all that was measured of such answers."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import cnnhub
from demo import networks
from demo.photo.photo import Photo

# At 90 % right, 30 photos leave a standard error of 5.5 in the hundred, and one photo moves the figure by 3;
# of fewer, "of 100 photos" would promise more than was seen
LEAST_PHOTOS = 30
CLASS_COLOURS = 8


@dataclass(frozen=True)
class Answer:
    network: str
    classifier: cnnhub.Classifier
    prediction: cnnhub.Prediction

    @property
    def reliability(self) -> cnnhub.ReliabilityBin | None:
        """How often such answers were right; None where that was measured on too few photos, or this one is unfamiliar.

        The table was measured on photos of the network's own labels: of any other it says nothing.
        """
        if self.prediction.is_unfamiliar:
            return None
        found = self.classifier.reliability(self.prediction.probability)
        return found if found and found.count >= LEAST_PHOTOS else None

    def details(self) -> dict[str, Any]:
        """As JSON."""
        prediction = self.prediction
        found = None if prediction.is_unfamiliar else self.classifier.reliability(prediction.probability)
        return {
            "model": self.classifier.source,
            "label": prediction.label,
            "probability": prediction.probability,
            "scores": prediction.scores,
            "temperature": self.classifier.config.cnnhub.temperature,
            "unfamiliar": self._unfamiliar(),
            "reliability": dataclasses.asdict(found) if found else None,
        }

    def _unfamiliar(self) -> dict[str, Any] | None:
        if self.prediction.is_unfamiliar is None:
            return None
        return {
            "is_unfamiliar": self.prediction.is_unfamiliar,
            "strangeness": self.prediction.strangeness,
            "threshold": self.classifier.threshold,
            "false_alarm": self.classifier.false_alarm,
        }


def answer_to(photo: Photo, network: str) -> Answer:
    """Ask a network.

    Raises:
        ImageError: the photo cannot be read.
        CnnHubError: there is no such network, see `networks.get`.
    """
    classifier = networks.get(network)
    with photo.opened() as picture:
        return Answer(network, classifier, classifier.predict(picture))


def bar_class(answer: Answer, label: str) -> str:
    """How a label's bar looks: in the class's colour, or hollow where the photo is unfamiliar."""
    return "hollow" if answer.prediction.is_unfamiliar else f"class-{class_number(answer.classifier, label)}"


def class_number(classifier: cnnhub.Classifier, label: str) -> int:
    """The number of a class's colour."""
    return classifier.label_index(label) % CLASS_COLOURS
