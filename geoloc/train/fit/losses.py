"""What is learnt from a batch: the box, the presence and, densely, where every query cell lies."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from geoloc.model.network.cross_view import SIMILARITY_SCALE, CrossViewNet, Output
from geoloc.model.network.features import STRIDE, Features
from geoloc.model.network.head import Truth
from geoloc.train.samples.batch import Batch

WEIGHTS = {"score": 1.0, "centre": 0.5, "size": 0.5, "dense": 1.0, "between": 0.5}


def losses(net: CrossViewNet, output: Output, batch: Batch) -> dict[str, Tensor]:
    """Return the parts of the loss, unweighted; `dense` and `between` only where the network has CVCAM.

    Args:
        net: the network.
        output: what it made of the batch.
        batch: what is true.
    """
    truth = Truth(batch.box, batch.present, batch.sized)
    parts = net.head.loss(output.candidates, truth)
    if output.tokens:
        columns = batch.reference_px[0] // STRIDE
        dense = [correspondence(s, batch.matches, columns) for s in output.similarities]
        parts["dense"] = dense[-1]
        if dense[:-1]:
            parts["between"] = torch.stack(dense[:-1]).mean()
    return parts


def output_of(net: CrossViewNet, batch: Batch) -> Output:
    """Return what the network makes of a batch, encoded or not."""
    query = batch.query
    if not isinstance(query, Features):
        query = net.encode_query(query.float(), batch.click)
    return net(query.float(), batch.click, batch.reference_features(net).float(), batch.view)


@torch.inference_mode()
def held_out_score(net: CrossViewNet, batches: Sequence[Batch]) -> float:
    """Return the mean loss of the score, which tells where an object is and that it is there, over batches of a size.

    Args:
        net: put into evaluation mode.
        batches: on any device; taken to that of the network.
    """
    net.eval()
    device = next(net.parameters()).device
    found = [losses(net, output_of(net, b), b)["score"] for b in (batch.to(device) for batch in batches)]
    return float(torch.stack(found).mean())


def total(parts: dict[str, Tensor]) -> Tensor:
    """Return the weighted sum that is minimised."""
    return torch.stack([WEIGHTS[name] * value for name, value in parts.items()]).sum()


def correspondence(similarity: Tensor, matches: Tensor, columns: int) -> Tensor:
    """Return the cross-entropy over reference cells of the cosine x 12, for every query cell whose place is known.

    The place is shared bilinearly among the four nearest cells. As LoFTR (arXiv 2104.00680) supervises its coarse
    matches.

    Args:
        similarity: B x Nq x Nr cosines.
        matches: B x h x w x 2 reference pixels, NaN where unknown.
        columns: of the reference's cells.
    """
    place = matches.flatten(1, 2) / STRIDE - 0.5
    known = torch.isfinite(place).all(-1)
    logp = F.log_softmax(SIMILARITY_SCALE * similarity[known], dim=-1)
    place = place[known]
    rows = logp.shape[-1] // columns
    low = place.floor()
    right, below = (place - low).unbind(1)
    x = low[:, :1].add(low.new_tensor([0, 1, 0, 1])).clamp(0, columns - 1).long()
    y = low[:, 1:].add(low.new_tensor([0, 0, 1, 1])).clamp(0, rows - 1).long()
    weight = torch.stack([1 - right, right, 1 - right, right], 1) * torch.stack([1 - below, 1 - below, below, below], 1)
    # All four at once: each gather costs a pass over all cells on the way back.
    loss = -(weight * logp.gather(1, y * columns + x)).sum(1)
    return loss.mean() if len(loss) else similarity.sum() * 0
