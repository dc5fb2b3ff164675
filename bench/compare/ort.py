#!/usr/bin/env python3
"""sparsec against ONNX Runtime on this machine, in one run: python3 bench/compare/ort.py MODEL.onnx...

An optional extra: it needs the Python packages numpy and onnxruntime, and a release build of sparsec. Both take a float32
tensor and give the complete output, at batch 1, with as many threads. They take turns, so that whatever else the machine
does hits both; each round gives a median, and the table shows the median of the rounds and, in brackets, the best round.
"""
import argparse
import os
import re
import statistics
import subprocess
import time

import numpy
import onnxruntime


def sparsec_ms(program, model, threads, seconds):
    """The median latency of one round, by `sparsec benchmark` in a process of its own."""
    command = [program, "benchmark", model, "--threads", str(threads), "-w", "0.5", "-t", str(seconds), "-q"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(re.search(r"Latency Median \(ms/batch\): ([\d.]+)", text).group(1))


def ort_ms(model, threads, seconds):
    """The same by ONNX Runtime. The session ends with the round: its threads spin while it lives."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    x = session.get_inputs()[0]
    feed = {x.name: numpy.random.default_rng(1).random(x.shape, dtype=numpy.float32)}
    end = time.perf_counter() + 0.5
    while time.perf_counter() < end:
        session.run(None, feed)
    latencies, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        session.run(None, feed)
        latencies.append(1e3 * (time.perf_counter() - start))
    return statistics.median(latencies)


def cpu_name():
    with open("/proc/cpuinfo") as info:
        return next((line.split(": ")[1].strip() for line in info if line.startswith("model name")), "unknown CPU")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL.onnx")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2, help="of each round")
    parser.add_argument("--sparsec", default=os.path.join(os.path.dirname(__file__), "../../build/sparsec"))
    a = parser.parse_args()

    load = os.getloadavg()[0]
    print(f"{cpu_name()}, {os.cpu_count()} CPUs, {a.threads} threads, batch 1, {a.rounds} rounds of {a.seconds:g} s; load {load:.1f} at the start")
    print(subprocess.run([a.sparsec, "--version"], check=True, capture_output=True, text=True).stdout.strip(),
          f"against ONNX Runtime {onnxruntime.__version__}\n")
    print(f"| model | ONNX Runtime, ms | sparsec, ms | ratio |\n|---|---|---|---|")
    for model in a.models:
        theirs, ours = [], []
        for _ in range(a.rounds):
            theirs.append(ort_ms(model, a.threads, a.seconds))
            ours.append(sparsec_ms(a.sparsec, model, a.threads, a.seconds))
        t, o = statistics.median(theirs), statistics.median(ours)
        name = os.path.basename(model).removesuffix(".onnx")
        print(f"| {name} | {t:.1f} ({min(theirs):.1f}) | {o:.1f} ({min(ours):.1f}) | {t / o:.1f} |", flush=True)


if __name__ == "__main__":
    main()
