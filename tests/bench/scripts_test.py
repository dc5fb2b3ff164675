"""Smoke tests of bench/'s scripts on a tiny model: scripts_test.py scaling|footprint|sweep|compare SPARSEC. They check that tables and
JSON come out whole, never how fast anything is. What needs a package that is not there is skipped with a line."""
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TINY = os.path.join(ROOT, "tests", "data", "tiny", "tiny-block4_70_quant-in.onnx")


def need(*packages):
    for package in packages:
        if importlib.util.find_spec(package) is None:
            print(f"SKIPPED: needs the Python package {package}")
            sys.exit(0)


def run(script, *arguments):
    subprocess.run([sys.executable, os.path.join(ROOT, "bench", script), *arguments], check=True)


def results(folder):
    with open(os.path.join(folder, "table.md")) as file:
        assert "| " in file.read()
    with open(os.path.join(folder, "results.json")) as file:
        data = json.load(file)
    assert data["machine"]["cpu"]
    return data


def scaling(common, folder):
    run("scaling.py", TINY, "--threads", "1", "2", "--batch", "1", "3", *common)
    data = results(folder)
    assert [(r["threads"], r["batch"]) for r in data["results"]] == [(1, 1), (2, 1), (2, 3)]
    assert all(r["ms_per_picture"] > 0 for r in data["results"])


def footprint(common, folder):
    run("footprint.py", TINY, *common)
    (entry,) = results(folder)["results"]
    assert all(entry[key] > 0 for key in ("compile_s", "compiler_mb", "library_mb", "dense_int8_mb", "first_detection_ms", "process_mb"))


def sweep(common, folder):
    need("numpy", "onnx")
    run("sweep.py", TINY, "--sparsity", "0", "0.98", *common)
    data = results(folder)
    assert list(data["ms_per_picture"]) == ["0", "0.98"] or list(data["ms_per_picture"]) == ["0.0", "0.98"]
    sparsec = common[common.index("--sparsec") + 1]
    table = subprocess.run([sparsec, "analyze", os.path.join(folder, "tiny-block4_70_quant-in-blocks98.onnx")], check=True, capture_output=True, text=True)
    blocks = [float(percent) for percent in re.findall(r"\b(9[78]\.\d)%", table.stdout)]
    assert blocks, f"no layer has 98% of zero blocks:\n{table.stdout}"


def compare(common, folder):
    """With no peers there is nothing to compare; with ONNX Runtime in this Python, one turn of the worker is run."""
    alone = [sys.executable, os.path.join(ROOT, "bench", "compare", "run.py"), TINY, "--sparsec", common[common.index("--sparsec") + 1], "--engines"]
    done = subprocess.run(alone, capture_output=True, text=True)
    assert done.returncode != 0 and "nothing to compare with" in done.stderr, done.stderr
    need("numpy", "onnxruntime")
    import numpy

    tensor = os.path.join(folder, "x.npy")
    numpy.save(tensor, numpy.random.default_rng(1).random((1, 3, 64, 96), dtype="f"))
    save = os.path.join(folder, "y.npy")
    worker = [sys.executable, os.path.join(ROOT, "bench", "compare", "worker.py"), "onnxruntime", TINY, "--seconds", "0", "--warmup", "0"]
    done = subprocess.run([*worker, "--input", tensor, "--save", save], check=True, capture_output=True, text=True)
    assert json.loads(done.stdout)["median_ms"] > 0
    ours = os.path.join(folder, "ours.npy")
    sparsec = common[common.index("--sparsec") + 1]
    subprocess.run([sparsec, "run", TINY, "--input", tensor, "--output", ours], check=True)
    difference = [sys.executable, os.path.join(ROOT, "bench", "compare", "difference.py"), save, ours]
    assert json.loads(subprocess.run(difference, check=True, capture_output=True, text=True).stdout)["scores_mean"] < 0.01


if __name__ == "__main__":
    name, program = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["XDG_CACHE_HOME"] = os.path.join(scratch, "cache")
        out = os.path.join(scratch, "out")
        os.makedirs(out)
        globals()[name](["--out", out, "--sparsec", program, "--rounds", "1", "--seconds", "0.05"], out)
        print(f"{name}: good")
