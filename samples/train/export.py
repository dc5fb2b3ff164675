"""Writes a model as ONNX: float, or with QuantizeLinear/DequantizeLinear where the training rounded.

The traced graph is walked once; every node becomes the operators of the same meaning. A quantised convolution reads DequantizeLinear of uint8 activations, of int8
weights (symmetric, a scale per output channel) and of int32 biases (scale: input's times weights'). The detection layers' maps are decoded as YOLOv5
v7.0's exporter does: output0 has rows of x, y, w, h (pixels), objectness, class scores. Sizes may stay free (`dynamic`).
"""
import operator

import numpy as np
import onnx
import torch
import torch.nn as nn
from onnx import TensorProto, helper, numpy_helper

from model import ANCHORS, STRIDES
from quantise import FakeQuantise, FoldedConv, is_quantised, trace


class _Writer:
    def __init__(self):
        self.nodes, self.constants = [], {}

    def constant(self, name, value):
        self.constants.setdefault(name, numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def emit(self, kind, name, inputs, outputs=1, **attributes):
        """Adds a node; returns its output's name, or a list of them."""
        results = [f'{name}_output_{i}' for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, results, name=name, **attributes))
        return results[0] if outputs == 1 else results

    def dequantised(self, name, values, scale):
        """A constant held as integers; one scale per output channel (axis 0)."""
        inputs = [self.constant(f'{name}_q', values), self.constant(f'{name}_scale', scale), self.constant(f'{name}_zero', np.zeros(len(scale), values.dtype))]
        return self.emit('DequantizeLinear', f'{name}_dq', inputs, axis=0)


def _path(target):
    return '/' + target.replace('.m.', '.m/m.').replace('.cv', '/cv').replace('.conv', '/conv').replace('.act', '/act').replace('.m/', '/m/')


def _conv(writer, conv, target, source, input_scale):
    weight, bias = (v.detach().cpu() for v in conv.folded())
    if conv.rounded:
        scale = FoldedConv.scales(weight)
        steps = (weight / scale.view(-1, 1, 1, 1)).round().clamp(-127, 127).to(torch.int8)
        bias_scale = scale.double() * input_scale
        bias_steps = (bias.double() / bias_scale).round().clamp(-2 ** 31, 2 ** 31 - 1).to(torch.int32)
        inputs = [source, writer.dequantised(f'{target}.weight', steps.numpy(), scale.numpy()),
                  writer.dequantised(f'{target}.bias', bias_steps.numpy(), bias_scale.float().numpy())]
    else:
        inputs = [source, writer.constant(f'{target}.weight', weight.numpy()), writer.constant(f'{target}.bias', bias.numpy())]
    return writer.emit('Conv', f'{_path(target)}/Conv', inputs, kernel_shape=list(conv.kernel_size), strides=list(conv.stride),
                       pads=list(conv.padding) * 2, dilations=[1, 1], group=1)


def _round(writer, rounder, name, source):
    scale, zero = rounder.scale_and_zero()
    parameters = [writer.constant(f'{name}_scale', np.float32(scale.item())), writer.constant(f'{name}_zero', np.uint8(zero.item()))]
    rounded = writer.emit('QuantizeLinear', f'{name}/QuantizeLinear', [source, *parameters])
    return writer.emit('DequantizeLinear', f'{name}/DequantizeLinear', [rounded, *parameters])


def _network(writer, traced):
    """Emits all but the decoding; returns the names of the three maps."""
    modules, values, scales = dict(traced.named_modules()), {}, {}
    for node in traced.graph.nodes:
        inputs = [values[n] for n in node.all_input_nodes]
        if node.op == 'placeholder':
            values[node] = 'images'
        elif node.op == 'output':
            return [values[n] for n in node.all_input_nodes]
        elif node.op == 'call_function' and node.target is operator.add:
            values[node] = writer.emit('Add', f'/{node.name}/Add', [values[n] for n in node.args])
        elif node.op == 'call_function' and node.target is torch.cat:
            values[node] = writer.emit('Concat', f'/{node.name}/Concat', [values[n] for n in node.args[0]], axis=1)
        else:
            module = modules[node.target]
            path = _path(node.target)
            if isinstance(module, FoldedConv):
                values[node] = _conv(writer, module, node.target, inputs[0], scales.get(node.args[0]))
            elif isinstance(module, FakeQuantise):
                values[node], scales[node] = _round(writer, module, inputs[0], inputs[0]), module.scale_and_zero()[0].item()
            elif isinstance(module, nn.SiLU):
                values[node] = writer.emit('Mul', f'{path}/Mul', [inputs[0], writer.emit('Sigmoid', f'{path}/Sigmoid', inputs)])
            elif isinstance(module, nn.MaxPool2d):
                values[node] = writer.emit('MaxPool', f'/{node.name}/MaxPool', inputs, kernel_shape=[5, 5], strides=[1, 1], pads=[2, 2, 2, 2])
            elif isinstance(module, nn.Upsample):
                values[node] = writer.emit('Resize', f'{path}/Resize', [inputs[0], '', writer.constant('upsample_scales', np.float32((1, 1, 2, 2)))],
                                           mode='nearest', coordinate_transformation_mode='asymmetric', nearest_mode='floor')
            else:
                raise TypeError(f'{node.target}: no ONNX counterpart of {type(module).__name__}')
    raise AssertionError('a graph without output')


def _free_grid(writer, path, raw):
    """Shapes that are known only at run time: (Reshape's five sizes, a grid of cell corners less a half as (1, 1, rows, columns, 2))."""
    shape = writer.emit('Shape', f'{path}/Shape', [raw])
    sides = [writer.emit('Gather', f'{path}/Gather_{axis}', [shape, writer.constant(f'axis_{axis}', np.array([axis]))], axis=0) for axis in (0, 2, 3)]
    three, free, one = (writer.constant(f'size_{name}', np.array([v])) for name, v in (('anchors', 3), ('free', -1), ('one', 1)))
    split = writer.emit('Concat', f'{path}/Concat_split', [sides[0], three, free, sides[1], sides[2]], axis=0)
    zero, step, first = (writer.constant(f'range_{name}', np.int64(v)) for name, v in (('zero', 0), ('step', 1), ('axis', 0)))
    full = writer.emit('Concat', f'{path}/Concat_full', [one, one, sides[1], sides[2], one], axis=0)
    axes = []
    for name, side, turned in (('x', sides[2], (1, 1, 1, -1, 1)), ('y', sides[1], (1, 1, -1, 1, 1))):
        limit = writer.emit('Gather', f'{path}/Gather_{name}', [side, first], axis=0)
        steps = writer.emit('Cast', f'{path}/Cast_{name}', [writer.emit('Range', f'{path}/Range_{name}', [zero, limit, step])], to=TensorProto.FLOAT)
        steps = writer.emit('Reshape', f'{path}/Reshape_{name}', [steps, writer.constant(f'turned_{name}', np.array(turned))])
        axes.append(writer.emit('Expand', f'{path}/Expand_{name}', [steps, full]))
    grid = writer.emit('Concat', f'{path}/Concat_grid', axes, axis=4)
    return split, writer.emit('Sub', f'{path}/Sub', [grid, writer.constant('half', np.float32(0.5))])


def _decode(writer, raw, level, channels, size):
    """x, y = (2 s + cell - 0.5) * stride; w, h = (2 s)^2 * anchor, for s the sigmoid of the map. size: the picture's height and width, or None."""
    path, stride = f'/model.24/level.{level}', STRIDES[level]
    anchors = np.float32(ANCHORS[level]).reshape(1, 3, 1, 1, 2)
    if size is None:
        split, grid = _free_grid(writer, path, raw)
        flat = writer.constant('flat', np.array([0, -1, channels]))
    else:
        rows, columns = size[0] // stride, size[1] // stride
        split = writer.constant(f'{path}/split', np.array([-1, 3, channels, rows, columns]))
        y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
        grid = writer.constant(f'{path}/grid', np.broadcast_to(np.stack((x, y), -1) - 0.5, (1, 3, rows, columns, 2)).astype(np.float32))
        anchors = np.broadcast_to(anchors, (1, 3, rows, columns, 2))
        flat = writer.constant(f'{path}/flat', np.array([-1, 3 * rows * columns, channels]))
    p = writer.emit('Reshape', f'{path}/Reshape', [raw, split])
    p = writer.emit('Sigmoid', f'{path}/Sigmoid', [writer.emit('Transpose', f'{path}/Transpose', [p], perm=[0, 1, 3, 4, 2])])
    centre, extent, rest = writer.emit('Split', f'{path}/Split', [p, writer.constant('parts', np.array([2, 2, channels - 4]))], outputs=3, axis=4)
    two = writer.constant('two', np.float32(2))
    centre = writer.emit('Add', f'{path}/Add', [writer.emit('Mul', f'{path}/Mul', [centre, two]), grid])
    centre = writer.emit('Mul', f'{path}/Mul_1', [centre, writer.constant(f'stride_{stride}', np.float32(stride))])
    extent = writer.emit('Pow', f'{path}/Pow', [writer.emit('Mul', f'{path}/Mul_2', [extent, two]), two])
    extent = writer.emit('Mul', f'{path}/Mul_3', [extent, writer.constant(f'{path}/anchors', anchors)])
    whole = writer.emit('Concat', f'{path}/Concat', [centre, extent, rest], axis=4)
    return writer.emit('Reshape', f'{path}/Reshape_1', [whole, flat])


def onnx_model(model, names, size=(640, 640), batch=1, dynamic=False):
    """The ONNX file's contents. model: a Yolo, or what quantise.trace made of one."""
    traced = (model if is_quantised(model) else trace(model, rounded=False)).eval()
    writer, channels = _Writer(), 5 + len(names)
    with torch.no_grad():
        maps = _network(writer, traced)
    found = [_decode(writer, raw, level, channels, None if dynamic else size) for level, raw in enumerate(maps)]
    writer.nodes.append(helper.make_node('Concat', found, ['output0'], name='/model.24/Concat', axis=1))
    boxes = sum(3 * (size[0] // s) * (size[1] // s) for s in STRIDES)
    shape_in, shape_out = ([batch, 3, *size], [batch, boxes, channels])
    if dynamic:
        shape_in, shape_out = ['batch', 3, 'height', 'width'], ['batch', 'boxes', channels]
    graph = helper.make_graph(writer.nodes, 'yolov5', [helper.make_tensor_value_info('images', TensorProto.FLOAT, shape_in)],
                              [helper.make_tensor_value_info('output0', TensorProto.FLOAT, shape_out)], list(writer.constants.values()))
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)], producer_name='samples/train', ir_version=7)
    helper.set_model_props(made, {'stride': str(max(STRIDES)), 'names': str(dict(enumerate(names)))})
    onnx.checker.check_model(made, full_check=True)
    return made
