"""Draw where the time of a training step of the scratch CNN goes: ``python -m tools.benchmarks.step_profile``.

oneDNN, which computes convolutions, products and pooling for TensorFlow, prints each of its operations with its time
when it is asked to. What it does not print is TensorFlow's own. Writes docs/results/step_profile.png.
"""

import os
import re
import subprocess
import sys
import time
from collections import Counter

import numpy as np

from course_utils.errors import CourseError, exit_code
from course_utils.training import scratch_cnn
from tools.benchmarks.bench import RESULTS, ROOT
from tools.benchmarks.report import saved
from tools.benchmarks.tasks import images, matrix_product_rate, operations

BATCH, STEPS = 32, 20
# A line of oneDNN's, such as onednn_verbose,v1,primitive,exec,cpu,convolution,jit:avx2,backward_data,...,3.21
LINE = re.compile(r"^onednn_verbose,(?:v\d,)?(?:primitive,)?exec,cpu,(\w+),[^,]*,(\w+),.*,([\d.]+)$")
NAMES = {
    ("convolution", "forward_training"): "convolutions, forward",
    ("convolution", "forward_inference"): "convolutions, forward",
    ("convolution", "backward_weights"): "convolutions, gradient of the weights",
    ("convolution", "backward_data"): "convolutions, gradient of the maps",
}
KINDS = {
    "eltwise": "ReLU",
    "pooling": "max pooling",
    "matmul": "Dense",
    "inner_product": "Dense",
    "gemm_api": "Dense",
    "reorder": "order of the numbers",
}
REST = "TensorFlow's own"


def main():
    if sys.argv[1:] == ["steps"]:
        print(train_steps(), flush=True)
        return 0
    # One operation after the other, or those that run side by side would add up to more than the step.
    environment = os.environ | {"ONEDNN_VERBOSE": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "TF_NUM_INTEROP_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", __spec__.name, "steps"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise CourseError(f"The steps could not be run: {done.stderr.strip().splitlines()[-1]}")
    milliseconds, whole, share = read(done.stdout)
    draw(milliseconds, whole, RESULTS / "step_profile.png")
    for name, taken in milliseconds.items():
        print(f"{name:40} {taken:7.2f} ms {taken / whole:6.1%}")
    print(f"one step {whole:.2f} ms; {share:.2f} of the rate of the machine's own matrix product")
    return 0


def train_steps():
    """Train some steps while oneDNN prints, and say in one line how long they took.

    Returns
    -------
    str
        ``steps took SECONDS at SHARE``: of one step, and of the rate of `matrix_product_rate`.
    """
    import keras

    keras.config.set_dtype_policy("float32")
    model = scratch_cnn()
    x, y = images(BATCH), np.arange(BATCH) % 2
    for _ in range(3):
        model.train_on_batch(x, y)
    print("steps begin", flush=True)
    begun = time.perf_counter()
    for _ in range(STEPS):
        model.train_on_batch(x, y)
    seconds = (time.perf_counter() - begun) / STEPS
    print("steps end", flush=True)
    return f"steps took {seconds} at {step_operations(model) / seconds / matrix_product_rate('float32')}"


def step_operations(model):
    """Count a step's multiplications and additions: forward, for the weights, and for the maps of all but the first.

    Parameters
    ----------
    model : keras.Model

    Returns
    -------
    int
    """
    each = operations(model.layers)
    return BATCH * (3 * sum(each) - each[0])


def read(printed):
    """Add up what oneDNN printed of the steps.

    Parameters
    ----------
    printed : str

    Returns
    -------
    (dict of str to float, float, float)
        Milliseconds of each kind of operation in one step, the longest first, TensorFlow's own last; of the whole step;
        and its share of the rate of a matrix product.
    """
    _, _, rest = printed.partition("steps begin\n")
    steps, _, end = rest.partition("steps end\n")
    seconds, share = map(float, re.search(r"steps took (\S+) at (\S+)", end).groups())
    found = Counter()
    for line in steps.splitlines():
        if match := LINE.match(line):
            kind, direction, taken = match.groups()
            found[NAMES.get((kind, direction)) or KINDS.get(kind, kind)] += float(taken) / STEPS
    if not found:
        raise CourseError("oneDNN printed nothing: this TensorFlow does not use it, so there is nothing to draw.")
    whole = 1000 * seconds
    return dict(found.most_common()) | {REST: max(0.0, whole - found.total())}, whole, share


def draw(milliseconds, whole, path):
    """Draw one bar for each kind of operation.

    Parameters
    ----------
    milliseconds : dict of str to float
    whole : float
        Milliseconds of the step.
    path : pathlib.Path
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 0.5 * len(milliseconds) + 1), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh(list(milliseconds), list(milliseconds.values()), color="#0072B2")
    axes.bar_label(bars, [f"{taken / whole:.0%}" for taken in milliseconds.values()], padding=3)
    axes.invert_yaxis()
    axes.set_xlabel(f"milliseconds of a step of {BATCH} photos, which takes {whole:.0f}")
    axes.spines[["top", "right"]].set_visible(False)
    saved(figure, path)


if __name__ == "__main__":
    sys.exit(exit_code(main))
