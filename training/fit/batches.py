"""Which pictures each step of training sees, on each device."""

from __future__ import annotations

import numpy as np

from training.data.pixels import Key, derive
from training.fit.recipe import Recipe


def epoch_batches(pictures: int, recipe: Recipe, epoch: int, process: int, processes: int) -> list[list[Key]]:
    """One process's micro-batches of an epoch, `recipe.accumulate` to a step; the incomplete last step is dropped.

    Every process cuts its share out of the same shuffled steps, so that the pictures of a step do not depend on how many
    processes there are.
    """
    order = np.random.default_rng(derive(recipe.seed, epoch)).permutation(pictures).tolist()
    micro = recipe.micro_batch(processes)
    batches = []
    for start in range(0, pictures - recipe.batch_size + 1, recipe.batch_size):
        for part in range(recipe.accumulate):
            first = start + (part * processes + process) * micro
            batches.append([(index, derive(recipe.seed, epoch, index)) for index in order[first : first + micro]])
    return batches
