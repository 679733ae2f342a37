"""Feedback and overview: what is in them, what never is, and that nothing of a student's becomes markup."""

import re
import time
from datetime import datetime

import pytest

pytest.importorskip("nbgrader", reason="the packages of the extra 'grading' are not installed")

from homework_records import STUDENTS, by_student, failed, handed_in, refused, scored

from homework.marks import report
from homework.marks.gradebook import Marks

MARKS = Marks(9.5, 12.0, 1.0, 3600.0, (), {"text-answer": 1.5}, {"text-answer": "Say why."})


def feedback(course, record, marks=MARKS, submission=None):
    path = report.write_feedback(course, submission or handed_in(), record, marks)
    return path.read_text(encoding="utf-8")


def overview(course, *records, hints=(), unknown=(), submissions=None, marks=None):
    submissions = submissions or [handed_in(), handed_in("ben")]
    path = report.write_overview(course, STUDENTS, submissions, by_student(*records), marks or {}, list(hints), unknown)
    return path.read_text(encoding="utf-8")


def test_feedback_has_points_items_curves_and_the_text_with_its_comment(tmp_path):
    page = feedback(tmp_path, scored())
    for words in ("9.5 of 12 points", "level reached", "<polyline", "1.5 of 2", "It learned faster.", "Say why."):
        assert words in page


def test_feedback_shows_sentences_and_no_raw_fields(tmp_path):
    page = feedback(tmp_path, scored())
    assert "level reached was looked at." in page and "accuracy: 0.91" not in page and "conv2d, dense" not in page


def test_feedback_says_what_to_do_better_only_where_points_are_missing(tmp_path):
    assert "Next time" not in feedback(tmp_path, scored(), marks=None)
    page = feedback(tmp_path, scored(share=0.5), marks=None)
    assert "Next time: Look at the validation curve" in page


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="no time zone can be chosen here")
def test_feedback_says_by_local_time_when_it_was_due_and_came_and_how_late_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    try:
        due = datetime(2026, 12, 1, 22, 59)
        late = Marks(9.5, 12.0, 1.0, 108000.0, (), {}, {}, due)
        page = feedback(tmp_path, scored(), late, handed_in(timestamp="2026-12-03T04:59:00"))
        assert "Handed in Thu 03 Dec 2026, 05:59 CET; due Tue 01 Dec 2026, 23:59 CET" in page
        assert "late by 1 day 6 hours" in page
        in_time = Marks(9.5, 12.0, 0.0, 0.0, (), {}, {}, due)
        assert ": in time." in feedback(tmp_path, scored(), in_time, handed_in(timestamp="2026-12-01T20:00:00"))
        assert "is not known, so nothing was taken off" in feedback(tmp_path, scored(), in_time, handed_in())
    finally:
        monkeypatch.undo()
        time.tzset()


def test_work_that_was_not_graded_yet_is_new_and_not_failed(tmp_path):
    submissions = [handed_in("ada", path=tmp_path / "work.zip"), handed_in("ben", problem="No bundle was handed in.")]
    assert report.count_states(submissions, {}) == {"scored": 0, "refused": 0, "failed": 1, "missing": 0, "new": 1}
    page = overview(tmp_path, submissions=submissions)
    assert "1 not graded yet" in page and "not graded</a>" in page


def test_the_overview_begins_with_those_that_wait_and_the_table_of_the_class(tmp_path):
    waits = "The bundle in the folder of ben for conv_head waits: it names the student 'ada'."
    submissions = [handed_in(), handed_in("ben", problem="A person looks at it.", waits=waits)]
    page = overview(tmp_path, scored(), submissions=submissions)
    assert page.index("1 bundle names another student") < page.index("<table") < page.index("What needs a person")
    assert page.index("folder of ben") < page.index("histogram") and page.index("<h3>Alike") < page.index("histogram")


def test_the_overview_leads_to_the_page_on_which_texts_are_marked(tmp_path):
    marks = {("ada", "conv_head"): Marks(9.0, 12.0, 0.0, 0.0, ("text-answer",), {}, {})}
    page = overview(tmp_path, scored(), marks=marks)
    assert 'href="http://localhost:8899/formgrader/gradebook/conv_head/conv_head"' in page


def test_a_page_never_shows_another_students_id_where_the_bundle_names_one(tmp_path):
    waits = "The bundle in the folder of ben for conv_head waits: it names the student 'ada'."
    page = feedback(tmp_path, None, None, handed_in("ben", problem="A person looks at it.", waits=waits))
    assert "ada" not in page and "A person looks at it." in page


def test_feedback_says_that_a_late_penalty_is_off_already(tmp_path):
    assert "9.5 of 12 points</strong>; 1 point has already been taken off for handing in late." in feedback(
        tmp_path, scored()
    )
    page = feedback(tmp_path, scored(), marks=Marks(0.0, 12.0, 10.0, 3600.0, (), {}, {}))
    assert "0 of 12 points</strong>; 10 points have already been taken off for handing in late." in page


def test_feedback_names_nobody_else_and_shows_no_picture(tmp_path):
    page = feedback(tmp_path, scored())
    assert "ben" not in page.lower().replace("been", "") and "<img" not in page and "data:image" not in page


@pytest.mark.parametrize(
    "record",
    [scored(answers={"a": "<script>x</script>"}), refused(sentence="<script>x</script>"), failed(sentence="<script>")],
)
def test_nothing_of_a_student_becomes_markup(tmp_path, record):
    if "result" in record and record["result"]["items"]:
        record["result"]["items"][0]["reason"] = "<script>alert(1)</script>"
        record["result"]["items"][0]["evidence"] = {"<b>": ["<script>", {"<i>": "<u>"}]}
        record["result"]["history"] = {"<script>": {'acc"><script>': [0.1, 0.2]}}
    for page in (feedback(tmp_path, record), overview(tmp_path, record)):
        assert "<script" not in page and not re.search(r"<[biu]>", page)


def test_a_refused_bundle_is_told_why_instead_of_items(tmp_path):
    page = feedback(tmp_path, refused(), marks=None)
    assert "Refused: The bundle is no zip file." in page and "No mark yet" in page and "level reached" not in page


def test_who_handed_in_nothing_is_told_that_and_no_more(tmp_path):
    page = feedback(tmp_path, None, marks=None, submission=handed_in(missing=True, problem="Nothing was handed in."))
    assert "Nothing was handed in." in page and "No mark yet" not in page and "is not known" not in page


def test_curves_leave_out_what_is_no_number():
    drawn = report.curves("run", {"accuracy": [0.5, None, float("nan"), "x", 0.9], "loss": [1.0]})
    assert [line["label"] for line in drawn["lines"]] == ["accuracy"]
    assert len(drawn["lines"][0]["points"].split()) == 2


def test_the_histogram_counts_every_submission_once():
    bars = report.histogram([0.0, 0.5, 5.0, 9.0, 9.99, 10.0, 10.0], 10.0)
    assert [bar["count"] for bar in bars] == [2, 0, 0, 0, 0, 1, 0, 0, 0, 2, 2]


def test_the_hardest_item_comes_first():
    one, other = scored()["result"], scored(share=0.5)["result"]
    one["items"][3]["points"] = 0.0
    assert report.hardest_items([one, other])[0] == ("accuracy recomputed", 0.25)


def test_the_overview_names_failures_strangers_and_those_who_are_alike(tmp_path):
    hints = [{"students": ["ada", "ben"], "what": "weights", "sentence": "They have the same weights."}]
    page = overview(tmp_path, scored(), failed("ben"), hints=hints, unknown=["adda"])
    assert "1 scored, 0 refused, 1 failed,\n0 missing" in page
    for words in ("Scoring took more than 60 seconds", "adda", "ada, ben (weights): They have the same weights."):
        assert words in page


def test_the_overview_names_who_is_late_by_how_much_with_and_without_a_penalty(tmp_path):
    late = {
        ("ada", "conv_head"): Marks(9.5, 12.0, 0.0, 5400.0, (), {}, {}),
        ("ben", "conv_head"): Marks(9.5, 12.0, 0.0, 0.0, (), {}, {}),
    }
    page = overview(tmp_path, scored(), scored("ben"), marks=late)
    rows = page.split("<h3>Late</h3>")[1].split("</table>")[0]
    assert "1 late" in page and '<td>ada <span class="name">Ada A.</span></td>' in rows
    assert ">1 hour 30 minutes</td>" in rows and "ben" not in rows


def test_states_add_up_to_all():
    submissions = [handed_in(), handed_in("ben"), handed_in("cy", missing=True), handed_in("di")]
    counts = report.count_states(submissions, by_student(scored(), refused("ben"), failed("di")))
    assert counts == {"scored": 1, "refused": 1, "failed": 1, "missing": 1}
