"""`cnnhub models`."""

from __future__ import annotations

from cnnhub.cli.output import show_table


def models() -> None:
    """List the built-in models: labels, size, measured accuracy.

    \b
    Examples:
      cnnhub models
    """
    from cnnhub.config import ModelConfig
    from cnnhub.hub import BUILTIN_FOLDER, CONFIG_NAME, WEIGHTS_NAME, builtin_models

    rows = []
    for name in builtin_models():
        config = ModelConfig.read(BUILTIN_FOLDER / name / CONFIG_NAME)
        size = (BUILTIN_FOLDER / name / WEIGHTS_NAME).stat().st_size / 1e6
        test = config.cnnhub.model_dump().get("metrics", {}).get("test")
        accuracy = f"{test['top1']:.1%} of {test['n']:,}" if test else "not measured"
        names = config.labels()
        shown = ", ".join(names) if len(names) <= 8 else f"{len(names):,} labels"
        rows.append((name, config.architecture, shown, f"{size:.1f} MB", accuracy))
    show_table(("name", "architecture", "labels", "size", "accuracy on test"), rows, "built-in models")
