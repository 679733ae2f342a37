"""The benchmark of grading: as many bundles as were asked for, each a student's own."""

import hashlib
import json
import zipfile

import pytest

pytest.importorskip("nbgrader", reason="the packages of the extra 'grading' are not installed")

from homework import grading_benchmark
from homework.collecting.bundle import BundleError, read_bundle


class Builder:
    """Makes parts without training."""

    def __init__(self, folder):
        pass

    def parts(self, student, variant, seed):
        return {"submission.json": json.dumps({"student": student}).encode(), "head.npz": bytes([seed])}


def test_each_student_has_a_bundle_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(grading_benchmark, "Builder", Builder)
    made = grading_benchmark.bundles(tmp_path, 3, grading_benchmark.whole)
    assert len({one.student for one in made}) == len({one.sha256 for one in made}) == 3
    for one in made:
        assert hashlib.sha256(one.path.read_bytes()).hexdigest() == one.sha256
        with zipfile.ZipFile(one.path) as archive:
            assert json.loads(archive.read("submission.json")) == {"student": one.student}


def test_a_small_bundle_is_refused_before_anything_is_computed(tmp_path, monkeypatch):
    monkeypatch.setattr(grading_benchmark, "Builder", Builder)
    (small,) = grading_benchmark.bundles(tmp_path, 1, grading_benchmark.without_head)
    with pytest.raises(BundleError, match="lacks head.npz"):
        read_bundle(small.path)
