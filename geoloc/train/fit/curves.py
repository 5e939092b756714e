"""Pictures of how training went, from its CSV logs. Needs matplotlib and pandas, of the extra `train`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COMPARED = {"score": "loss of the score", "dense": "loss of the correspondence", "right": "objects inside the best box"}
"""What runs are compared by, all on held-out examples: titles by the name in the log."""
_SMOOTHED = 20


def draw_curves(log: Path, picture: Path) -> None:
    """Draw what one run logged in all its sittings, training and held out, as a PNG; draws nothing without a log."""
    table = _table(log)
    if table is None:
        return
    names = sorted({column.split(" ", 1)[1] for column in table.columns if column.startswith("train ")})
    figure, axes = _axes(len(names))
    for axis, name in zip(axes, names, strict=False):
        for part in ("train", "held out"):
            if f"{part} {name}" in table:
                shown = table[["step", f"{part} {name}"]].dropna()
                if part == "train":
                    shown = shown.rolling(_SMOOTHED, min_periods=1).mean()
                axis.plot(shown["step"], shown[f"{part} {name}"], label=part, alpha=0.6 if part == "train" else 1.0)
        axis.set(title=name, xlabel="step")
        axis.legend()
    _save(figure, picture)


def draw_comparison(logs: Mapping[str, Sequence[Path]], picture: Path) -> None:
    """Draw the held-out curves of several runs of each kind as a PNG: their mean, and from least to most.

    Args:
        logs: folders of logs, by the name of their kind.
        picture: the file to write.
    """
    import pandas as pd

    figure, axes = _axes(len(COMPARED))
    for kind, folders in logs.items():
        tables = [table for log in folders if (table := _table(log)) is not None]
        for axis, (name, title) in zip(axes, COMPARED.items(), strict=True):
            column = f"held out {name}"
            axis.set(title=title, xlabel="step")
            runs = [table.set_index("step")[column].dropna() for table in tables if column in table]
            if runs:
                of_step = pd.concat(runs).groupby(level=0)
                (line,) = axis.plot(of_step.mean(), marker=".", label=kind)
                low, high = of_step.min(), of_step.max()
                axis.fill_between(low.index.to_numpy(), low, high, color=line.get_color(), alpha=0.15, linewidth=0)
    for axis in axes:
        if axis.has_data():
            axis.legend(fontsize="small")
    _save(figure, picture)


def _table(log: Path) -> pd.DataFrame | None:
    """Read all sittings of a run, one below the other; None without any."""
    import pandas as pd

    logs = sorted(log.glob("version_*/metrics.csv"), key=lambda path: path.stat().st_mtime)
    return pd.concat([pd.read_csv(path) for path in logs], ignore_index=True) if logs else None


def _axes(count: int) -> tuple[Figure, list[Axes]]:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, max(1, count), figsize=(4 * max(1, count), 3.2), squeeze=False)
    return figure, list(axes[0])


def _save(figure: Figure, picture: Path) -> None:
    from matplotlib import pyplot as plt

    figure.tight_layout()
    figure.savefig(picture, dpi=110)
    plt.close(figure)
