"""Quantisation-aware training: the network computes in float, on values rounded as int8 inference rounds them.

The model is traced (torch.fx) and rebuilt: each convolution takes its batch norm in, and exactly the tensors that convolutions read are rounded, once,
where they are made. So every reader of such a tensor - also a residual add or a join - sees the rounded one, as in ONNX Runtime's quantize_static.
Weights: symmetric int8, one scale per output channel. Activations: uint8 with a zero point, from the range's moving average. Rounding has no slope: gradients
pass straight through where the value was in range. Exact zeros stay exact zeros.
"""
import torch
import torch.fx
import torch.nn as nn
import torch.nn.functional as F


class FakeQuantise(nn.Module):
    """Rounds to 256 steps between the observed least and greatest value."""

    def __init__(self, low=0.0, high=0.0, fixed=False, momentum=0.02):
        super().__init__()
        self.fixed, self.momentum, self.observing = fixed, momentum, not fixed
        self.register_buffer('range', torch.tensor([low, high]))

    def observe(self, x):
        low, high = torch.aminmax(x.detach())
        seen = torch.stack((low.clamp(max=0), high.clamp(min=0)))  # zero must be exact: padding is zero
        self.range += (seen - self.range) * (self.momentum if bool((self.range != 0).any()) else 1.0)

    def scale_and_zero(self):
        scale = ((self.range[1] - self.range[0]) / 255).clamp(min=1e-8)
        return scale, (-self.range[0] / scale).round().clamp(0, 255).to(torch.int32)

    def forward(self, x):
        if self.observing and self.training:
            self.observe(x)
        scale, zero = self.scale_and_zero()
        return torch.fake_quantize_per_tensor_affine(x, scale, zero, 0, 255)


class FoldedConv(nn.Conv2d):
    """A convolution that multiplies its batch norm into its weights, and rounds those if asked. The norm's statistics stand still, its gain and
    shift still learn."""

    def __init__(self, conv, bn, rounded):
        super().__init__(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding, bias=False)
        self.weight, self.bias, self.bn, self.rounded = conv.weight, conv.bias, bn, rounded

    def folded(self):
        if self.bn is None:
            return self.weight, self.bias
        gain = self.bn.weight / (self.bn.running_var + self.bn.eps).sqrt()
        return self.weight * gain.view(-1, 1, 1, 1), self.bn.bias - self.bn.running_mean * gain

    @staticmethod
    def scales(weight):
        most = weight.detach().abs().flatten(1).amax(1)
        return torch.where(most > 0, most / 127, torch.full_like(most, 1 / 1024))  # a channel of zeros: any will do

    def forward(self, x):
        weight, bias = self.folded()
        if self.rounded:
            zero = torch.zeros(self.out_channels, dtype=torch.int32, device=weight.device)
            weight = torch.fake_quantize_per_channel_affine(weight, self.scales(weight), zero, 0, -127, 127)
        return F.conv2d(x, weight, bias, self.stride, self.padding)


def trace(model, rounded):
    """The model as a graph of FoldedConv and plain operations; `rounded`: with FakeQuantise where convolutions read. Shares the model's parameters."""
    device = next(model.parameters()).device
    graph = torch.fx.Tracer().trace(model)
    traced = torch.fx.GraphModule(model, graph)
    modules = dict(traced.named_modules())
    readers = []
    for node in list(graph.nodes):
        module = modules.get(node.target) if node.op == 'call_module' else None
        if not isinstance(module, nn.Conv2d):
            continue
        readers.append(node)
        following = next(iter(node.users))
        bn = modules.get(following.target) if following.op == 'call_module' else None
        if not isinstance(bn, nn.BatchNorm2d):
            bn = None
        _replace(traced, node.target, FoldedConv(module, bn, rounded))
        if bn is not None:
            following.replace_all_uses_with(node)
            graph.erase_node(following)
    if rounded:
        _round_inputs(traced, graph, readers, device)
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced


def _replace(traced, name, module):
    parent, _, leaf = name.rpartition('.')
    setattr(traced.get_submodule(parent), leaf, module)


def _round_inputs(traced, graph, readers, device):
    traced.rounders = nn.ModuleDict()
    for node in readers:
        source = node.args[0]
        if source.op == 'call_module' and source.target.startswith('rounders.'):
            continue  # another convolution reads it too
        picture = source.op == 'placeholder'  # pictures are bytes: their steps are known and exact
        traced.rounders[source.name] = (FakeQuantise(0.0, 1.0, fixed=True) if picture else FakeQuantise()).to(device)
        with graph.inserting_after(source):
            rounder = graph.call_module(f'rounders.{source.name}', (source,))
        source.replace_all_uses_with(rounder, delete_user_cb=lambda user: user is not rounder)


def is_quantised(model):
    return any(isinstance(m, FakeQuantise) for m in model.modules())


def set_observing(model, observing):
    for module in model.modules():
        if isinstance(module, FakeQuantise) and not module.fixed:
            module.observing = observing
