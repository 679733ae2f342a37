"""The profile of a training step: what oneDNN prints is added up, and what it does not print is left as the rest."""

import cv2
import pytest

from course_utils.errors import CourseError
from course_utils.training import scratch_cnn
from tools.benchmarks.step_profile import REST, STEPS, draw, read, step_operations

LINES = """onednn_verbose,v1,info,oneDNN v3.7.3
onednn_verbose,v1,primitive,exec,cpu,convolution,brg:avx2,forward_training,src_f32,,alg:direct,mb32_ic3oc32,7.5
steps begin
onednn_verbose,v1,primitive,exec,cpu,convolution,jit:avx2,forward_training,src_f32:a:blocked,,alg:direct,mb32,{a}
onednn_verbose,v1,primitive,exec,cpu,convolution,jit:avx2,backward_weights,src_f32:a:blocked,,alg:direct,mb32,{b}
onednn_verbose,v1,primitive,exec,cpu,eltwise,jit:avx2,backward_data,data_f32::blocked,,alg:eltwise_relu,32x148,{c}
steps end
steps took 0.1 at 0.5
"""


def test_only_what_was_printed_during_the_steps_counts_and_the_rest_is_tensorflows_own():
    printed = LINES.format(a=20.0 * STEPS, b=30.0 * STEPS, c=10.0 * STEPS)
    milliseconds, whole, share = read(printed)
    assert (whole, share) == (100.0, 0.5)
    assert list(milliseconds.items()) == [
        ("convolutions, gradient of the weights", 30.0),
        ("convolutions, forward", 20.0),
        ("ReLU", 10.0),
        (REST, 40.0),
    ]


def test_a_tensorflow_without_onednn_is_told():
    with pytest.raises(CourseError, match="oneDNN printed nothing"):
        read("steps begin\nsteps end\nsteps took 0.1 at 0.5\n")


def test_a_step_takes_each_layer_three_times_but_the_first_twice():
    model = scratch_cnn()
    convolutions = [148**2 * 27 * 32, 72**2 * 288 * 64, 34**2 * 576 * 128, 15**2 * 1152 * 128]
    each = [2 * one for one in (*convolutions, 6272 * 512, 512 * 2)]
    assert step_operations(model) == 32 * (3 * sum(each) - each[0])


def test_the_picture_has_a_bar_for_each_kind(tmp_path):
    draw({"convolutions, forward": 20.0, REST: 5.0}, 25.0, tmp_path / "profile.png")
    assert cv2.imread(str(tmp_path / "profile.png")).shape[1] == 960
