"""How much of what an adaptation changed is kept: what is held out chooses among weights between before and after.

Weights between those a network began with and those it was tuned to are often better than both (Wortsman et al.,
WiSE-FT, arXiv 2109.01903): a short training on little ground learns that ground and forgets others. Where nothing that
was learnt helps on ground that was kept apart, nothing is kept.

What is held out must be able to tell. Simulated views of a mosaic cannot: on those of a real site the loss fell with
all that was learnt of other simulated views, while on its photographs it rose (docs/model.md, Adapting).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import torch

from geoloc.model.network.cross_view import CrossViewNet
from geoloc.train.fit.losses import held_out_score
from geoloc.train.samples.batch import Batch

SHARES = (0.25, 0.5, 0.75, 1.0)
"""Of the change, to choose from beside none of it where photographs are trained on and held out."""
BY_VIEWS = (0.25,)
"""The same where there are simulated views alone: as much as did photographs no harm."""


class Beginning:
    """A network before it is trained further, and how well it did then on what is held out."""

    def __init__(self, net: CrossViewNet, held_out: Sequence[Batch], shares: Sequence[float]) -> None:
        """Measure a network as it is.

        Args:
            net: on the device where it is measured; put into evaluation mode.
            held_out: batches of ground that is not trained on.
            shares: of the change, to choose from later.
        """
        begun_s = time.monotonic()
        self._net, self._held_out, self._shares = net, held_out, shares
        self._loss = held_out_score(net, held_out)
        self._state = {name: value.clone() for name, value in net.state_dict().items()}
        self.choosing_minutes = len(shares) * (time.monotonic() - begun_s) / 60
        """About how long `keep_what_helps` will take."""

    def keep_what_helps(self, trained: CrossViewNet, report: Callable[[str], None]) -> float:
        """Go back, in place, from what was trained as far as is best for the score on what is held out.

        Args:
            trained: the same network after training, on any device.
            report: called with a line that says what is kept.

        Returns:
            The share of the change that is kept, 0 where nothing is.
        """
        after = {name: value.to(self._state[name].device) for name, value in trained.state_dict().items()}
        found = {0.0: self._loss}
        for share in self._shares:
            self._net.load_state_dict(self._between(after, share))
            found[share] = held_out_score(self._net, self._held_out)
        best = min(found, key=found.__getitem__)
        trained.load_state_dict(self._between(after, best))
        losses = ", ".join(f"{loss:.3f} with {share:.0%}" for share, loss in found.items())
        kept = f"{best:.0%} is kept" if best else "nothing is kept, and the network stays as it was"
        report(f"loss of the score on held-out ground, by share of what was learnt: {losses}; {kept}")
        return best

    def _between(self, after: dict[str, torch.Tensor], share: float) -> dict[str, torch.Tensor]:
        return {
            name: torch.lerp(value, after[name], share) if value.is_floating_point() else value
            for name, value in self._state.items()
        }
