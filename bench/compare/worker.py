#!/usr/bin/env python3
"""One engine, one model, one turn: what run.py starts in that engine's own environment.

worker.py ENGINE MODEL --threads N --seconds S [--input X.npy] [--save Y.npy]: warms up, then times inferences from a float32 tensor
to the complete first output, and prints one line of JSON. The process ends with the turn, so no engine's threads spin in
another's.
"""
import argparse
import json
import os
import resource
import sys
import time


class OnnxRuntime:
    def __init__(self, model, threads):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.x = self.session.get_inputs()[0]
        self.shape = self.x.shape
        self.version, self.note = onnxruntime.__version__, ""

    def run(self, x):
        return self.session.run(None, {self.x.name: x})[0]


class OpenVino:
    def __init__(self, model, threads):
        import openvino

        core = openvino.Core()
        self.model = core.compile_model(
            model, "CPU", {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
        )
        self.request = self.model.create_infer_request()
        self.shape = list(self.model.input(0).shape)
        self.version, self.note = openvino.__version__.split("-")[0], ""

    def run(self, x):
        self.request.infer([x], share_inputs=True)
        return self.request.get_output_tensor(0).data


class DeepSparse:
    def __init__(self, model, threads):
        import deepsparse

        with open(model, "rb") as file:
            batch = batch_of(file.read())
        self.engine = deepsparse.Engine(model, batch_size=batch, num_cores=threads)
        self.shape = list(self.engine.input_shapes[0]) if hasattr(self.engine, "input_shapes") else None
        self.version = deepsparse.__version__
        self.note = f"{self.engine.fraction_of_supported_ops:.0%} of operators are its own"

    def run(self, x):
        return self.engine.run([x], val_inp=False)[0]


def batch_of(model):
    import onnx

    return onnx.load_from_string(model).graph.input[0].type.tensor_type.shape.dim[0].dim_value


ENGINES = {"onnxruntime": OnnxRuntime, "openvino": OpenVino, "deepsparse": DeepSparse}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("model")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--warmup", type=float, default=0.5)
    parser.add_argument("--input", required=True, help="the tensor, as .npy")
    parser.add_argument("--save", help="where the output goes, as .npy")
    a = parser.parse_args()
    import numpy

    x = numpy.load(a.input)
    # what the engines print on the way is not ours
    stdout = os.dup(1)
    os.dup2(2, 1)
    start = time.perf_counter()
    engine = ENGINES[a.engine](a.model, a.threads)
    load_s = time.perf_counter() - start
    y = engine.run(x)
    if a.save:
        numpy.save(a.save, numpy.array(y))
    end = time.perf_counter() + a.warmup
    while time.perf_counter() < end:
        engine.run(x)
    ms, end = [], time.perf_counter() + a.seconds
    while True:
        start = time.perf_counter()
        engine.run(x)
        now = time.perf_counter()
        ms.append(1e3 * (now - start))
        if now >= end:
            break
    ms.sort()
    middle = len(ms) // 2
    result = {
        "median_ms": ms[middle] if len(ms) % 2 else (ms[middle - 1] + ms[middle]) / 2,
        "min_ms": ms[0],
        "iterations": len(ms),
        "load_s": load_s,
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "version": engine.version,
        "note": engine.note,
    }
    os.write(stdout, (json.dumps(result) + "\n").encode())
    sys.stdout.flush()
    os._exit(0)  # an engine that trips over its own end has done its work


if __name__ == "__main__":
    main()
