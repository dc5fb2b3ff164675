#!/usr/bin/env python3
"""plot.py RESULTS.json PLOT.svg: bars of milliseconds per picture, an engine a colour, a group a model and batch (needs matplotlib)."""
import json
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

COLOURS = {"onnxruntime": "#9aa5b1", "openvino": "#6b9bd1", "deepsparse": "#e0a458", "sparsec": "#2a9d5c"}
LABELS = {"onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "deepsparse": "DeepSparse", "sparsec": "sparsec"}

with open(sys.argv[1]) as file:
    report = json.load(file)
engines = [*report["peers"], "sparsec"]
results = report["results"]
height = 0.8 / len(engines)
figure, axes = plt.subplots(figsize=(9, 0.9 + 0.75 * len(results)))
for i, engine in enumerate(engines):
    for group, result in enumerate(results):
        if entry := result["engines"].get(engine):
            y, ms = group + (i - (len(engines) - 1) / 2) * height, entry["ms_per_picture"]
            axes.barh(y, ms, height * 0.92, color=COLOURS[engine], label=LABELS[engine] if group == 0 else None)
            axes.text(ms, y, f" {ms:.1f}", va="center", fontsize=7)
axes.set_yticks(range(len(results)), [f"{r['model']}\nbatch {r['batch']}" for r in results], fontsize=8)
axes.invert_yaxis()
axes.set_xlabel(f"ms per picture, {report['threads']} threads, {report['machine']['cpu']}", fontsize=8)
axes.spines[["top", "right"]].set_visible(False)
axes.legend(fontsize=8, loc="lower right", frameon=False)
figure.tight_layout()
figure.savefig(sys.argv[2], metadata={"Date": None})
