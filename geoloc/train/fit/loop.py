"""The training loop: limited by time or steps, resumable, with averaged weights, a CSV log and a picture of it."""

from __future__ import annotations

import logging
import math
import os
import pickle
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, Timer, WeightAveraging
from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.trainer.states import RunningStage
from torch import Tensor
from torch.utils.data import DataLoader

from geoloc.errors import TrainingError
from geoloc.model.network.config import Config
from geoloc.model.network.cross_view import Output
from geoloc.model.network.head import presence
from geoloc.model.presets import new_network
from geoloc.model.weights import Calibration, load_weights, save_weights
from geoloc.train.fit.curves import draw_curves
from geoloc.train.fit.file_parts import split, whole
from geoloc.train.fit.fixed_batches import show_once
from geoloc.train.fit.losses import losses, output_of, total
from geoloc.train.samples.batch import Batch

CHECKPOINT_FILE = "last.ckpt"
WEIGHTS_FILE = "weights.safetensors"
LOG_FOLDER = "log"
SAVE_MINUTES = 2
"""After which weights and checkpoint are written: so much is lost with a machine that goes away."""
_REPORT_S = 10.0
_FIRST_REPORT_S = 5.0
"""After which the speed is told first, so that what is too slow can be stopped."""


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
        return output_of(self.net, batch)

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
    """Reports a line after some seconds, every ten seconds and every validation."""

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
        self._wait_s = _FIRST_REPORT_S

    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any) -> None:
        """Count how long it was waited for the batch."""
        self._waited += time.monotonic() - self._ended

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any) -> None:
        """Report how much of the schedule is used and how fast it goes, ten seconds after the last report or later."""
        self._ended = time.monotonic()
        self._done += 1
        took = self._ended - self._reported
        if took < self._wait_s:
            return
        self._wait_s = _REPORT_S
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


class _Clock(Timer):
    """Ends a training in time, what was used of it before the first step counted."""

    def __init__(self, duration: timedelta | None, used_s: float) -> None:
        super().__init__(duration, verbose=False)
        self._used_s = used_s

    @property
    def state_key(self) -> str:
        """The name under which checkpoints have the time used."""
        return Timer.__qualname__

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin to count."""
        super().on_train_start(trainer, pl_module)
        began = self._start_time[RunningStage.TRAINING]
        self._start_time[RunningStage.TRAINING] = None if began is None else began - self._used_s


class Saver(Callback):
    """Writes the weights and the checkpoint to go on from, every few minutes and whenever it is told to."""

    def __init__(self, config: Config, folder: Path, scratch: Path, part_bytes: int | None) -> None:
        """Write into a folder.

        Args:
            config: of the network.
            folder: of the run.
            scratch: a folder for files that are too large for it.
            part_bytes: largest part of the checkpoint; None keeps it whole.
        """
        self._config, self._folder, self._scratch, self._part_bytes = config, folder, scratch, part_bytes
        self._saved = time.monotonic()

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any) -> None:
        """Save where it is time to: all processes of a training at the same step."""
        if trainer.strategy.broadcast(time.monotonic() - self._saved > 60 * SAVE_MINUTES):
            self.save(trainer)

    def save(self, trainer: pl.Trainer) -> None:
        """Write weights and checkpoint now."""
        last = self._folder / CHECKPOINT_FILE
        written = last if self._part_bytes is None else self._scratch / "new.ckpt"
        trainer.save_checkpoint(written)
        if trainer.is_global_zero:
            net = new_network(self._config)
            # Under this name a checkpoint has the average.
            state = torch.load(written, map_location="cpu", weights_only=True)["state_dict"]
            net.load_state_dict({name.removeprefix("net."): value for name, value in state.items()})
            save_weights(self._folder / WEIGHTS_FILE, net, Calibration())
            if self._part_bytes is not None:
                split(written, last, self._part_bytes)
        self._saved = time.monotonic()


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
    part_bytes: int | None = None,
    used_s: float = 0.0,
    report: Callable[[str], None] = lambda line: None,
) -> Path:
    """Train a network.

    Goes on from `folder/last.ckpt` where there is one, whole or in parts; the time and steps used count. Writes
    `log/version_N/metrics.csv`, one a sitting, `curves.png` and, every `SAVE_MINUTES` too, `weights.safetensors` and
    the checkpoint. Both are also written when a process that makes batches has ended.

    Args:
        config: of the network.
        batches: endless.
        held_out: the same ones every time.
        folder: of the run, made where it is not there.
        schedule: how long and how fast.
        start: weights to begin with; None for ImageNet's backbone.
        device: "cpu" or "cuda" (then in bf16).
        devices: how many of them.
        part_bytes: keep the checkpoint in parts of at most so many bytes; None keeps it whole.
        used_s: what of the schedule's time went before, in this sitting.
        report: called with lines about how it goes.

    Returns:
        The path of the averaged weights.

    Raises:
        TrainingError: no end is given, the loss is not finite, the device cannot be used, a process that makes batches
            has ended, or the checkpoint cannot be read or belongs to another network.
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
    timer = _Clock(minutes, used_s)
    task = TrainingTask(config, schedule, timer.time_elapsed)
    if start is not None:
        load_weights(start, task.net)
    else:
        task.net.backbone.load_imagenet()
    averaging = WeightAveraging(multi_avg_fn=_averaging(schedule.average))
    with tempfile.TemporaryDirectory() as scratch:
        saver = Saver(config, folder, Path(scratch), part_bytes)
        callbacks: list[Callback] = [timer, averaging, saver, Reporter(report, timer, schedule)]
        if schedule.patience:
            callbacks.append(EarlyStopping("held out score", patience=schedule.patience, mode="min"))
        trainer = _trainer(schedule, folder, device, devices, callbacks)
        last = whole(folder / CHECKPOINT_FILE, Path(scratch))
        if last is not None:
            _check_checkpoint(last, task)
        try:
            trainer.fit(task, batches, show_once(held_out), ckpt_path=last and str(last), weights_only=True)
        except Exception as error:
            reason = _lost_worker(error)
            if reason is None:
                raise
            saver.save(trainer)
            raise TrainingError(
                f"a process that makes training data ended ({reason}); {folder} keeps the weights and the checkpoint, "
                "from which the same command goes on"
            ) from None
        saver.save(trainer)
    try:
        draw_curves(folder / LOG_FOLDER, folder / "curves.png")
    except ImportError as error:
        report(f"no picture of the curves: {error}")
    return folder / WEIGHTS_FILE


def steps_done(folder: Path) -> int:
    """Return how many steps the checkpoint of a run, whole or in parts, has behind it; 0 where there is none.

    Raises:
        TrainingError: it cannot be read.
    """
    with tempfile.TemporaryDirectory() as scratch:
        last = whole(folder / CHECKPOINT_FILE, Path(scratch))
        if last is None:
            return 0
        with _readable(last):
            return int(torch.load(last, map_location="cpu", weights_only=True, mmap=True)["global_step"])


def _lost_worker(error: Exception) -> str | None:
    """Return in one line why a process that makes batches ended; None where the error is another."""
    # Torch raises what was raised there again here, with the traceback as its message, and of one that was killed says
    # only this.
    lines = str(error).strip().splitlines()
    if not lines or "DataLoader worker" not in lines[0]:
        return None
    return (lines[0] if lines[0].startswith("DataLoader worker") else lines[-1]).strip().rstrip(".")


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
        enable_checkpointing=False,
        enable_model_summary=False,
        default_root_dir=folder,
    )


def _check_checkpoint(path: Path, task: TrainingTask) -> None:
    """Raise `TrainingError` where the checkpoint cannot be read or does not fit."""
    with _readable(path):
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        shapes = {name: value.shape for name, value in state["state_dict"].items()}
        groups = [len(group["params"]) for group in state["optimizer_states"][0]["param_groups"]]
    if shapes != {name: value.shape for name, value in task.state_dict().items()}:
        name = task.net.config.name
        raise TrainingError(f"{path}: not a checkpoint of preset {name}: train in another folder")
    if groups != [len(group["params"]) for group in task.configure_optimizers().param_groups]:
        raise TrainingError(f"{path}: trained with its backbone frozen, or not, unlike now: train in another folder")


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Raise `TrainingError` where what is done with a checkpoint shows that it is none, or a damaged one."""
    try:
        yield
    except (OSError, RuntimeError, LookupError, AttributeError, pickle.UnpicklingError) as error:
        text = str(error).splitlines()[0]
        raise TrainingError(f"{path}: cannot be read ({text}); delete it, or train in another folder") from None


def _averaging(most: float) -> Callable[[list[Tensor], list[Tensor], Tensor | int], None]:
    """Return the rule of a moving average that forgets its beginning: the first steps count little."""

    def average(averages: list[Tensor], current: list[Tensor], count: Tensor | int) -> None:
        if not averages[0].is_floating_point():
            # What normalisation has counted.
            torch._foreach_copy_(averages, current)
            return
        # All at once: for the count an accelerator is waited for.
        done = float(count)
        torch._foreach_lerp_(averages, current, 1 - min(most, (done + 1) / (done + 10)))

    return average
