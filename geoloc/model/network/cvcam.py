"""CVCAM, the cross-view cross-attention module, applied N times (arXiv 2510.27139).

Query tokens attend to reference tokens and reference tokens to query tokens, both reading the old values of the round:

    Xq' = CAB(Q = Xq, KV = Xr);   Xr' = CAB(Q = Xr, KV = Xq)
    CAB: Y = LN(X + MHA(X, C, C));  out = LN(Y + FFN(Y))

Options that go beyond the paper: *matching* (training starts with feature similarity as attention, norms stand before
attention and feed-forward network, and positions travel in the values, so that where a match lies is told without
biasing what matches) and *local mixing* (tokens compare where their neighbours' matches lie, since a true match has
neighbours that match next to it).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from geoloc.model.network.config import Config


class Attention(nn.Module):
    """Multi-head attention whose keys and values are given apart, so that positions may travel in the values alone."""

    def __init__(self, dim: int, heads: int, *, matching: bool) -> None:
        """Draw the projections' weights.

        Args:
            dim: channels of tokens.
            heads: into which the channels are split.
            matching: begin with the similarity of query and key as attention, and with an output near zero.
        """
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(dim, dim)
        self.value = nn.Linear(dim, dim)
        self.out = nn.Linear(dim, dim)
        if matching:
            for layer in (self.query, self.key):
                with torch.no_grad():
                    layer.weight.copy_(1.4 * torch.eye(dim) + 0.01 * torch.randn(dim, dim))
                nn.init.zeros_(layer.bias)
            nn.init.normal_(self.out.weight, std=0.02)
            nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor, context: Tensor, value: Tensor) -> Tensor:
        """Let tokens attend to others.

        Args:
            x: the tokens that ask, B x N x d, or 1 x N x d where they are the same for all.
            context: tokens that keys are made of, B x M x d or 1 x M x d.
            value: tokens that values are made of, as many.

        Returns:
            B x N x d.
        """

        def split(t: Tensor) -> Tensor:
            return t.unflatten(-1, (self.heads, -1)).transpose(1, 2)

        q, k, v = split(self.query(x)), split(self.key(context)), split(self.value(value))
        # What all share, in a batch of one, was projected once.
        count = max(len(q), len(k))
        q, k, v = (side.expand(count, -1, -1, -1) for side in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v)
        return self.out(y.transpose(1, 2).flatten(2))


class CrossAttentionBlock(nn.Module):
    """CAB: attention to a context, then a feed-forward network, each with a residual and a layer norm."""

    def __init__(self, dim: int, heads: int, ffn: int, *, matching: bool) -> None:
        """Draw the block's weights.

        Args:
            dim: channels of tokens.
            heads: of the attention.
            ffn: width of the feed-forward network over `dim`.
            matching: norms before attention, positions in the values, and a start near the identity; or the paper's
                order, norms after each sum.
        """
        super().__init__()
        self.matching = matching
        self.attention = Attention(dim, heads, matching=matching)
        self.norm1 = nn.LayerNorm(dim)
        self.norm2 = nn.LayerNorm(dim)
        last = nn.Linear(ffn * dim, dim)
        if matching:
            nn.init.normal_(last.weight, std=0.02)
            nn.init.zeros_(last.bias)
        self.ffn = nn.Sequential(nn.Linear(dim, ffn * dim), nn.GELU(), last)

    def forward(self, x: Tensor, context: Tensor, context_pos: Tensor, x_pos: Tensor | None = None) -> Tensor:
        """Let tokens attend to a context, or to each other.

        Args:
            x: the tokens, B x N x d, or 1 x N x d where they are the same for all.
            context: what they attend to, B x M x d or 1 x M x d.
            context_pos: positions of the context, M x d.
            x_pos: positions of the tokens, N x d, only for self-attention.

        Returns:
            B x N x d.
        """
        if not self.matching:  # the paper's order; positions are in the tokens already
            y = self.norm1(x + self.attention(x, context, context))
            return self.norm2(y + self.ffn(y))
        keys = self.norm1(context)
        queries = keys if x is context else self.norm1(x)
        value = keys + context_pos
        if x_pos is not None:
            keys, queries = keys + context_pos, queries + x_pos
        y = x + self.attention(queries, keys, value)
        return y + self.ffn(self.norm2(y))


class LocalMixing(nn.Module):
    """What the neighbours know: a depthwise 7 x 7 convolution over one side's tokens, added to them."""

    def __init__(self, dim: int) -> None:
        """Draw weights for tokens of `dim` channels, with an output near zero."""
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.depthwise = nn.Conv2d(dim, dim, 7, padding=3, groups=dim)
        self.out = nn.Linear(dim, dim)
        nn.init.normal_(self.out.weight, std=0.02)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor, shape: tuple[int, int]) -> Tensor:
        """Mix tokens, B x N x d, of `shape` (rows, columns) in row order."""
        grid = self.norm(x).transpose(1, 2).unflatten(2, shape)
        return x + self.out(F.gelu(self.depthwise(grid)).flatten(2).transpose(1, 2))


class CVCAM(nn.Module):
    """N rounds of mutual cross-attention between query and reference tokens."""

    def __init__(
        self,
        dim: int,
        heads: int,
        rounds: int,
        ffn: int,
        *,
        self_attention: bool,
        matching: bool,
        mixing: bool,
    ) -> None:
        """Draw the weights of all rounds.

        Args:
            dim: channels of tokens.
            heads: of each attention.
            rounds: N.
            ffn: width of the feed-forward networks over `dim`.
            self_attention: whether query tokens attend to each other before each round.
            matching: see `CrossAttentionBlock`.
            mixing: whether tokens hear what their neighbours found after each round.
        """
        super().__init__()
        self.rounds = rounds

        def blocks() -> nn.ModuleList:
            return nn.ModuleList(CrossAttentionBlock(dim, heads, ffn, matching=matching) for _ in range(rounds))

        self.to_query = blocks()
        self.to_reference = blocks()
        self.within_query = blocks() if self_attention else None
        self.mix_query = nn.ModuleList(LocalMixing(dim) for _ in range(rounds)) if mixing else None
        self.mix_reference = nn.ModuleList(LocalMixing(dim) for _ in range(rounds)) if mixing else None
        # In the paper's order positions are in the tokens already, and nothing is added here.
        self.position_gain = nn.Parameter(torch.tensor(0.5)) if matching else None

    @classmethod
    def of(cls, config: Config, *, matching: bool) -> CVCAM:
        """Return the rounds of a network of this shape; `matching` as in `CrossAttentionBlock`."""
        return cls(
            config.dim,
            config.attention_heads,
            config.rounds,
            config.ffn,
            self_attention=config.query_self_attention,
            matching=matching,
            mixing=config.local_mixing,
        )

    def begin(self, xq: Tensor, pos_q: Tensor) -> Tensor:
        """Return the query's tokens, B x Nq x d, as the first round takes them: what no reference is needed for."""
        return self._within(xq, pos_q, 0)

    def forward(
        self,
        xq: Tensor,
        xr: Tensor,
        pos_q: Tensor,
        pos_r: Tensor,
        *,
        query_shape: tuple[int, int],
        reference_shape: tuple[int, int],
    ) -> tuple[Tensor, Tensor, list[tuple[Tensor, Tensor]]]:
        """Let both views exchange context.

        Args:
            xq: tokens of the query, B x Nq x d, as `begin` returned them.
            xr: tokens of the reference, B x Nr x d, or 1 x Nr x d where it is the same for all queries.
            pos_q: positions of the query's tokens, Nq x d.
            pos_r: positions of the reference's tokens, Nr x d.
            query_shape: (rows, columns) of the query's tokens.
            reference_shape: (rows, columns) of the reference's tokens.

        Returns:
            Both token sets after the last round and, for dense supervision, after every round but the last.
        """
        between = []
        for i in range(self.rounds):
            if i > 0:
                xq = self._within(xq, pos_q, i)
            xq, xr = self.to_query[i](xq, xr, self._gained(pos_r)), self.to_reference[i](xr, xq, self._gained(pos_q))
            if self.mix_query is not None and self.mix_reference is not None:
                xq = self.mix_query[i](xq, query_shape)
                xr = self.mix_reference[i](xr, reference_shape)
            if i < self.rounds - 1:
                between.append((xq, xr))
        return xq, xr, between

    def _within(self, xq: Tensor, pos_q: Tensor, number: int) -> Tensor:
        if self.within_query is None:
            return xq
        return self.within_query[number](xq, xq, self._gained(pos_q), self._gained(pos_q))

    def _gained(self, positions: Tensor) -> Tensor:
        return positions if self.position_gain is None else positions * self.position_gain
