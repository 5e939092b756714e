"""CVCAM: what attends to what."""

from __future__ import annotations

import pytest
import torch

from geoloc.model.network.cvcam import CVCAM, Attention

DIM = 16


def module(rounds: int = 2, **changes: bool) -> CVCAM:
    torch.manual_seed(0)
    options = {"self_attention": False, "matching": False, "mixing": False}
    return CVCAM(DIM, 2, rounds, 2, **(options | changes)).eval()


def tokens() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(1, 6, DIM, generator=generator), torch.randn(1, 12, DIM, generator=generator)


def run(cvcam: CVCAM, xq: torch.Tensor, xr: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, list]:
    none_q, none_r = torch.zeros(6, DIM), torch.zeros(12, DIM)
    with torch.no_grad():
        return cvcam(xq, xr, none_q, none_r, query_shape=(2, 3), reference_shape=(3, 4))


def test_each_side_hears_of_the_other() -> None:
    cvcam = module(rounds=1)
    xq, xr = tokens()
    q, r, _ = run(cvcam, xq, xr)
    changed = xr.clone()
    changed[0, 5] += 1
    assert not torch.allclose(run(cvcam, xq, changed)[0], q)
    changed = xq.clone()
    changed[0, 2] += 1
    assert not torch.allclose(run(cvcam, changed, xr)[1], r)


def test_both_sides_read_the_old_values_of_the_round() -> None:
    cvcam = module(rounds=1)
    xq, xr = tokens()
    q, r, _ = run(cvcam, xq, xr)
    with torch.no_grad():
        assert torch.allclose(q, cvcam.to_query[0](xq, xr, torch.zeros(12, DIM)), atol=1e-6)
        assert torch.allclose(r, cvcam.to_reference[0](xr, xq, torch.zeros(6, DIM)), atol=1e-6)


def test_rounds_are_applied_one_after_the_other() -> None:
    cvcam = module(rounds=2)
    xq, xr = tokens()
    q, r, between = run(cvcam, xq, xr)
    assert len(between) == 1
    with torch.no_grad():
        assert torch.allclose(q, cvcam.to_query[1](*between[0], torch.zeros(12, DIM)), atol=1e-6)
        assert torch.allclose(r, cvcam.to_reference[1](*between[0][::-1], torch.zeros(6, DIM)), atol=1e-6)


def test_every_round_has_weights_of_its_own() -> None:
    one, two = (sum(p.numel() for p in module(rounds).parameters()) for rounds in (1, 2))
    assert two == 2 * one


def test_the_paper_normalises_sums_and_matching_starts_near_the_identity() -> None:
    xq, xr = tokens()
    q, r, _ = run(module(), xq, xr)
    for tokens_out in (q, r):
        assert torch.allclose(tokens_out.mean(2), torch.zeros(1), atol=1e-5)
        assert torch.allclose(tokens_out.var(2, unbiased=False), torch.ones(1), atol=1e-3)
    q, r, _ = run(module(matching=True), xq, xr)
    for tokens_out, before in ((q, xq), (r, xr)):
        assert (tokens_out - before).norm() < 0.3 * before.norm()


def test_only_a_matching_start_begins_with_similarity_as_attention() -> None:
    # Tokens that differ clearly attend to their like: the keys' identity is of a gain of 1.4 on both sides.
    torch.manual_seed(0)
    like = 8 * torch.randn(1, 12, DIM)
    for matching in (True, False):
        attention = Attention(DIM, 1, matching=matching)
        with torch.no_grad():
            attention.out.weight.copy_(torch.eye(DIM))
            attention.value.weight.copy_(torch.eye(DIM))
            attention.value.bias.zero_()
            attention.out.bias.zero_()
            best = (attention(like, like, like)[0] @ like[0].T).argmax(1)
        assert bool((best == torch.arange(12)).all()) == matching


def test_without_positions_the_order_of_tokens_does_not_matter() -> None:
    cvcam = module(self_attention=True, matching=True)
    xq, xr = tokens()
    order = torch.randperm(12, generator=torch.Generator().manual_seed(2))
    q, r, _ = run(cvcam, xq, xr)
    q_moved, r_moved, _ = run(cvcam, xq, xr[:, order])
    assert torch.allclose(q_moved, q, atol=1e-5)
    assert torch.allclose(r_moved, r[:, order], atol=1e-5)


@pytest.mark.parametrize("place", [0, 5, 11])
def test_mixing_spreads_to_neighbours_only(place: int) -> None:
    cvcam = module(matching=True, mixing=True)
    assert cvcam.mix_reference is not None
    x = torch.zeros(1, 20 * 20, DIM)
    centre = 20 * (5 + place // 4) + 5 + place % 4
    # Not along the ones, which the layer norm takes out.
    x[0, centre] = torch.linspace(-1, 1, DIM)
    with torch.no_grad():
        still = cvcam.mix_reference[0](torch.zeros_like(x), (20, 20))
        moved = (cvcam.mix_reference[0](x, (20, 20)) - still).abs().sum(2)[0].unflatten(0, (20, 20)) > 1e-9
    rows, columns = moved.nonzero().T
    assert rows.max() - rows.min() == columns.max() - columns.min() == 6


@pytest.mark.parametrize("matching", [False, True])
def test_one_reference_for_all_queries_is_as_if_each_had_its_own(matching: bool) -> None:
    cvcam = module(matching=matching, mixing=True, self_attention=True)
    generator = torch.Generator().manual_seed(2)
    xq, xr = torch.randn(3, 6, DIM, generator=generator), torch.randn(1, 12, DIM, generator=generator)
    shared, each = run(cvcam, xq, xr), run(cvcam, xq, xr.expand(3, -1, -1))
    for one, other in zip(shared[:2], each[:2], strict=True):
        assert one.shape == other.shape
        assert torch.allclose(one, other, atol=1e-5)
