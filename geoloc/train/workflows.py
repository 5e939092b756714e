"""Training from data to weights that are ready for use: batches, the loop, and what a score means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from torch.utils.data import DataLoader

from geoloc.errors import TrainingError
from geoloc.model.network.config import Config
from geoloc.model.network.cross_view import CrossViewNet
from geoloc.model.packaged import PACKAGED, find_weights
from geoloc.model.presets import new_network, preset_config
from geoloc.model.weights import Calibration, load_weights, save_weights
from geoloc.train.budget import PREPARED, UNLIMITED, Budget
from geoloc.train.fit.blend import BY_VIEWS, SHARES, Beginning
from geoloc.train.fit.endless_batches import sample_batches
from geoloc.train.fit.fixed_batches import draw_batches, encode_batch, repeat_batches
from geoloc.train.fit.freed_memory import keep_freed_memory
from geoloc.train.fit.loop import Schedule, steps_done, train_network
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.gather import training_and_held_out
from geoloc.train.samples.batch import Batch
from geoloc.train.samples.sampler import Sampler, SamplerSettings

HELD_OUT_BATCHES = 8
HELD_OUT_SEED = 12345
TRIAL_SEED = 7
TRIAL_CLICKS = 3
DESCRIPTOR_BATCH, DESCRIPTOR_SEED = 16, 11
"""Examples a batch that descriptors are trained on, and where the draw of those begins."""
DESCRIPTOR_GSDS = (0.6, 1.75)
"""Of the references that descriptors are trained on, over the GSD of a search."""
LEAST_HITS = 5
"""Hits of held-out searches below which no law of scores can be fitted."""
LEAST_DESCRIBED = 8
"""Batches below which descriptors are worse for being trained."""
ADAPTING_RATE = 1e-4
"""Highest learning rate where training goes on from weights: what docs/model.md, Adapting, was measured with."""
_NO_TIME = "no time is left for enough searches: what a score means stays as it was"
_TOO_SMALL = "the held-out ground is too small to search on; give --trials 0, or a larger mosaic"


def train_preset(
    name: str,
    splits: Mapping[str, Collection],
    run: Path,
    schedule: Schedule,
    *,
    trials: int,
    descriptors: int = 0,
    scratch: bool = False,
    weights: Path | None = None,
    device: str = "cpu",
    devices: int = 1,
    workers: int = 1,
    cached: int | None = None,
    budget: Budget = UNLIMITED,
    report: Callable[[str], None] = lambda line: None,
) -> Path:
    """Train the network of a preset on collections, its descriptors and what its scores mean.

    Goes on where `run` holds a checkpoint. Of what was learnt from weights on, as much is kept as helps on what is held
    out, see `geoloc.train.fit.blend`; where nothing does, descriptors and calibration stay too.

    Args:
        name: of the preset.
        splits: as `gather` makes them.
        run: the folder for checkpoints and weights.
        schedule: how long and how fast; of its minutes what `budget` leaves.
        trials: held-out searches that the scores are fitted on; 0 keeps the calibration of the weights begun with.
        descriptors: examples that descriptors are trained on at the end; 0 keeps those begun with.
        scratch: begin with ImageNet's backbone and not with the weights given or packaged.
        weights: to begin with; None for the packaged ones.
        device: "cpu" or "cuda".
        devices: how many of them.
        workers: processes that draw batches.
        cached: freeze the backbone and train on this many examples, encoded once.
        budget: how long all of it may take; one step is trained whatever it says.
        report: called with lines about how it goes.

    Returns:
        The path of weights with their calibration.

    Raises:
        TrainingError: see `train_network`; or there is nothing to search on the held-out ground.
        WeightsError: no such preset or weights.
    """
    config = preset_config(name)
    training, held_out = training_and_held_out(dict(splits))
    if trials:
        _check_searchable(held_out)
    start = starting_weights(name, weights, scratch, report)
    calibration = Calibration() if start is None else load_weights(start, new_network(config))
    settings = SamplerSettings(query_px=config.query_shape[0], window_px=config.window_px)
    prepared = budget.over(PREPARED)
    report("drawing examples to check by")
    checks = draw_batches(held_out, settings, schedule.batch, HELD_OUT_BATCHES, HELD_OUT_SEED, over=prepared)
    begun = steps_done(run)
    batches: DataLoader[Batch]
    if cached is None:
        batches = sample_batches(
            training, settings, schedule.batch, schedule.seed, device, workers=workers, begun=begun
        )
    else:
        schedule = replace(schedule, backbone_rate=0.0)
        report(f"drawing {cached} records")
        count = max(1, cached // schedule.batch)
        drawn = draw_batches(
            training, settings, schedule.batch, count, schedule.seed, over=budget.over(budget.training / 2)
        )
        net = starting_network(config, start)
        report(f"encoding {len(drawn) * schedule.batch} records once")
        batches = repeat_batches([encode_batch(net, batch) for batch in drawn], schedule.seed, begun)
        checks = [encode_batch(net, batch) for batch in checks]
    beginning = None
    if start is not None:
        shares = SHARES if training.photos and held_out.photos else BY_VIEWS
        beginning = Beginning(starting_network(config, start).to(device), checks, shares)
    left = budget.minutes_until(budget.training, beginning.choosing_minutes if beginning else 0.0)
    schedule = replace(schedule, minutes=min(schedule.minutes, left))
    report("training begins")
    written = train_network(
        config, batches, checks, run, schedule, start=start, device=device, devices=devices, report=report
    )
    net = new_network(config)
    load_weights(written, net)
    if beginning is not None:
        kept = beginning.keep_what_helps(net, report)
        save_weights(written, net, calibration)
        if not kept:
            return written
    if descriptors and config.descriptor:
        fit_descriptors(net, training, held_out, descriptors, seed=schedule.seed, budget=budget, report=report)
        save_weights(written, net, calibration)
    if trials:
        calibration = calibrate(
            written, config, held_out, trials, device=device, begun=calibration, over=budget.over(), report=report
        )
    save_weights(written, net, calibration)
    return written


def fit_descriptors(
    net: CrossViewNet,
    training: Collection,
    held_out: Collection,
    count: int,
    *,
    seed: int = 0,
    budget: Budget = UNLIMITED,
    report: Callable[[str], None] = lambda line: None,
) -> None:
    """Train the descriptors of a network in place; where there is no time to, they stay as they are.

    Args:
        net: all else of it stays as it is.
        training: what examples are drawn from.
        held_out: what they are measured on.
        count: examples, encoded once, and as many turned.
        seed: of all draws.
        budget: says when to make do with fewer examples, and with fewer steps.
        report: called with lines about how it goes.
    """
    from geoloc.train.fit.descriptors import train_descriptors

    keep_freed_memory()
    config = net.config
    settings = SamplerSettings(
        query_px=config.query_shape[0],
        window_px=config.window_px,
        absent_share=0.0,
        gsd_m=(DESCRIPTOR_GSDS[0] * config.gsd_m, DESCRIPTOR_GSDS[1] * config.gsd_m),
        panorama_share=0.04,
    )
    net.eval()

    def draw_encoded(collection: Collection, count: int, seed: int, *, turned: bool) -> list[Batch]:
        sampler = Sampler(collection, settings, "cpu", seed)
        batches: list[Batch] = []
        for number in range(-(-count // DESCRIPTOR_BATCH)):
            if batches and over():
                break
            report(f"records for the descriptors: {number * DESCRIPTOR_BATCH} of {count} encoded")
            batch = sampler.batch(DESCRIPTOR_BATCH)
            batches.append(encode_batch(net, batch))
            if turned:
                batches.append(encode_batch(net, batch.turned(1 + number % 3)))
        return batches

    over = budget.over(budget.encoded)
    drawn = [] if over() else draw_encoded(training, count, seed + DESCRIPTOR_SEED, turned=True)
    if over() and len(drawn) < 2 * LEAST_DESCRIBED:
        report("no time is left to train the descriptors: they stay as they were")
        return
    count = min(count, len(drawn) // 2 * DESCRIPTOR_BATCH)
    over = budget.over(budget.described)
    checks = draw_encoded(held_out, max(DESCRIPTOR_BATCH, count // 12), HELD_OUT_SEED, turned=False)
    train_descriptors(net, drawn, checks, steps=max(1, count // 4), seed=seed, over=over, report=report)


def retrain_descriptors(
    name: str,
    weights: Path | None,
    splits: Mapping[str, Collection],
    output: Path,
    count: int,
    *,
    report: Callable[[str], None] = lambda line: None,
) -> None:
    """Write weights of a preset again, with descriptors trained anew; see `fit_descriptors`.

    Args:
        name: of the preset.
        weights: the file, or None for those of the package.
        splits: as `gather` makes them.
        output: the file to write.
        count: examples to train on.
        report: called with lines about how it goes.

    Raises:
        TrainingError: the preset has no descriptors.
        WeightsError: no such preset or weights.
        OutputError: the file cannot be written.
    """
    config = preset_config(name)
    if not config.descriptor:
        raise TrainingError(f"preset {name} has no descriptors")
    net = new_network(config)
    calibration = load_weights(find_weights(name, weights), net)
    fit_descriptors(net, *training_and_held_out(dict(splits)), count, report=report)
    save_weights(output, net, calibration)


def starting_weights(name: str, weights: Path | None, scratch: bool, report: Callable[[str], None]) -> Path | None:
    """Find where training begins: the weights given, those of the package, or None for ImageNet's backbone.

    Args:
        name: of the preset.
        weights: a file; None for the package's.
        scratch: whether to begin with ImageNet's backbone whatever is there.
        report: called with a line where no weights come with the preset.
    """
    if scratch:
        return None
    if weights is None and not (PACKAGED / f"{name}.safetensors").is_file():
        report(f"no weights come with {name}: beginning with ImageNet's backbone")
        return None
    return find_weights(name, weights)


def usual_rate(name: str, weights: Path | None, scratch: bool) -> float:
    """Return the highest learning rate where none is asked for; arguments as those of `starting_weights`."""
    start = starting_weights(name, weights, scratch, lambda line: None)
    return Schedule().rate if start is None else ADAPTING_RATE


def starting_network(config: Config, start: Path | None) -> CrossViewNet:
    """Make the network as training begins: with the weights of `start`, or ImageNet's backbone where that is None."""
    net = new_network(config)
    if start is None:
        net.backbone.load_imagenet()
    else:
        load_weights(start, net)
    return net.eval()


def _check_searchable(held_out: Collection) -> None:
    """Refuse, before anything is trained, ground on which the searches that end a training could not be tried."""
    from geoloc.train.calibration.trials import can_be_searched

    if not can_be_searched(held_out):
        raise TrainingError(_TOO_SMALL)


def calibrate(
    weights: Path,
    config: Config,
    held_out: Collection,
    trials: int,
    *,
    device: str = "cpu",
    begun: Calibration | None = None,
    over: Callable[[], bool] = lambda: False,
    report: Callable[[str], None] = lambda line: None,
) -> Calibration:
    """Fit what a score of these weights means, on searches of held-out ground.

    Args:
        weights: of the network.
        config: of the network.
        held_out: what is searched.
        trials: how many searches.
        device: where the network runs.
        begun: what is returned where there is no time for enough searches.
        over: whether there is no time for another search.
        report: called with lines about how it goes.

    Raises:
        TrainingError: the held-out ground is too small to be searched.
    """
    # What the search needs, and training from a pack alone has to do without.
    from geoloc.model.localizer import Localizer
    from geoloc.train.calibration.score_law import fit_scores, run_trials, summary_line
    from geoloc.train.calibration.trials import draw_trials

    net = new_network(config)
    load_weights(weights, net)
    if over() and begun is not None:
        report(_NO_TIME)
        return begun
    report(f"drawing {trials} searches of held-out ground")
    drawn = draw_trials(held_out, trials, TRIAL_CLICKS, TRIAL_SEED, over)
    if not drawn:
        raise TrainingError(_TOO_SMALL)
    answers = run_trials(Localizer(net.to(device).eval(), Calibration()), drawn, report, over)
    hits = sum(answer.hit for answer in answers)
    if hits < LEAST_HITS and begun is not None and over():
        report(_NO_TIME)
        return begun
    if hits < LEAST_HITS:
        report("hardly anything was found on the held-out ground: scores are not fitted and mean little")
        return Calibration()
    calibration = fit_scores(answers)
    report(summary_line(answers, calibration))
    return calibration


def recalibrate(
    name: str,
    weights: Path | None,
    held_out: Collection,
    output: Path,
    trials: int,
    *,
    device: str = "cpu",
    report: Callable[[str], None] = lambda line: None,
) -> None:
    """Write weights of a preset again, with scores fitted on searches of held-out ground.

    For weights that were trained without a raster library, where nothing could be searched.

    Args:
        name: of the preset.
        weights: the file, or None for those of the package.
        held_out: ground that the weights were not trained on.
        output: the file to write.
        trials: how many searches.
        device: where the network runs.
        report: called with lines about how it goes.

    Raises:
        TrainingError: see `calibrate`.
        WeightsError: no such preset or weights.
        OutputError: the file cannot be written.
    """
    config = preset_config(name)
    path = find_weights(name, weights)
    calibration = calibrate(path, config, held_out, trials, device=device, report=report)
    net = new_network(config)
    load_weights(path, net)
    save_weights(output, net, calibration)
