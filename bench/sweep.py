#!/usr/bin/env python3
"""Time against sparsity: bench/sweep.py DENSE.onnx imposes 0 to 98% of zero blocks on a quantised model and times each.

Needs Python with numpy and onnx (optional extras; with matplotlib it draws a plot too). In every int8 convolution but the first and
those of the heads, the blocks of four input channels with the least weight become zero. The models go to --out, and stay there.
"""
import argparse
import os
import statistics

import common

SPARSITIES = [0, 0.2, 0.4, 0.5, 0.65, 0.8, 0.9, 0.94, 0.98]
BLOCK = 4


def impose(weights, sparsity):
    """Zeroes the share `sparsity` of the 1x4 blocks of weights [O, I, kh, kw], least sums of magnitudes first."""
    import numpy

    o, i, h, w = weights.shape
    blocks = weights.reshape(o, i // BLOCK, BLOCK, h, w).copy()
    sums = numpy.abs(blocks.astype(numpy.int32)).sum(axis=2)
    zeros = int(round(sparsity * sums.size))
    chosen = numpy.zeros(sums.size, bool)
    chosen[numpy.argsort(sums, axis=None, kind="stable")[:zeros]] = True
    blocks.transpose(0, 1, 3, 4, 2)[chosen.reshape(sums.shape)] = 0
    return blocks.reshape(weights.shape)


def convolution_weights(model):
    """The int8 weights of convolutions, but for those of few input channels (the first) or a number of output channels that no hidden
    layer has (the heads')."""
    from onnx import numpy_helper

    for tensor in model.graph.initializer:
        if len(tensor.dims) == 4 and tensor.data_type == 3 and tensor.dims[1] % BLOCK == 0 and tensor.dims[0] % 8 == 0:
            yield tensor, numpy_helper.to_array(tensor)


def make_model(source, sparsity, target):
    import onnx
    from onnx import numpy_helper

    model = onnx.load(source)
    found = 0
    for tensor, weights in list(convolution_weights(model)):
        tensor.CopyFrom(numpy_helper.from_array(impose(weights, sparsity), tensor.name))
        found += 1
    if not found:
        raise SystemExit(f"sweep.py: {source} has no int8 convolution weights; give it a quantised model (Q/DQ, QLinearConv)")
    onnx.save(model, target)


def plot(path, title, times):
    try:
        import matplotlib
    except ImportError:
        print("no plot: matplotlib is not there")
        return
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4))
    axes.plot([100 * s for s in times], list(times.values()), "o-", color="#2a9d5c")
    axes.set(xlabel="zero blocks of four weights, %", ylabel="ms per picture", ylim=(0, None), title=title)
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", metavar="DENSE.onnx", help="a quantised model; its own zeros stay")
    parser.add_argument("--sparsity", type=float, nargs="+", default=SPARSITIES, metavar="0..0.98")
    parser.add_argument("--threads", type=int, default=2)
    common.add_options(parser, "sweep")
    a = parser.parse_args()
    try:
        import numpy  # noqa: F401
        import onnx  # noqa: F401
    except ImportError as missing:
        raise SystemExit(f"sweep.py: needs the Python packages numpy and onnx ({missing})")
    common.check(a)

    name = os.path.basename(a.model).removesuffix(".onnx")
    files = {s: os.path.join(a.out, f"{name}-blocks{100 * s:02.0f}.onnx") for s in sorted(a.sparsity)}
    for sparsity, file in files.items():
        make_model(a.model, sparsity, file)
    rounds = {s: [] for s in files}
    for _ in range(a.rounds):
        for sparsity, file in files.items():
            result = common.benchmark(a, file, threads=a.threads)
            rounds[sparsity].append(common.ms_per_picture(result))
    times = {s: statistics.median(r) for s, r in rounds.items()}
    dense = next(iter(times.values()))
    text = f"{name}, {a.threads} threads, batch 1. {common.conditions(result, a)}\n\n"
    rows = [(f"{100 * s:.0f}%", f"{ms:.2f}", f"{dense / ms:.2f}") for s, ms in times.items()]
    text += common.markdown(["zero blocks", "ms per picture", "times as fast as the first"], rows)
    common.report(a, text, {"model": name, "threads": a.threads, "machine": result["machine"],
                            "ms_per_picture": {str(s): ms for s, ms in times.items()}, "rounds": {str(s): r for s, r in rounds.items()}})  # fmt: skip
    plot(os.path.join(a.out, "plot.svg"), f"{name}, {a.threads} threads", times)


if __name__ == "__main__":
    main()
