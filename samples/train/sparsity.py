"""Gradual magnitude pruning in blocks: from time to time, the blocks of least norm of each convolution are set to zero, more and more of them.

A block is 4 neighbouring input channels at one tap of one output channel, the unit that an int8 dot product instruction eats; skipping a whole one costs
nothing. A pruned block stays pruned: its weights and gradients are masked at every step.
"""
import fnmatch

import torch

from model import prunable


def cubic(initial, final, progress):
    """Zhu and Gupta's schedule: fast while much is redundant, slow towards the end."""
    progress = min(max(progress, 0.0), 1.0)
    return final + (initial - final) * (1 - progress) ** 3


def block_norms(weight, block):
    """(outputs, blocks, rows, columns); the last block of a layer may be short."""
    outputs, inputs, rows, columns = weight.shape
    squares = weight.detach().square()
    padding = -inputs % block
    if padding:
        squares = torch.cat((squares, squares.new_zeros(outputs, padding, rows, columns)), 1)
    return squares.view(outputs, -1, block, rows, columns).sum(2)


def block_mask(weight, sparsity, block):
    """True where weights live: all but the `sparsity` part of blocks with the least norm."""
    norms = block_norms(weight, block)
    pruned = round(sparsity * norms.numel())
    alive = torch.ones(norms.numel(), dtype=torch.bool, device=weight.device)
    alive[norms.flatten().argsort()[:pruned]] = False
    return alive.view(norms.shape).repeat_interleave(block, 1)[:, :weight.shape[1]].contiguous()


class Masks:
    """Which weights live, by layer. Layers without a mask are dense."""

    def __init__(self, masks=None):
        self.masks = dict(masks or {})

    def prune(self, model, wanted, block=4):
        """wanted(name): the part of a layer's blocks to prune. What was pruned has norm 0, so it comes first again."""
        for name, conv in prunable(model).items():
            self.masks[name] = block_mask(conv.weight, wanted(name), block)
        self.apply(model)

    def apply(self, model):
        modules = dict(model.named_modules())
        with torch.no_grad():
            for name, mask in self.masks.items():
                modules[name].weight.mul_(mask)

    def apply_to_gradients(self, model):
        modules = dict(model.named_modules())
        for name, mask in self.masks.items():
            if modules[name].weight.grad is not None:
                modules[name].weight.grad.mul_(mask)


def wanted_sparsity(modifier, name, progress):
    """What a GMPruningModifier asks of a layer now."""
    final = next((value for pattern, value in modifier.get('layers', {}).items() if fnmatch.fnmatch(name, pattern)), modifier['final_sparsity'])
    return cubic(min(modifier['init_sparsity'], final), final, progress)


def layer_sparsity(model):
    """The part of zeros in each convolution that may be pruned, and in all of them, counted in the weights themselves."""
    zeros = {name: (int((conv.weight == 0).sum()), conv.weight.numel()) for name, conv in prunable(model).items()}
    total = sum(z for z, _ in zeros.values()) / max(1, sum(n for _, n in zeros.values()))
    return {name: z / n for name, (z, n) in zeros.items()}, total
