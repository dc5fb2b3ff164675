#!/usr/bin/env python3
"""How time falls with threads and grows with the batch: bench/scaling.py MODEL.onnx... [--threads 1 2] [--batch 1 8 64]"""
import argparse
import os
import statistics

import common


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL.onnx")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 8, 64])
    common.add_options(parser, "scaling")
    a = parser.parse_args()
    common.check(a)

    most = max(a.threads)
    cases = [(m, t, 1) for m in a.models for t in a.threads] + [(m, most, b) for m in a.models for b in a.batch if b != 1]
    rounds = {case: [] for case in cases}
    for _ in range(a.rounds):
        for model, threads, batch in cases:
            result = common.benchmark(a, model, threads, batch)
            rounds[model, threads, batch].append(common.ms_per_picture(result))
    ms = {case: statistics.median(r) for case, r in rounds.items()}

    rows, data = [], []
    for model, threads, batch in cases:
        time = ms[model, threads, batch]
        base = ms[model, a.threads[0], 1] if batch == 1 else ms.get((model, most, 1))
        name = os.path.basename(model).removesuffix(".onnx")
        than = f"{a.threads[0]} thread{'s' if a.threads[0] > 1 else ''}" if batch == 1 else "batch 1"
        rows.append((name, threads, batch, f"{time:.2f}", f"{1000 / time:.1f}", f"{base / time:.2f} of {than}"))
        data.append({"model": name, "threads": threads, "batch": batch, "ms_per_picture": time, "rounds": rounds[model, threads, batch]})
    text = common.conditions(result, a) + "\n\n"
    text += common.markdown(["model", "threads", "batch", "ms per picture", "pictures/s", "speed in times that"], rows)
    common.report(a, text, {"machine": result["machine"], "results": data})


if __name__ == "__main__":
    main()
