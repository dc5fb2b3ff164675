#!/usr/bin/env python3
"""What a model costs beside its inference: bench/footprint.py MODEL.onnx...

Compile time and memory of the compiler; size of the library against the dense int8 weights; and of a process that detects: its memory,
and the time from exec to its first detection, beyond one inference. Needs a C compiler (CC, else cc).
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

import common


def weights_of(a, model):
    """Weights of the convolutions, as `sparsec analyze` counts them: what dense int8 would take in bytes."""
    total = next(line for line in common.run([a.sparsec, "analyze", model]).splitlines() if line.startswith("total of"))
    return int(total.split()[4])


def detecting(program):
    """Seconds from exec to the first detection, of a later one, and the process's peak memory in MB."""
    start = time.perf_counter()
    with subprocess.Popen([program], stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        first = time.perf_counter() - start
        text = process.stdout.readline()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"footprint.py: {program} failed")
    return first, float(text) / 1e3, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL.onnx")
    common.add_options(parser, "footprint")
    a = parser.parse_args()
    common.check(a)

    rows, data = [], []
    for model in a.models:
        with tempfile.TemporaryDirectory() as folder:
            library, program = os.path.join(folder, "libmodel.a"), os.path.join(folder, "detects")
            compiles = [common.watched([a.sparsec, model, "-o", library, "--name", "model"]) for _ in range(a.rounds)]
            source = os.path.join(common.ROOT, "bench", "first_detection.c")
            common.run([os.environ.get("CC", "cc"), "-O2", source, f"-I{folder}", library, "-lm", "-lpthread", "-o", program])
            runs = [detecting(program) for _ in range(max(5, a.rounds))]
            entry = {
                "model": os.path.basename(model).removesuffix(".onnx"),
                "compile_s": statistics.median(seconds for seconds, _ in compiles),
                "compiler_mb": max(mb for _, mb in compiles),
                "library_mb": os.path.getsize(library) / 1e6,
                "dense_int8_mb": weights_of(a, model) / 1e6,
                "inference_ms": 1e3 * statistics.median(later for _, later, _ in runs),
                "first_detection_ms": 1e3 * statistics.median(first for first, _, _ in runs),
                "start_ms": 1e3 * statistics.median(first - later for first, later, _ in runs),
                "process_mb": max(mb for _, _, mb in runs),
            }
        data.append(entry)
        rows.append((entry["model"], f"{entry['compile_s']:.1f} s, {entry['compiler_mb']:.0f} MB",
                     f"{entry['library_mb']:.1f} MB, {entry['library_mb'] / entry['dense_int8_mb']:.1f} x weights",
                     f"{entry['process_mb']:.0f} MB", f"{entry['first_detection_ms']:.1f}", f"{entry['inference_ms']:.1f}",
                     f"{entry['start_ms']:.1f}"))  # fmt: skip
    result = common.benchmark(a, a.models[0])
    text = common.conditions(result, a) + "\n\n"
    header = ["model", "compiling", "library", "memory of a detecting process", "exec to first detection, ms", "a later one, ms", "start, ms"]
    text += common.markdown(header, rows)
    common.report(a, text, {"machine": result["machine"], "results": data})


if __name__ == "__main__":
    main()
