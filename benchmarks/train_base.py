"""Train the default model and write its weights into the package: the recipe behind `geoloc/weights/base.safetensors`.

    python benchmarks/train_base.py ../shared/data runs/base --minutes 100

goes on from a checkpoint in the run's folder, if there is one. With `--minutes 0` it only measures and writes the
averaged weights of a finished run. Needs the data described in the weights' card, and the extra `geoloc[train]`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from geoloc.model.localizer import Localizer
from geoloc.model.network import CrossViewNet
from geoloc.model.packaged import PACKAGED
from geoloc.model.presets import preset
from geoloc.model.weights import Calibration, save_weights
from geoloc.train.calibrate import describe, fit, made_trial, posed_trial, run_trials
from geoloc.train.data import load_sources
from geoloc.train.loop import Schedule, train


def main() -> None:
    """Train, measure on held-out ground, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--minutes", type=float, default=100)
    parser.add_argument("--rate", type=float, default=4e-4, help="learning rate at the start of the cosine")
    parser.add_argument("--trials", type=int, default=60, help="held-out photographs to calibrate the scores on")
    parser.add_argument("--output", type=Path, default=PACKAGED / "base.safetensors")
    args = parser.parse_args()
    config = preset("base")
    held_out = load_sources(args.data, held_out=True)
    if args.minutes > 0:
        sources = load_sources(args.data, held_out=False)
        train(config, sources, held_out, args.run, Schedule(minutes=args.minutes, rate=args.rate), report=_say)
    net = CrossViewNet(config)
    net.load_state_dict(load_file(args.run / "weights.safetensors"))
    rng = np.random.default_rng(7)
    boxed = [ortho for ortho in held_out.boxed if len(ortho.boxes)]
    site = held_out.sites[0]
    trials = []
    while len(trials) < args.trials:
        if len(trials) % 3 == 2:
            trial = posed_trial(site, int(rng.integers(len(site.photos))), rng, clicks=3)
        else:
            trial = made_trial(boxed[rng.integers(len(boxed))], rng, clicks=3)
        if trial is not None and trial.clicks:
            trials.append(trial)
    answers = run_trials(Localizer(net.eval(), Calibration()), trials, _say)
    calibration = fit(answers)
    _say(describe(answers, calibration))
    checksum = save_weights(args.output, net, calibration)
    _say(f"{args.output}: {args.output.stat().st_size / 1e6:.1f} MB, sha256 of the tensors {checksum}")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    torch.manual_seed(0)
    main()
