"""Levels: derived from each variant's own reference, all equally hard, and looked up for exactly that variant."""

import json

import numpy as np
import pytest

from course_utils.errors import CourseError
from course_utils.sandbox.small_bases import weights_path
from homework.handing_out.variants import VARIANTS
from homework.scoring import thresholds

EVERY = [variant for rows in VARIANTS.values() for variant in rows]
TABLE = json.loads(thresholds.TABLE.read_text(encoding="utf-8"))


def measured(variant):
    row = TABLE.get(variant["assignment"], {}).get(str(variant["number"]), {})
    has_weights = weights_path(variant["base"]).is_file()
    return has_weights and row.get("weights") == thresholds.weights_checksum(variant["base"])


def test_the_committed_levels_follow_from_the_committed_accuracies():
    assert thresholds.with_levels(TABLE) == TABLE


def test_the_committed_page_is_in_step_with_the_table():
    assert thresholds.PAGE.read_text(encoding="utf-8") == thresholds.page(TABLE)


def test_every_row_belongs_to_a_variant_as_it_is_now():
    rows = {(assignment, number): row for assignment, numbers in TABLE.items() for number, row in numbers.items()}
    assert rows
    known = {(variant["assignment"], str(variant["number"])): variant for variant in EVERY}
    for key, row in rows.items():
        assert row["variant"] == known[key]
        assert len(row["accuracies"]) == thresholds.SEEDS
        assert 0.5 < row["threshold"] < min(row["accuracies"])


@pytest.mark.parametrize("variant", EVERY, ids=lambda variant: f"{variant['assignment']}-{variant['number']}")
def test_a_level_is_given_where_it_was_measured_and_said_to_be_missing_where_not(variant):
    if measured(variant):
        assert 0.5 < thresholds.threshold(variant) < 1
    else:
        with pytest.raises(CourseError, match="has no level|other weights|are missing"):
            thresholds.threshold(variant)


@pytest.mark.parametrize("changed", [{}, {"variant": VARIANTS["conv_head"][1]}, {"weights": "0" * 16}])
def test_a_level_counts_only_for_the_variant_and_the_weights_that_it_was_measured_with(tmp_path, changed):
    variant = VARIANTS["conv_head"][0]
    table = tmp_path / "thresholds.json"
    row = {"variant": variant, "weights": thresholds.weights_checksum(variant["base"]), "threshold": 0.8} | changed
    table.write_text(json.dumps({"conv_head": {"0": row}}))
    if not changed:
        assert thresholds.threshold(variant, table=table) == 0.8
    else:
        with pytest.raises(CourseError, match="another variant"):
            thresholds.threshold(variant, table=table)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"conv_head": {"0": {"variant": 1}}}', '{"conv_head": 3}'])
def test_a_damaged_table_is_told(tmp_path, content):
    table = tmp_path / "thresholds.json"
    table.write_text(content)
    with pytest.raises(CourseError, match="has no level"):
        thresholds.threshold(VARIANTS["conv_head"][0], table=table)


def test_an_equally_good_submission_falls_below_the_level_once_in_a_hundred():
    generator = np.random.default_rng(0)
    true, spread, tries = 0.85, 0.01, 40_000

    def accuracy(photos):
        return generator.binomial(photos, np.clip(generator.normal(true, spread, tries), 0, 1)) / photos

    # The three references of one variant share their photos: so do their errors.
    luck = generator.normal(0, np.sqrt(true * (1 - true) / thresholds.PUBLIC_TEST), tries)
    means = true + luck + generator.normal(0, spread / np.sqrt(3), tries)
    levels = np.array([thresholds.level_from([mean] * 3, spread) for mean in means])
    below = (accuracy(thresholds.HIDDEN) < levels).mean()
    assert 0.004 < below < 0.016


def test_the_pooled_spread_leaves_the_differences_between_variants_out():
    assert thresholds.pooled_spread([[0.9, 0.92, 0.94], [0.7, 0.72, 0.74]]) == pytest.approx(0.02)


def test_a_source_without_a_needed_tag_is_told(tmp_path, monkeypatch):
    (tmp_path / "conv_head").mkdir()
    (tmp_path / "conv_head" / "conv_head.py").write_text('# %% tags=["variant"]\nvariant = {}\n')
    monkeypatch.setattr(thresholds, "SOURCE", tmp_path)
    with pytest.raises(CourseError, match="exactly one cell"):
        thresholds.reference_bundles(VARIANTS["conv_head"][0])


@pytest.mark.slow
def test_a_reference_reaches_the_committed_level_again_and_changes_what_was_recorded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    variant = VARIANTS["conv_head"][0]
    found = thresholds.found_in(thresholds.reference_bundles(variant, seeds=1))
    assert found["accuracies"][0] >= thresholds.threshold(variant)
    recorded = thresholds.reference_changes(variant)["convolution"]
    assert all(0.3 < found["changes"]["convolution"][key] / recorded[key] < 3 for key in recorded)


RECORDED = [variant for variant in EVERY if thresholds.reference_changes(variant)]


def test_what_training_changes_was_recorded_for_most_variants_of_the_assignments_that_ask_for_it():
    asked = [
        variant for variant in EVERY if measured(variant) and variant["assignment"] in ("fine_tuning", "conv_head")
    ]
    assert {one["assignment"] for one in RECORDED} == {"fine_tuning", "conv_head"} and 2 * len(RECORDED) > len(asked)


@pytest.mark.parametrize("variant", RECORDED, ids=lambda variant: f"{variant['assignment']}-{variant['number']}")
def test_what_training_changes_is_what_training_can_change(variant):
    changes = thresholds.reference_changes(variant)
    if variant["assignment"] == "conv_head":
        assert set(changes["convolution"]) == {"bias", "beyond"} and min(changes["convolution"].values()) > 0
        return
    assert len(changes["layers"]) == variant["unfreeze"]
    for weights in changes["layers"].values():
        for trace in weights.values():
            assert trace["share"] > 0.5 and 0 < trace["size"][0] <= trace["size"][1] < 0.1


def test_how_alike_reference_runs_answer_is_a_correlation_or_not_known():
    known = [thresholds.honest_likeness("conv_head", variant["number"]) for variant in VARIANTS["conv_head"]]
    assert any(known) and all(one is None or 0 < one < 1 for one in known)
    assert thresholds.honest_likeness("conv_head", 99) is None


def test_with_fewer_hidden_photos_the_level_is_lower_by_what_luck_can_do():
    variant = VARIANTS["conv_head"][0]
    levels = [thresholds.threshold(variant, photos) for photos in (200, thresholds.HIDDEN, 2000)]
    assert levels == sorted(levels) and levels[1] == thresholds.threshold(variant)
    # A coin never reaches it: 0.5 lies more than ten standard deviations below.
    assert levels[0] - 0.5 > 10 * (0.25 / 200) ** 0.5
