"""The training loop: limited by time or steps, resumable, with averaged weights, a CSV log and a picture of it."""

from __future__ import annotations

import logging
import math
import os
import pickle
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint, Timer, WeightAveraging
from lightning.pytorch.loggers import CSVLogger
from torch import Tensor
from torch.utils.data import DataLoader

from geoloc.errors import TrainingError
from geoloc.model.network.config import Config
from geoloc.model.network.cross_view import Output
from geoloc.model.network.features import Features
from geoloc.model.network.head import presence
from geoloc.model.presets import new_network
from geoloc.model.weights import Calibration, load_weights, save_weights
from geoloc.train.fit.curves import draw_curves
from geoloc.train.fit.fixed_batches import show_once
from geoloc.train.fit.losses import losses, total
from geoloc.train.samples.batch import Batch

CHECKPOINT_FILE = "last.ckpt"
WEIGHTS_FILE = "weights.safetensors"
LOG_FOLDER = "log"
SAVE_MINUTES = 5
_REPORT_S = 10.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast a network is trained.

    The learning rate rises over `warmup` steps and falls as a cosine of the share of the time or steps used.

    Attributes:
        minutes: over all sittings; whichever of this and `steps` is reached first ends it, and one must be finite.
        steps: over all sittings.
        batch: examples a step.
        rate: the highest learning rate.
        backbone_rate: that of the backbone over `rate`; 0 freezes it.
        warmup: steps over which the rate rises.
        floor: the last rate over `rate`.
        weight_decay: of AdamW.
        average: how much of the averaged weights each step keeps, at most.
        validate_every: steps.
        patience: validations without a better score loss after which it stops early; 0 never does.
        seed: of all draws.
    """

    minutes: float = math.inf
    steps: float = math.inf
    batch: int = 16
    rate: float = 4e-4
    backbone_rate: float = 0.3
    warmup: int = 100
    floor: float = 0.02
    weight_decay: float = 0.01
    average: float = 0.998
    validate_every: int = 250
    patience: int = 0
    seed: int = 0


class TrainingTask(pl.LightningModule):
    """One network, its losses and its optimiser."""

    def __init__(self, config: Config, schedule: Schedule, elapsed_s: Callable[[], float]) -> None:
        """Make a network anew.

        Args:
            config: of the network.
            schedule: how it is trained.
            elapsed_s: returns the seconds used so far, over all sittings.
        """
        super().__init__()
        self.net = new_network(config)
        if not schedule.backbone_rate:
            self.net.backbone.requires_grad_(False)
        if config.descriptor:
            # They are trained when the backbone is done.
            self.net.describer.requires_grad_(False)
        self.schedule = schedule
        self._elapsed_s = elapsed_s

    def forward(self, batch: Batch) -> Output:
        """Return the network's output for a batch."""
        query = batch.query
        if not isinstance(query, Features):
            query = self.net.encode_query(query.float(), batch.click)
        return self.net(query.float(), batch.click, batch.reference_features(self.net).float(), batch.view)

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        """Move a batch, which knows how to."""
        return batch.to(device)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the weighted loss of one batch.

        Raises:
            TrainingError: it is not finite.
        """
        output = self(batch)
        parts = losses(self.net, output, batch)
        loss = total(parts)
        if not torch.isfinite(loss):
            raise TrainingError(f"the loss is not finite at step {self.global_step}: lower the learning rate")
        self._log("train", parts | {"right": share_inside(output, batch)}, len(batch))
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Log losses, hits and how often presence is judged wrongly."""
        output = self(batch)
        parts = losses(self.net, output, batch) | {"right": share_inside(output, batch)}
        wrong = (presence(output.candidates.logits) > 0.5) != batch.present
        self._log("held out", parts | {"presence error": wrong.float().mean()}, len(batch))

    def _log(self, part: str, values: dict[str, Tensor], count: int) -> None:
        every_step = part == "train"
        self.log_dict(
            {f"{part} {name}": value.detach() for name, value in values.items()},
            on_step=every_step,
            on_epoch=not every_step,
            batch_size=count,
            sync_dist=not every_step,
        )

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return AdamW; what ImageNet taught is changed more slowly than what starts from nothing."""
        trained = [(name, p) for name, p in self.net.named_parameters() if p.requires_grad]
        groups = [
            {"params": [p for name, p in trained if name.startswith("backbone.") == old], "share": share}
            for old, share in ((False, 1.0), (True, self.schedule.backbone_rate))
        ]
        groups = [group for group in groups if group["params"]]
        return torch.optim.AdamW(groups, lr=self.schedule.rate, weight_decay=self.schedule.weight_decay)

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Set the learning rate of this step."""
        rate = learning_rate(self.schedule, self.global_step, self._elapsed_s())
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = rate * group["share"]
        self.log("rate", rate, on_step=True)


def learning_rate(schedule: Schedule, step: int, elapsed_s: float) -> float:
    """Return the rate of a step: a linear warm-up, then a cosine of the larger share used of the steps and the time.

    Args:
        schedule: how long and how fast.
        step: from 0.
        elapsed_s: seconds used so far, over all sittings.
    """
    used = min(1.0, max(step / schedule.steps, elapsed_s / (60 * schedule.minutes)))
    fall = schedule.floor + (1 - schedule.floor) * (1 + math.cos(math.pi * used)) / 2
    return schedule.rate * min(1.0, (step + 1) / schedule.warmup) * fall


def share_inside(output: Output, batch: Batch) -> Tensor:
    """Return the share of pairs with an object whose best box has its centre inside the true one."""
    logits, boxes = output.candidates.logits, output.candidates.boxes
    best = boxes[torch.arange(len(boxes), device=boxes.device), logits.argmax(1)]
    centre = (best[:, :2] + best[:, 2:]) / 2
    inside = ((centre > batch.box[:, :2]) & (centre < batch.box[:, 2:])).all(1)
    return (inside & batch.present).sum() / batch.present.sum().clamp(min=1)


class Reporter(Callback):
    """Reports a line every ten seconds and every validation."""

    def __init__(self, report: Callable[[str], None], timer: Timer, schedule: Schedule) -> None:
        """Report how much of a schedule is used.

        Args:
            report: called with each line.
            timer: says how long has been trained, over all sittings.
            schedule: how long is to be trained.
        """
        self._report, self._timer = report, timer
        self._minutes, self._steps, self._batch = schedule.minutes, schedule.steps, schedule.batch
        self._reported = self._ended = time.monotonic()
        self._waited, self._done = 0.0, 0

    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any) -> None:
        """Count how long it was waited for the batch."""
        self._waited += time.monotonic() - self._ended

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any) -> None:
        """Report how much of the schedule is used, ten seconds after the last report or later."""
        self._ended = time.monotonic()
        self._done += 1
        took = self._ended - self._reported
        if took < _REPORT_S:
            return
        speed = (
            f"{self._done * self._batch / took:.0f} pairs a second, {self._waited / took:.0%} of it waiting for data"
        )
        self._reported, self._waited, self._done = self._ended, 0.0, 0
        ends = [f"{self._steps:g} steps"] * math.isfinite(self._steps)
        ends += [f"{self._minutes:g} min"] * math.isfinite(self._minutes)
        used = f"step {trainer.global_step}, {self._timer.time_elapsed() / 60:.1f} min, of {' or '.join(ends)}"
        self._report(f"{used}; {speed}")

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Report the figures of the validation that has just ended."""
        shown = {n: float(v) for n, v in trainer.callback_metrics.items() if n.startswith("held out")}
        text = "  ".join(f"{name.removeprefix('held out ')} {value:.3f}" for name, value in shown.items())
        self._report(f"step {trainer.global_step}  {self._timer.time_elapsed() / 60:.1f} min  held out: {text}")
        self._ended = time.monotonic()


def train_network(
    config: Config,
    batches: DataLoader[Batch],
    held_out: Sequence[Batch],
    folder: Path,
    schedule: Schedule,
    *,
    start: Path | None = None,
    device: str = "cpu",
    devices: int = 1,
    report: Callable[[str], None] = lambda line: None,
) -> Path:
    """Train a network.

    Goes on from `folder/last.ckpt` where there is one; the time and steps used count. Writes
    `log/version_N/metrics.csv`, one a sitting, `curves.png` and `weights.safetensors`.

    Args:
        config: of the network.
        batches: endless.
        held_out: the same ones every time.
        folder: of the run, made where it is not there.
        schedule: how long and how fast.
        start: weights to begin with; None for ImageNet's backbone.
        device: "cpu" or "cuda" (then in bf16).
        devices: how many of them.
        report: called with lines about how it goes.

    Returns:
        The path of the averaged weights.

    Raises:
        TrainingError: no end is given, the loss is not finite, the device cannot be used, or the checkpoint cannot be
            read or belongs to another network.
    """
    if not (math.isfinite(schedule.minutes) or math.isfinite(schedule.steps)):
        raise TrainingError("say how long to train: minutes or steps")
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise TrainingError(f"device {device!r} cannot be used: torch finds no CUDA here")
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    if not device.startswith("cuda"):
        # Threads that wait for each other in a loop stand still where processes that make data want the same cores.
        free = (os.cpu_count() or 1) - batches.num_workers
        torch.set_num_threads(max(1, min(torch.get_num_threads(), free)))
    pl.seed_everything(schedule.seed, verbose=False)
    minutes = timedelta(minutes=schedule.minutes) if math.isfinite(schedule.minutes) else None
    timer = Timer(minutes, verbose=False)
    task = TrainingTask(config, schedule, timer.time_elapsed)
    if start is not None:
        load_weights(start, task.net)
    else:
        task.net.backbone.load_imagenet()
    every = timedelta(minutes=SAVE_MINUTES)
    saving = ModelCheckpoint(folder, save_top_k=0, save_last=True, train_time_interval=every)
    averaging = WeightAveraging(avg_fn=_averaging(schedule.average))
    callbacks: list[Callback] = [timer, averaging, saving, Reporter(report, timer, schedule)]
    if schedule.patience:
        callbacks.append(EarlyStopping("held out score", patience=schedule.patience, mode="min"))
    trainer = _trainer(schedule, folder, device, devices, callbacks)
    last = folder / CHECKPOINT_FILE
    if last.exists():
        _check_checkpoint(last, task)
    trainer.fit(task, batches, show_once(held_out), ckpt_path=str(last) if last.exists() else None, weights_only=True)
    trainer.save_checkpoint(last)
    # Lightning leaves the averaged weights in the module when the fit ends, but not where it had nothing left to do.
    if timer.start_time() is None:
        task.load_state_dict(torch.load(last, map_location="cpu", weights_only=True)["state_dict"])
    weights = folder / WEIGHTS_FILE
    save_weights(weights, task.net, Calibration())
    try:
        draw_curves(folder / LOG_FOLDER, folder / "curves.png")
    except ImportError as error:
        report(f"no picture of the curves: {error}")
    return weights


def _trainer(schedule: Schedule, folder: Path, device: str, devices: int, callbacks: list[Callback]) -> pl.Trainer:
    """What runs the steps: in bf16 on an accelerator; no epochs, since batches are endless."""
    return pl.Trainer(
        accelerator="gpu" if device.startswith("cuda") else "cpu",
        devices=devices,
        precision="bf16-mixed" if device.startswith("cuda") else "32-true",
        max_steps=int(schedule.steps) if math.isfinite(schedule.steps) else -1,
        max_epochs=-1,
        val_check_interval=int(min(schedule.validate_every, schedule.steps)),
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        gradient_clip_val=1.0,
        log_every_n_steps=25,
        logger=CSVLogger(folder, name=LOG_FOLDER),
        callbacks=callbacks,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
    )


def _check_checkpoint(path: Path, task: TrainingTask) -> None:
    """Raise `TrainingError` where the checkpoint cannot be read or does not fit."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        shapes = {name: value.shape for name, value in state["state_dict"].items()}
        groups = [len(group["params"]) for group in state["optimizer_states"][0]["param_groups"]]
    except (OSError, RuntimeError, LookupError, AttributeError, pickle.UnpicklingError) as error:
        text = str(error).splitlines()[0]
        raise TrainingError(f"{path}: cannot be read ({text}); delete it, or train in another folder") from None
    if shapes != {name: value.shape for name, value in task.state_dict().items()}:
        name = task.net.config.name
        raise TrainingError(f"{path}: not a checkpoint of preset {name}: train in another folder")
    if groups != [len(group["params"]) for group in task.configure_optimizers().param_groups]:
        raise TrainingError(f"{path}: trained with its backbone frozen, or not, unlike now: train in another folder")


def _averaging(most: float) -> Callable[[Tensor, Tensor, Tensor | int], Tensor]:
    """Return the rule of a moving average that forgets its beginning: the first steps count little."""

    def averaged(average: Tensor, current: Tensor, count: Tensor | int) -> Tensor:
        keep = min(most, (float(count) + 1) / (float(count) + 10))
        return average + (current - average) * (1 - keep)

    return averaged
