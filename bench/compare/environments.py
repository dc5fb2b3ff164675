"""Virtual environments for the peers, made once under build/compare/. What cannot be had is said in one line and left out."""
import glob
import os
import subprocess
import sys

PEERS = ["numpy", "onnx", "matplotlib", "onnxruntime", "openvino"]
DEEPSPARSE = ["deepsparse==1.8.0"]
DEEPSPARSE_PYTHONS = ["3.10", "3.9", "3.11", "3.8"]  # that it has wheels for, by preference


def quietly(command, log):
    with open(log, "a") as file:
        return subprocess.run(command, stdout=file, stderr=file).returncode == 0


def python_of(version):
    """A Python of that version, on the path or from pyenv."""
    pyenv = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    for python in [f"python{version}", *sorted(glob.glob(f"{pyenv}/versions/{version}.*/bin/python{version}"))]:
        try:
            subprocess.run([python, "-c", "import venv, ensurepip"], check=True, capture_output=True)
            return python
        except (OSError, subprocess.CalledProcessError):
            pass
    return None


def environment(folder, name, python, packages, imports):
    """The environment's Python, or None after saying why."""
    path = os.path.join(folder, name)
    own, log = os.path.join(path, "bin", "python"), os.path.join(folder, f"{name}.log")
    works = [own, "-c", "import " + ", ".join(imports)]
    if os.path.exists(own) and quietly(works, log):
        return own
    os.makedirs(folder, exist_ok=True)
    print(f"making an environment with {', '.join(packages)}", file=sys.stderr)
    done = (
        quietly([python, "-m", "venv", "--clear", path], log)
        and quietly([own, "-m", "pip", "install", "--disable-pip-version-check", *packages], log)
        and quietly(works, log)
    )
    if done:
        return own
    print(f"{name}: cannot be had here ({log} tells why); going on without it", file=sys.stderr)
    return None


def environments(folder, wanted):
    """Engine -> Python. The environment of onnxruntime also has numpy, onnx and matplotlib, for inputs, batches and the plot."""
    peers = environment(folder, "peers", sys.executable, PEERS, PEERS)
    found = {engine: peers for engine in ("onnxruntime", "openvino") if peers and engine in wanted}
    if "deepsparse" in wanted:
        python = next(filter(None, map(python_of, DEEPSPARSE_PYTHONS)), None)
        if python is None:
            print(f"deepsparse: needs Python {' or '.join(sorted(DEEPSPARSE_PYTHONS))}; going on without it", file=sys.stderr)
        elif own := environment(folder, "deepsparse", python, DEEPSPARSE, ["deepsparse", "onnx", "numpy"]):
            found["deepsparse"] = own
    return peers, found
