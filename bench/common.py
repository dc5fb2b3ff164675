"""What the scripts share: running sparsec, describing the conditions, writing tables."""
import json
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def add_options(parser, out):
    parser.add_argument("--sparsec", default=os.path.join(ROOT, "build", "sparsec"))
    parser.add_argument("--out", default=os.path.join(ROOT, "build", out), metavar="FOLDER", help="for the table, the JSON and the plot")
    parser.add_argument("--rounds", type=int, default=3, help="of each measurement, interleaved; the median counts")
    parser.add_argument("--seconds", type=float, default=2, help="of each round")


def check(a):
    if not os.path.exists(a.sparsec):
        sys.exit(f"{os.path.basename(sys.argv[0])}: no {a.sparsec}; ./run build makes it")
    os.makedirs(a.out, exist_ok=True)


def run(command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{os.path.basename(sys.argv[0])}: {' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout


def watched(command):
    """Seconds and peak memory (MB) of a process."""
    start = time.perf_counter()
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        run(command)  # once more, for its message
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def benchmark(a, model, threads=None, batch=1):
    """What `sparsec benchmark -x` writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "result.json")
        command = [a.sparsec, "benchmark", model, "-w", 0.3, "-t", a.seconds, "-q", "-x", path]
        run(command + (["--threads", threads] if threads else []) + (["--batch", batch] if batch != 1 else []))
        with open(path) as file:
            return json.load(file)


def ms_per_picture(result):
    return result["benchmark_result"]["median"] / result["batch_size"]


def conditions(result, a):
    machine = result["machine"]
    text = f"{machine['cpu']}, {machine['logical_cpus']} CPUs, {result['isa']}, {machine['l2_bytes'] // 1024} KiB of L2; sparsec {result['version']}; "
    text += f"medians of {a.rounds} rounds of {a.seconds:g} s; load {machine['load']:.1f}"
    return text + ("; **a build with checks, not a release**" if result["checked_build"] else "")


def markdown(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows]) + "\n"


def report(a, text, data):
    """Prints the table, and writes it and the data into --out."""
    print(text)
    with open(os.path.join(a.out, "table.md"), "w") as file:
        file.write(text)
    with open(os.path.join(a.out, "results.json"), "w") as file:
        json.dump(data, file, indent=2)
