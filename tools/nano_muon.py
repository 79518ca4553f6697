"""Muon in float32: momentum whose matrices are made orthogonal before they are applied.

torch.optim.Muon works in bfloat16, which a CPU without bfloat16 units runs some fifty times slower
than float32. Method: Jordan et al., "Muon: an optimizer for hidden layers in neural networks".
"""

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor, nn


class Muon(torch.optim.Optimizer):
    """For the two-dimensional weights of hidden layers only; matrices of one shape go together."""

    def __init__(self, matrices: Iterable[nn.Parameter], lr: float, momentum: float = 0.95) -> None:
        super().__init__(matrices, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]  # no closure
        """Apply one update."""
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[nn.Parameter]] = defaultdict(list)
            for matrix in group["params"]:
                by_shape[matrix.shape].append(matrix)
            for matrices in by_shape.values():
                self._update(matrices, group["lr"], group["momentum"])

    def _update(self, matrices: list[nn.Parameter], lr: float, momentum: float) -> None:
        directions = []
        for matrix in matrices:
            assert matrix.grad is not None
            average = self.state[matrix].setdefault("average", torch.zeros_like(matrix))
            average.lerp_(matrix.grad, 1 - momentum)
            directions.append(matrix.grad.lerp(average, momentum))
        rows, columns = matrices[0].shape
        scale = max(1.0, rows / columns) ** 0.5
        for matrix, direction in zip(matrices, orthogonal(torch.stack(directions)), strict=True):
            matrix.add_(direction, alpha=-lr * scale)


def orthogonal(stack: Tensor) -> Tensor:
    """Nearly the closest (semi-)orthogonal matrix to each of a stack, by Newton-Schulz steps."""
    wide = stack.shape[-2] <= stack.shape[-1]
    x = stack if wide else stack.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(5):
        gram = x @ x.mT
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x if wide else x.mT
