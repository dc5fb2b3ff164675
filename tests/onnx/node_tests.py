#!/usr/bin/env python3
"""ONNX's own node tests through `sparsec run`.

  node_tests.py SPARSEC [NAME...]

The cases come with the onnx package (onnx.backend.test); without it the script says so and exits with 77, which CTest
counts as skipped. A case counts as
  right        the outputs are the stored ones, within the tolerance that ONNX uses,
  unsupported  sparsec refuses the model with exit code 1 and one line,
  wrong        anything else: other outputs, a crash, an internal error.
Exit code 1 when a case is wrong, or when fewer are right than EXPECTED_RIGHT.
"""
import collections
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

warnings.filterwarnings("ignore")
try:
    import numpy as np
    for alias, kind in {"bool": bool, "int": int, "float": float, "object": object}.items():
        if alias not in vars(np):  # gone since numpy 1.24, and onnx 1.12 (Debian 12 has both) still says them
            setattr(np, alias, kind)
    import onnx
    from onnx.backend.test.case.node import collect_testcases
except ImportError as missing:
    print("skipped: ONNX's node tests need Python's onnx package:", missing)
    sys.exit(77)

# What import knows, less what only ever folds.
OPERATORS = """Constant ConstantOfShape Range Shape Size Floor Ceil Round Equal Less LessOrEqual Greater GreaterOrEqual
Where Not And Or Mod Expand Tile ReduceSum ReduceProd ReduceMin ReduceMax ReduceMean Conv MaxPool BatchNormalization
Sigmoid Relu HardSwish Tanh Exp Sqrt Neg Abs LeakyRelu HardSigmoid Clip Identity Dropout Add Sub Mul Div Pow Min Max
Sum Cast Softmax Reshape Flatten Squeeze Unsqueeze Transpose Concat Pad QuantizeLinear DequantizeLinear
DynamicQuantizeLinear QLinearConv ConvInteger Resize Upsample Slice Split Gather""".split()
NEWEST_OPSET = 21
# Newer packages bring more cases: 176 are right of Debian 12's (onnx 1.12), 216 of 1.23's.
EXPECTED_RIGHT = 200 if tuple(map(int, onnx.__version__.split(".")[:2])) >= (1, 23) else 170


def cases(wanted):
    for case in collect_testcases(None):
        model = case.model
        if not model or {n.op_type for n in model.graph.node} - set(OPERATORS):
            continue
        if any(n.domain not in ("", "ai.onnx") for n in model.graph.node) or (wanted and case.name not in wanted):
            continue
        for opset in model.opset_import:  # the package is newer than what exporters write; the operators are the same
            opset.version = min(opset.version, NEWEST_OPSET)
        model.ir_version = min(model.ir_version, 10)
        yield case, model


def with_constants(case, model):
    """The model with all inputs but the first as initialisers: weights, shapes and scales must be constants."""
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    inputs, expected = case.data_sets[0]
    for value, array in list(zip(model.graph.input, inputs))[1:]:
        fixed.graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(array), value.name))
    del fixed.graph.input[1:]
    return fixed, inputs[:1], expected


def judge(sparsec, case, model, folder):
    inputs, expected = case.data_sets[0]
    if not all(isinstance(x, (np.ndarray, np.generic)) for x in [*inputs, *expected]):
        return "unsupported", "sequences, optional values or strings"
    verdict, why = run(sparsec, case, model, *case.data_sets[0], folder)
    if verdict == "unsupported" and len(model.graph.input) == len(case.data_sets[0][0]) > 1:
        verdict, why = run(sparsec, case, *with_constants(case, model), folder)
    return verdict, why


def run(sparsec, case, model, inputs, expected, folder):
    names = [i.name for i in model.graph.input]
    if len(names) != len(inputs):
        return "unsupported", "an optional input is left out"
    onnx.save(model, folder / "model.onnx")
    np.savez(folder / "in.npz", **dict(zip(names, inputs)))
    command = [sparsec, "run", "model.onnx", "--input", "in.npz", "--output", "out.npz"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    errors = done.stderr.strip().splitlines()
    if done.returncode == 1 and errors:
        return "unsupported", errors[-1]
    if done.returncode != 0:
        return "wrong", f"exit code {done.returncode}: {' '.join(errors)}"
    got = np.load(folder / "out.npz")
    for output, want in zip(model.graph.output, expected):
        ours = got[output.name]
        if ours.dtype != want.dtype or ours.shape != want.shape:
            return "wrong", f"{output.name} is {ours.dtype}{ours.shape}, not {want.dtype}{want.shape}"
        if not np.allclose(ours, want, rtol=case.rtol or 1e-3, atol=case.atol or 1e-7, equal_nan=True):
            worst = np.max(np.abs(ours.astype(np.float64) - want.astype(np.float64)))
            return "wrong", f"{output.name} differs by up to {worst}"
    return "right", ""


def main():
    sparsec = str(pathlib.Path(sys.argv[1]).resolve())
    counts = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        for case, model in cases(sys.argv[2:]):
            verdict, why = judge(sparsec, case, model, pathlib.Path(folder))
            counts[verdict] += 1
            if verdict != "right" and (verdict == "wrong" or "VERBOSE" in os.environ or len(sys.argv) > 2):
                print(f"{verdict}: {case.name}: {why}", flush=True)
    print(", ".join(f"{counts[k]} {k}" for k in ("right", "unsupported", "wrong")))
    short = len(sys.argv) == 2 and counts["right"] < EXPECTED_RIGHT
    sys.exit(1 if counts["wrong"] or short else 0)


main()
