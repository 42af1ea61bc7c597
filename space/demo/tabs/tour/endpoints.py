"""The named endpoints /receptive_field and /tour_train, which need no photo."""

from __future__ import annotations

from typing import Any

from cnnhub.features import check_layers
from cnnhub.fields import ReceptiveField
from demo import networks
from demo.endpoints import for_programs, json_output, model_input, number_input, publish, text_input
from demo.photo.input import PhotoInput
from demo.tabs.inside.layers import layers_of
from demo.tabs.tour import training_line
from demo.tabs.tour.training_line import IN_LINE, whole


def publish_all(photo: PhotoInput) -> None:
    place = [number_input(0, name) for name in ("row", "column")]
    publish(receptive_field, [model_input(), text_input("", "layer"), *place], [json_output("field")], "receptive_field")
    settings = [number_input(0, "seed"), number_input(0.05, "learning_rate", whole=False), number_input(32, "batch_size")]
    settings += [number_input(0.0, "noise", whole=False), number_input(1.0, "seconds", whole=False)]
    publish(tour_train, settings, [json_output("run")], "tour_train", **IN_LINE)


def receptive_field(model: str = "cats-vs-dogs", layer: str = "", row: int = 0, column: int = 0) -> dict[str, Any]:
    """Which pixels of a network's input one value of a layer sees.

    Args:
        model: which network: cats-vs-dogs, flowers, imagenet, cats-vs-dogs-shufflenet or mnist.
        layer: name of a layer; left empty it is the network's first stage.
        row: of the value in the layer's maps, counted from 0.
        column: of the value in the layer's maps, counted from 0.

    Returns:
        model, layer, shape of its maps (C, H, W), input (height, width); sees: "a rectangle", "the whole picture", or
        "irregular" where each place sees another region. Of a rectangle its size, stride and start (height, width each, in input
        pixels) and the rectangle itself as top, left, bottom, right, the last two exclusive; it may reach into the padding
        around the picture. Of the whole picture the rectangle alone; what is not known is null.
    """

    def look() -> dict[str, Any]:
        classifier = networks.get(model)
        layers = layers_of(classifier)
        name = layer or layers.stages[0]
        check_layers([name], list(layers.shapes))
        channels, height, width = layers.shapes[name]
        place = whole("row", row, 0, height - 1), whole("column", column, 0, width - 1)
        rows = layers.rows(name)
        sees = rows[-1].sees if rows else None
        field = sees if isinstance(sees, ReceptiveField) else None
        sides = list(classifier.config.pretrained_cfg.input_size[1:])
        is_whole = sees == "whole picture"
        return {
            "model": model,
            "layer": name,
            "shape": [channels, height, width],
            "input": sides,
            "sees": "a rectangle" if field else "the whole picture" if is_whole else "irregular",
            "size": list(field.size) if field else None,
            "stride": list(field.stride) if field else None,
            "start": list(field.start) if field else None,
            "rectangle": list(field.of(*place)) if field else [0, 0, *sides] if is_whole else None,
        }

    return for_programs(look)


def tour_train(
    seed: int = 0, learning_rate: float = 0.05, batch_size: int = 32, noise: float = 0.0, seconds: float = 1.0
) -> dict[str, Any]:
    """Let a network of 810 weights learn to read handwritten digits, from random weights, for some seconds.

    One run at a time: who calls meanwhile waits in line, and gradio's client says at which place and how long.

    Args:
        seed: of the first weights, the order of the digits and the wrong labels, 0 to 4294967295.
        learning_rate: how far a step goes down the slope of the loss, 0 to 2.
        batch_size: digits a step, 1 to 1000.
        noise: the share of training digits, 0 to 1, whose label is wrong.
        seconds: how long it learns, 0.1 to 5.

    Returns:
        steps and seconds taken; loss: at most 100 values, each the mean over as many steps as the others (null where it is no
        number any more); accuracy: the share of held_out digits that it reads right, wrong: how many it does not; filters:
        8 of 3 x 3.
    """
    return for_programs(lambda: training_line.train(seed, learning_rate, batch_size, noise, seconds))
