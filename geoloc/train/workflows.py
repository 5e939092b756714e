"""Training from data to weights that are ready for use: batches, the loop, and what a score means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch.utils.data import DataLoader, IterableDataset

from geoloc.errors import TrainingError
from geoloc.model.network.config import Config
from geoloc.model.network.cross_view import CrossViewNet
from geoloc.model.network.features import Features
from geoloc.model.packaged import PACKAGED, find_weights
from geoloc.model.presets import new_network, preset
from geoloc.model.weights import Calibration, load_weights, save_weights
from geoloc.train.fit.loop import Schedule, train_network
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.gather import parts_of
from geoloc.train.samples.batch import Batch
from geoloc.train.samples.sampler import Sampler, SamplerSettings, SampleStream, loader

HELD_OUT_BATCHES = 8
HELD_OUT_SEED = 12345
TRIAL_SEED = 7
CLICKS = 3
DESCRIBED, DESCRIBED_SEED = 16, 11
"""Records a batch, and where the draw of those begins that descriptors are trained on."""
SEARCHED = (0.6, 1.75)
"""References that descriptors are trained on, over the GSD of a search."""
LEAST_HITS = 5
"""Hits of held-out searches below which no law of scores can be fitted."""


def train_on_mix(
    name: str,
    parts: Mapping[str, Collection],
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
    report: Callable[[str], None] = lambda line: None,
) -> Path:
    """Train preset `name` on collections as `gather` makes them; returns the path of weights with their calibration.

    trials: held-out searches that the scores are fitted on; 0 keeps the calibration of the weights begun with.
    descriptors: records that descriptors are trained on at the end; 0 keeps those begun with. scratch: begin with
    ImageNet's backbone and not with the weights given or packaged. cached: freeze the backbone and train_network on this many
    records, encoded once. Goes on where `run` holds a checkpoint.

    Raises:
        TrainingError: see `loop.train_network`; or there is nothing to search on the held-out ground.
    """
    config = preset(name)
    training, held_out = parts_of(dict(parts))
    start = starting_weights(name, weights, scratch, report)
    calibration = Calibration() if start is None else load_weights(start, new_network(config))
    recipe = SamplerSettings(query_px=config.query_shape[0], window_px=config.window_px)
    checks = draw(held_out, recipe, schedule.batch, HELD_OUT_BATCHES, HELD_OUT_SEED)
    batches: DataLoader[Batch]
    if cached is None:
        stream = SampleStream(training, recipe, schedule.batch, schedule.seed, device if workers == 0 else "cpu")
        batches = loader(stream, workers)
    else:
        schedule = replace(schedule, backbone_rate=0.0)
        drawn = draw(training, recipe, schedule.batch, max(1, cached // schedule.batch), schedule.seed)
        net = beginning(config, start)
        report(f"encoding {len(drawn) * schedule.batch} records once")
        batches = repeated([encoded(net, batch) for batch in drawn], schedule.seed)
        checks = [encoded(net, batch) for batch in checks]
    written = train_network(
        config, batches, checks, run, schedule, start=start, device=device, devices=devices, report=report
    )
    net = new_network(config)
    load_weights(written, net)
    if descriptors and config.descriptor:
        summary_line(net, training, held_out, descriptors, seed=schedule.seed, report=report)
        save_weights(written, net, calibration)
    if trials:
        calibration = calibrated(written, config, held_out, trials, device=device, report=report)
    save_weights(written, net, calibration)
    return written


def summary_line(
    net: CrossViewNet,
    training: Collection,
    held_out: Collection,
    records: int,
    *,
    seed: int = 0,
    report: Callable[[str], None] = lambda line: None,
) -> None:
    """Train the descriptors of a network on so many records, encoded once, and as many turned."""
    from geoloc.train.fit.descriptors import train_descriptors

    config = net.config
    recipe = SamplerSettings(
        query_px=config.query_shape[0],
        window_px=config.window_px,
        absent=0.0,
        gsd_m=(SEARCHED[0] * config.gsd_m, SEARCHED[1] * config.gsd_m),
        panoramas=0.04,
    )
    net.eval()

    def encoded_once(collection: Collection, count: int, seed: int, *, turned: bool) -> list[Batch]:
        mixer = Sampler(collection, recipe, "cpu", seed)
        found = []
        for number in range(-(-count // DESCRIBED)):
            batch = mixer.batch(DESCRIBED)
            found += [encoded(net, some) for some in ([batch, batch.turned(1 + number % 3)] if turned else [batch])]
        return found

    report(f"encoding {records} records for the descriptors")
    drawn = encoded_once(training, records, seed + DESCRIBED_SEED, turned=True)
    checks = encoded_once(held_out, max(DESCRIBED, records // 12), HELD_OUT_SEED, turned=False)
    train_descriptors(net, drawn, checks, steps=max(1, records // 4), seed=seed, report=report)


def retrain_descriptors(
    name: str,
    weights: Path | None,
    parts: Mapping[str, Collection],
    output: Path,
    records: int,
    *,
    report: Callable[[str], None] = lambda line: None,
) -> None:
    """Write weights of preset `name` again, with descriptors trained anew; see `summary_line`.

    Raises:
        TrainingError: the preset has none.
        OutputError: the file cannot be written.
    """
    config = preset(name)
    if not config.descriptor:
        raise TrainingError(f"preset {name} has no descriptors")
    net = new_network(config)
    calibration = load_weights(find_weights(name, weights), net)
    summary_line(net, *parts_of(dict(parts)), records, report=report)
    save_weights(output, net, calibration)


def starting_weights(name: str, weights: Path | None, scratch: bool, report: Callable[[str], None]) -> Path | None:
    """Where training begins: the weights given, those of the package, or None for ImageNet's backbone."""
    if scratch:
        return None
    if weights is None and not (PACKAGED / f"{name}.safetensors").is_file():
        report(f"no weights come with {name}: beginning with ImageNet's backbone")
        return None
    return find_weights(name, weights)


def draw(collection: Collection, recipe: SamplerSettings, size: int, count: int, seed: int) -> list[Batch]:
    """`count` batches of `size` records, the same ones for the same seed, their images in 8 bits."""
    mixer = Sampler(collection, recipe, "cpu", seed)
    return [_in_bytes(mixer.batch(size)) for _ in range(count)]


def beginning(config: Config, start: Path | None) -> CrossViewNet:
    """The network as training begins."""
    net = new_network(config)
    if start is None:
        net.backbone.load_imagenet()
    else:
        load_weights(start, net)
    return net.eval()


@torch.inference_mode()
def encoded(net: CrossViewNet, batch: Batch) -> Batch:
    """The batch with what the backbone makes of its images, in 16 bits.

    Where the click joins the image of the query (as in the published method), that stays an image.
    """
    reference = _halved(batch.reference_features(net))
    query = batch.query
    if not isinstance(query, Features) and not net.click_joins_image:
        query = _halved(net.encode_query(query.float(), batch.click))
    return replace(batch, query=query, reference=reference)


def repeated(batches: list[Batch], seed: int) -> DataLoader[Batch]:
    """The same batches again and again, each time in another order."""
    return DataLoader(_Repeated(batches, seed), batch_size=None)


class _Repeated(IterableDataset[Batch]):
    def __init__(self, batches: list[Batch], seed: int) -> None:
        self.batches, self.seed = batches, seed

    def __iter__(self) -> Iterator[Batch]:
        generator = torch.Generator().manual_seed(self.seed)
        while True:
            for i in torch.randperm(len(self.batches), generator=generator).tolist():
                yield self.batches[i]


def calibrated(
    weights: Path,
    config: Config,
    held_out: Collection,
    trials: int,
    *,
    device: str = "cpu",
    report: Callable[[str], None] = lambda line: None,
) -> Calibration:
    """What a score of these weights means, fitted on searches of held-out ground.

    Raises:
        TrainingError: the held-out ground is too small to be searched, or hardly anything was found on it.
    """
    # What the search needs, and training from a pack alone has to do without.
    from geoloc.model.localizer import Localizer
    from geoloc.train.calibration.score_law import fit_scores, run_trials, summary_line
    from geoloc.train.calibration.trials import draw_trials

    net = new_network(config)
    load_weights(weights, net)
    drawn = draw_trials(held_out, trials, CLICKS, TRIAL_SEED)
    if not drawn:
        raise TrainingError("the held-out ground is too small to search on; give --trials 0, or a larger mosaic")
    answers = run_trials(Localizer(net.to(device).eval(), Calibration()), drawn, report)
    if sum(answer.hit for answer in answers) < LEAST_HITS:
        report("hardly anything was found on the held-out ground: scores are not fitted and mean little")
        return Calibration()
    calibration = fit_scores(answers)
    report(summary_line(answers, calibration))
    return calibration


def recalibrate(
    name: str,
    weights: Path | None,
    parts: Mapping[str, Collection],
    output: Path,
    trials: int,
    *,
    device: str = "cpu",
    report: Callable[[str], None] = lambda line: None,
) -> None:
    """Write weights of preset `name` again, with scores fitted on searches of the held-out part of collections.

    weights: the file, or None for those of the package. Where they were trained without a raster library nothing could
    be searched.

    Raises:
        TrainingError: see `calibrated`.
        OutputError: the file cannot be written.
    """
    config = preset(name)
    _, held_out = parts_of(dict(parts))
    path = find_weights(name, weights)
    calibration = calibrated(path, config, held_out, trials, device=device, report=report)
    net = new_network(config)
    load_weights(path, net)
    save_weights(output, net, calibration)


def _halved(features: Features) -> Features:
    return Features(features.coarse.half(), features.fine.half())


def _in_bytes(batch: Batch) -> Batch:
    query, reference = batch.query, batch.reference
    if isinstance(query, Features) or isinstance(reference, Features):
        raise TypeError("these records are encoded already")
    return replace(batch, query=query.round().to(torch.uint8), reference=reference.round().to(torch.uint8))
