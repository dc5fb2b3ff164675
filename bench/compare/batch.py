#!/usr/bin/env python3
"""Gives an ONNX model another batch: batch.py IN.onnx OUT.onnx N   (needs the package onnx)

Exported YOLOv5 has a fixed batch in three places: the input's and outputs' shapes, shapes noted in between (dropped here; engines infer
them), and the constants of Reshape nodes, whose leading 1 becomes 0: "as the input has it". Grids and anchors broadcast.
"""
import sys

import onnx
from onnx import numpy_helper


def set_batch(model, batch):
    graph = model.graph
    del graph.value_info[:]
    for value in [*graph.input, *graph.output]:
        dims = value.type.tensor_type.shape.dim
        if dims:
            dims[0].dim_value = batch
    constants = {t.name: t for t in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute and node.attribute[0].name == "value":
            constants[node.output[0]] = node.attribute[0].t
    for node in graph.node:
        if node.op_type != "Reshape" or node.input[1] not in constants:
            continue
        tensor = constants[node.input[1]]
        shape = numpy_helper.to_array(tensor).copy()
        if shape.size > 1 and shape[0] == 1:
            shape[0] = 0
            tensor.CopyFrom(numpy_helper.from_array(shape, tensor.name))
    return model


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    onnx.save(set_batch(onnx.load(sys.argv[1]), int(sys.argv[3])), sys.argv[2])
