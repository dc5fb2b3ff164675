#!/usr/bin/env python3
"""sparsec against ONNX Runtime, OpenVINO and DeepSparse, interleaved, in one run.

    bench/compare/run.py --models FOLDER yolov5n-dense_quant yolov5s-block4_65_quant --batch 1 64

A model is a family in FOLDER: each engine takes the form that it runs fastest, of FAMILY.onnx, -in, -all, -qop and -convint, found by
a short turn of each; or it is an .onnx file, which all take. All engines get the same float32 tensor and give the complete output;
sparsec's is checked against ONNX Runtime's on the same file. They take turns, each in a process of its own, so that what else the
machine does hits all: every round gives a median, and the table shows the median of the rounds and, in brackets, the best.

The peers are optional extras: the first run makes environments for them under build/compare/ (pip). DeepSparse's licence allows
evaluation; it is timed and nothing else. Writes table.md, results.json and plot.svg into --out.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

from environments import environments

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
FORMS = ["", "-in", "-all", "-qop", "-convint"]
PEERS = ["onnxruntime", "openvino", "deepsparse"]
LABELS = {"onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "deepsparse": "DeepSparse", "sparsec": "sparsec"}


def forms_of(model, folder):
    """Form -> file."""
    if model.endswith(".onnx"):
        return {"": model}
    files = {form: os.path.join(folder, model + form + ".onnx") for form in FORMS}
    files = {form: file for form, file in files.items() if os.path.exists(file)}
    if not files:
        sys.exit(f"run.py: no model {model}*.onnx in {folder}; name a family there or a file")
    return files


class Contest:
    """One model at one batch: who takes part, with which file, and what each turn gave."""

    def __init__(self, a, pythons, peers_python, model, batch, scratch):
        self.a, self.pythons, self.peers_python = a, pythons, peers_python
        self.model, self.batch, self.scratch = model, batch, scratch
        self.forms = forms_of(model, a.models)
        self.x = os.path.join(scratch, "input.npy")
        self.rebatched = {}

    def file(self, form):
        """The form's file; at a batch, made anew with that batch in it."""
        source = self.forms[form]
        if self.batch == 1:
            return source
        if form not in self.rebatched:
            target = os.path.join(self.scratch, f"batch{self.batch}{form}.onnx")
            subprocess.run([self.peers_python, f"{HERE}/batch.py", source, target, str(self.batch)], check=True)
            self.rebatched[form] = target
        return self.rebatched[form]

    def turn(self, engine, form, seconds, save=None):
        """The result of one process, or None after a line on why it failed."""
        file = self.file(form)
        if engine == "sparsec":
            return self.own_turn(file, seconds)
        command = [self.pythons[engine], f"{HERE}/worker.py", engine, file, "--threads", str(self.a.threads)]
        command += ["--seconds", str(seconds), "--input", self.x] + (["--save", save] if save else [])
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0 or not done.stdout.strip():
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            print(f"{LABELS[engine]} fails on {os.path.basename(file)}: {last}", file=sys.stderr)
            return None
        return json.loads(done.stdout.strip().splitlines()[-1])

    def own_turn(self, file, seconds):
        out = os.path.join(self.scratch, "sparsec.json")
        command = [self.a.sparsec, "benchmark", file, "--threads", str(self.a.threads)]
        start = time.perf_counter()
        with subprocess.Popen([*command, "-w", "0.5", "-t", str(seconds), "-q", "-x", out], stdout=subprocess.DEVNULL) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"run.py: sparsec benchmark {file} failed")
        with open(out) as json_file:
            exported = json.load(json_file)
        result = exported["benchmark_result"]
        return {
            "median_ms": result["median"],
            "iterations": result["iterations"],
            "load_s": max(0.0, time.perf_counter() - start - 0.5 - result["seconds_ran"]),
            "peak_rss_mb": usage.ru_maxrss / 1024,
            "version": exported["version"],
            "note": exported["isa"],
            "machine": exported["machine"],
            "checked_build": exported["checked_build"],
            "input_shape": exported["input_shapes"][0],
        }

    def make_input(self):
        """Once, of the shape that the model wants; the turn also fills sparsec's cache."""
        first = self.turn("sparsec", next(iter(self.forms)), 0.1)
        make = "import numpy, sys; numpy.save(sys.argv[1], numpy.random.default_rng(1).random([int(d) for d in sys.argv[2:]], dtype='f'))"
        subprocess.run([self.peers_python, "-c", make, self.x, *map(str, first["input_shape"])], check=True)
        return first

    def choose_forms(self):
        """Engine -> the form that it runs fastest. Those who run none drop out."""
        chosen = {}
        for engine in [*self.pythons, "sparsec"]:
            times = {}
            for form in self.forms:
                if (result := self.turn(engine, form, self.a.choose_seconds)) is not None:
                    times[form] = result["median_ms"]
            if times:
                chosen[engine] = min(times, key=times.get)
        return chosen

    def check(self, form):
        """The difference of sparsec's output from ONNX Runtime's on the same file and input."""
        if "onnxruntime" not in self.pythons:
            return None
        theirs, ours = os.path.join(self.scratch, "theirs.npy"), os.path.join(self.scratch, "ours.npy")
        if self.turn("onnxruntime", form, 0, theirs) is None:
            return None
        command = [self.a.sparsec, "run", self.file(form), "--input", self.x, "--output", ours]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        compared = subprocess.run([self.peers_python, f"{HERE}/difference.py", theirs, ours], check=True, capture_output=True, text=True)
        return json.loads(compared.stdout)

    def run(self):
        machine = self.make_input()
        chosen = self.choose_forms()
        difference = self.check(chosen["sparsec"])
        turns = {engine: [] for engine in chosen}
        for round_number in range(self.a.rounds):
            order = list(chosen)
            for engine in order[round_number % len(order) :] + order[: round_number % len(order)]:
                if (result := self.turn(engine, chosen[engine], self.a.seconds)) is not None:
                    turns[engine].append(result)
        engines = {}
        for engine, results in turns.items():
            if not results:
                continue
            per_picture = [r["median_ms"] / self.batch for r in results]
            engines[engine] = {
                "form": chosen[engine],
                "file": os.path.basename(self.forms[chosen[engine]]),
                "ms_per_picture": statistics.median(per_picture),
                "best_ms_per_picture": min(per_picture),
                "load_s": min(r["load_s"] for r in results),
                "peak_rss_mb": max(r["peak_rss_mb"] for r in results),
                "version": results[0]["version"],
                "note": results[0]["note"],
                "rounds": per_picture,
            }
        peers = [e["ms_per_picture"] for name, e in engines.items() if name != "sparsec"]
        ratio = min(peers) / engines["sparsec"]["ms_per_picture"] if peers else None
        return machine, {
            "model": os.path.basename(self.model).removesuffix(".onnx"),
            "batch": self.batch,
            "engines": engines,
            "ratio_to_fastest_peer": ratio,
            "difference_from_onnxruntime": difference,
        }


def cell(entry):
    if entry is None:
        return "-"
    form = f" {entry['form']}" if entry["form"] else ""
    return f"{entry['ms_per_picture']:.1f} ({entry['best_ms_per_picture']:.1f}){form}"


def difference_text(d):
    if d is None:
        return "-"
    if "scores_mean" not in d:
        return f"{d['mean']:.1e} ({d['max']:.1e})"
    return f"scores {d['scores_mean']:.1e} ({d['scores_max']:.1e}), boxes {d['boxes_mean']:.2g} ({d['boxes_max']:.2g}) px"


def row_of(result, engines):
    cells = [result["model"], str(result["batch"])] + [cell(result["engines"].get(engine)) for engine in engines]
    ratio, difference = result["ratio_to_fastest_peer"], result["difference_from_onnxruntime"]
    cells.append(f"{ratio:.1f}" if ratio else "-")
    cells.append(difference_text(difference))
    return "| " + " | ".join(cells) + " |"


def table(report):
    engines = [*report["peers"], "sparsec"]
    machine = report["machine"]
    lines = [
        f"{machine['cpu']} ({machine['logical_cpus']} CPUs; {', '.join(machine['features'])}; {machine['l2_bytes'] // 1024} KiB of L2), "
        f"{report['threads']} threads, {report['rounds']} rounds of {report['seconds']:g} s; load {report['load_at_start']:.1f} at the start.",
        "Milliseconds per picture: the median of the rounds, in brackets the best round, then the form of the model. Ratio: fastest peer over sparsec. "
        "Difference: of sparsec's output from ONNX Runtime's on the same file, mean and in brackets the largest.",
        "",
        "| model | batch | " + " | ".join(f"{LABELS[e]} {report['versions'].get(e, '')}".strip() for e in engines) + " | ratio | difference |",
        "|" + "---|" * (len(engines) + 4),
    ]
    if report["checked_build"]:
        lines.insert(1, "**This sparsec was built with checks, not as a release.**")
    notes = [
        f"{LABELS[name]} on {r['model']} at batch {r['batch']}: {e['note']}." for r in report["results"] for name, e in r["engines"].items() if name != "sparsec" and e["note"]
    ]
    return "\n".join(lines + [row_of(r, engines) for r in report["results"]] + ["", *notes]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="+", metavar="FAMILY|FILE.onnx")
    parser.add_argument("--models", default=".", metavar="FOLDER", help="where families lie")
    parser.add_argument("--batch", type=int, nargs="+", default=[1], metavar="N")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2, help="of each turn")
    parser.add_argument("--choose-seconds", type=float, default=0.5, help="of each turn that finds an engine's best form")
    parser.add_argument("--engines", nargs="*", choices=PEERS, default=PEERS, help="peers that take part")
    parser.add_argument("--out", default=os.path.join(ROOT, "build", "compare"))
    parser.add_argument("--sparsec", default=os.path.join(ROOT, "build", "sparsec"))
    a = parser.parse_args()
    if not os.path.exists(a.sparsec):
        sys.exit(f"run.py: no {a.sparsec}; ./run build makes it")

    if not a.engines:
        sys.exit("run.py: --engines names no peer: nothing to compare with")
    peers_python, pythons = environments(os.path.join(ROOT, "build", "compare"), a.engines)
    if peers_python is None:
        sys.exit("run.py: nothing to compare with")
    scratch = os.path.join(a.out, "scratch")
    os.makedirs(scratch, exist_ok=True)
    report = {"threads": a.threads, "rounds": a.rounds, "seconds": a.seconds, "load_at_start": os.getloadavg()[0],
              "peers": list(pythons), "versions": {}, "results": []}  # fmt: skip
    for model in a.model:
        for batch in a.batch:
            machine, result = Contest(a, pythons, peers_python, model, batch, scratch).run()
            report["machine"], report["checked_build"] = machine["machine"], machine["checked_build"]
            report["versions"] |= {name: e["version"] for name, e in result["engines"].items()}
            report["results"].append(result)
            print(row_of(result, [*pythons, "sparsec"]), flush=True)
    with open(os.path.join(a.out, "results.json"), "w") as file:
        json.dump(report, file, indent=2)
    with open(os.path.join(a.out, "table.md"), "w") as file:
        file.write(table(report))
    subprocess.run([peers_python, f"{HERE}/plot.py", os.path.join(a.out, "results.json"), os.path.join(a.out, "plot.svg")], check=True)
    print(table(report))


if __name__ == "__main__":
    main()
