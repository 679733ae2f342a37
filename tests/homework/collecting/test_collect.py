"""What learning platforms give is taken in: the right student, the right time, and nothing lost."""

import os
import zipfile

import pytest
from platform_downloads import bundle, canvas_gradebook, moodle, packed, unpacked, worksheet

from course_utils.errors import CourseError
from homework.__main__ import _parser
from homework.collecting.submissions import find_submissions
from homework.course_folder import students_of
from homework.taking_in import collect

ROSTER = 'student,name,email\ns1001,Ada Archer,ada@example.org\ns1002,Ben Berg,\ns1005,"Çelik, Cem",\n'
ADA = "submitted/s1001/another_base"
CEM = "submitted/s1005/another_base"


@pytest.fixture
def course(tmp_path):
    course = tmp_path / "course"
    for assignment in ("another_base", "conv_head"):
        (course / "release" / assignment).mkdir(parents=True)
    (course / "roster.csv").write_text(ROSTER, encoding="utf-8")
    return course


@pytest.fixture
def take_in(course, capsys):
    """Run the command, and give its exit code and what it said."""

    def run(*words, yes=True):
        words = [str(word) for word in (*words, *(["--yes"] if yes else []))]
        code = collect(_parser().parse_args(["--course", str(course), "collect", *words]))
        return code, capsys.readouterr().out

    return run


def lines_of(said, word):
    return [line for line in said.splitlines() if line.startswith(word)]


def everything(course):
    return {
        str(path.relative_to(course)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in course.rglob("*")
        if path.is_file()
    }


def waiting(course):
    return {one.student: one for one in find_submissions(course, students_of(course), ["another_base"])}


def bundles(course, student="s1001"):
    return sorted(path.name for path in (course / "submitted" / student).rglob("*.zip"))


# Moodle


@pytest.mark.parametrize("folders", [True, False], ids=["in folders", "without folders"])
def test_moodles_download_goes_to_the_students_of_that_name(course, take_in, tmp_path, folders):
    files = moodle([("Ada Archer", 1234567, bundle("s1001")), ("Cem Çelik", 1234569, bundle("s1005"))], folders)
    files["Ada Archer_1234567_assignsubmission_onlinetext_/onlinetext.html"] = b"<p>Please look at this</p>"
    code, said = take_in(packed(tmp_path / "moodle.zip", files))
    assert code == 0 and "2 new" in said and "a text written on the platform" in said
    assert (course / ADA / "submission_another_base_s1001.zip").read_bytes() == bundle("s1001")
    assert (course / "submitted/s1005/another_base/submission_another_base_s1005.zip").is_file()


def test_since_moodle_4_1_the_folders_have_no_underscore_at_their_end(course, take_in, tmp_path):
    files = {"Ada Archer_1234567_assignsubmission_file/work.zip": bundle("s1001")}
    assert "1 new" in take_in(packed(tmp_path / "moodle.zip", files))[1]


def test_a_folder_that_was_unpacked_by_hand_is_taken_too(course, take_in, tmp_path):
    files = moodle([("Ada Archer", 1234567, bundle("s1001"))])
    folder = unpacked(tmp_path / "moodle", files)
    before = everything(folder)
    assert "1 new" in take_in(folder)[1]
    assert everything(folder) == before


def test_moodles_worksheet_says_whose_number_it_is_and_when_it_came(course, take_in, tmp_path):
    rows = [(1234567, "A. Archer", "s1001", "", "Saturday, 28 November 2026, 9:07 PM")]
    (tmp_path / "grades.csv").write_text(worksheet(rows), encoding="utf-8")
    files = moodle([("A. Archer", 1234567, bundle("s1001"))])
    archive = packed(tmp_path / "moodle.zip", files)
    code, said = take_in(archive, "--list", tmp_path / "grades.csv", "--zone", "+01:00")
    assert (course / ADA / "timestamp.txt").read_text().strip() == "2026-11-28T20:07:00+00:00"
    assert "Times are from the platform's list" in said and "+01:00" in said


def test_two_students_of_one_name_wait_until_the_platforms_list_is_given(course, take_in, tmp_path):
    (course / "roster.csv").write_text("student,name,email\ns1,Ada Archer,a@x.org\ns2,Ada Archer,b@x.org\n")
    archive = packed(
        tmp_path / "moodle.zip", moodle([("Ada Archer", 22, bundle("s2")), ("Ada Archer", 21, bundle("s1"))])
    )
    code, said = take_in(archive)
    assert "2 unknown student" in said and "2 students are called 'Ada Archer'" in said
    rows = [(21, "Ada Archer", "", "a@x.org", "-"), (22, "Ada Archer", "", "b@x.org", "-")]
    (tmp_path / "grades.csv").write_text(worksheet(rows), encoding="utf-8")
    assert "2 new" in take_in(archive, "--list", tmp_path / "grades.csv")[1]
    assert bundles(course, "s2") == ["submission_another_base_s2.zip"]


def test_a_name_whose_accents_are_two_characters_belongs_to_its_student(course, take_in, tmp_path):
    files = moodle([("Cem C\u0327elik", 1234569, bundle("s1005"))])
    assert "1 new" in take_in(packed(tmp_path / "moodle.zip", files))[1]


# Canvas


def test_canvas_names_are_matched_and_its_late_mark_is_kept(course, take_in, tmp_path):
    files = {
        "archerada_12345_67890_submission_another_base_s1001.zip": bundle("s1001"),
        "çelikcem_LATE_12349_67891_submission_another_base_s1005-1.zip": bundle("s1005"),
        "bergben_12346_text.html": b"<p>My dog ate it</p>",
    }
    code, said = take_in(packed(tmp_path / "submissions.zip", files))
    assert "2 new, 1 not a bundle" in said or "1 not a bundle, 2 new" in said
    assert "Marked late by the platform, without a time: s1005." in said and "Of 1 bundles nothing says" in said
    assert "2026-11-28 21:07:00 in the zip file" in said
    assert not (course / ADA / "timestamp.txt").exists()
    notes = {one.student: one.note for one in find_submissions(course, students_of(course), ["another_base"])}
    assert notes["s1001"] == "It is not known when this came."
    assert notes["s1005"] == "It is not known when this came, and the learning platform marks it late."


def test_canvas_users_are_known_by_the_number_in_its_gradebook(course, take_in, tmp_path):
    (tmp_path / "grades.csv").write_text(canvas_gradebook([("Archer, Adelaide", 12345, "", "s1001", "")]))
    archive = packed(tmp_path / "submissions.zip", {"archeradelaide_12345_67890_work.zip": bundle("s1001")})
    assert "1 unknown student" in take_in(archive)[1]
    assert "1 new" in take_in(archive, "--list", tmp_path / "grades.csv")[1]


def test_a_time_given_by_the_instructor_goes_to_those_not_marked_late(course, take_in, tmp_path):
    files = {
        "archerada_12345_67890_work.zip": bundle("s1001"),
        "bergben_LATE_12346_67891_work.zip": bundle("s1002"),
    }
    take_in(packed(tmp_path / "submissions.zip", files), "--time", "2026-12-01T23:59:00+01:00")
    assert (course / ADA / "timestamp.txt").read_text().strip() == "2026-12-01T22:59:00+00:00"
    assert not (course / "submitted/s1002/another_base/timestamp.txt").exists()
    by_hand = {who: one.time_by_hand for who, one in waiting(course).items() if one.path}
    assert by_hand == {"s1001": True, "s1002": False}


def test_the_platforms_times_are_in_the_zone_of_the_class(course, take_in, tmp_path):
    (course / "zone.txt").write_text("+02:00\n")
    files = {"Another base_s1001_attempt_2026-11-28-21-07-00_work.zip": bundle("s1001")}
    said = take_in(packed(tmp_path / "gradebook.zip", files))[1]
    assert (course / ADA / "timestamp.txt").read_text().startswith("2026-11-28T19:07:00")
    assert "2026-11-28 21:07 UTC+02:00" in said and "were taken in UTC+02:00" in said


def test_an_anonymous_canvas_download_waits(course, take_in, tmp_path):
    assert "1 unknown student" in take_in(packed(tmp_path / "s.zip", {"anon_aB3x9_67890_work.zip": bundle("s1001")}))[1]


# Blackboard, Brightspace, nbgrader, a flat folder


def test_blackboards_user_and_time_stand_in_the_files_name(course, take_in, tmp_path):
    start = "Another base_s1001_attempt_2026-11-28-21-07-00"
    files = {
        f"{start}.txt": b"Name: Ada Archer (s1001)\nAssignment: Another base\n",
        f"{start}_work.zip": bundle("s1001"),
    }
    code, said = take_in(packed(tmp_path / "gradebook.zip", files), "--zone", "+00:00")
    assert "1 new" in said and "not a bundle" not in said
    assert (course / ADA / "timestamp.txt").read_text().startswith("2026-11-28T21:07:00")


def test_a_blackboard_user_name_with_an_underscore_is_read_from_the_note(course, take_in, tmp_path):
    (course / "roster.csv").write_text("student,name\na_archer,Ada Archer\n")
    start = "Another base_a_archer_attempt_2026-11-28-21-07-00"
    files = {f"{start}.txt": b"Name: Ada Archer (a_archer)\n", f"{start}_work.zip": bundle("a_archer")}
    assert "1 new" in take_in(packed(tmp_path / "gradebook.zip", files))[1]


def test_of_two_blackboard_attempts_the_later_counts_and_the_other_is_kept(course, take_in, tmp_path):
    files = {
        "Another base_s1001_attempt_2026-11-28-21-07-00_work.zip": bundle("s1001", mark="second"),
        "Another base_s1001_attempt_2026-11-27-08-00-00_work.zip": bundle("s1001", mark="first"),
    }
    archive = packed(tmp_path / "gradebook.zip", files)
    code, said = take_in(archive)
    assert "1 new" in said and "1 older" in said
    assert (course / ADA / "submission_another_base_s1001.zip").read_bytes() == bundle("s1001", mark="second")
    assert [path.read_bytes() for path in (course / ADA / "earlier").glob("*.zip")] == [bundle("s1001", mark="first")]
    before = everything(course)
    assert "2 same as before" in take_in(archive)[1] and everything(course) == before


@pytest.mark.parametrize("clock", ["907 PM", "1207 AM"])
def test_brightspaces_folders_name_student_and_time(course, take_in, tmp_path, clock):
    files = {
        f"152711-351765 - Ada Archer - Nov 28, 2026 {clock}/work.zip": bundle("s1001"),
        "index.html": b"<html></html>",
    }
    assert "1 new" in take_in(packed(tmp_path / "dropbox.zip", files), "--zone", "+00:00")[1]
    hour = {"907 PM": "21:07", "1207 AM": "00:07"}[clock]
    assert (course / ADA / "timestamp.txt").read_text().startswith(f"2026-11-28T{hour}:00")


def test_nbgraders_layout_is_taken_with_its_times(course, take_in, tmp_path):
    files = {
        "submitted/s1001/another_base/work.zip": bundle("s1001"),
        "submitted/s1001/another_base/timestamp.txt": b"2026-11-28 21:07:00 UTC",
    }
    assert "1 new" in take_in(unpacked(tmp_path / "exchange", files))[1]
    assert (course / ADA / "timestamp.txt").read_text().startswith("2026-11-28T21:07:00")


def test_in_a_flat_folder_the_bundle_says_whose_it_is(course, take_in, tmp_path):
    folder = unpacked(tmp_path / "mail", {"from ada.zip": bundle("S1001 "), "x.zip": bundle("s9999"), "notes.txt": b""})
    code, said = take_in(folder)
    assert "1 new" in said and "it names 's9999', who is not on the class list" in said
    assert bundles(course) == ["submission_another_base_s1001.zip"]


def test_zeros_that_a_spreadsheet_has_dropped_from_the_class_list_are_named(course, take_in, tmp_path):
    (course / "roster.csv").write_text("student,name\n123,Ada Archer\n45,Ben Berg\n")
    said = take_in(unpacked(tmp_path / "mail", {"a.zip": bundle("00123"), "b.zip": bundle("9")}))[1]
    assert "it names '00123', who is not on the class list, but 123 is: a spreadsheet" in said
    assert said.count("a spreadsheet") == 1


def test_one_files_name_does_not_turn_a_folder_of_bundles_into_a_platforms_download(course, take_in, tmp_path):
    files = {f"{n}.zip": bundle(f"s100{n}") for n in (2, 5)}
    files["Ben Berg_1_assignsubmission_file_x.zip"] = bundle("s1001")
    assert "3 new" in take_in(unpacked(tmp_path / "mail", files))[1]


def test_one_bundle_can_be_given_alone(course, take_in, tmp_path):
    (tmp_path / "one.zip").write_bytes(bundle("s1002", "conv_head"))
    assert "1 new" in take_in(tmp_path / "one.zip")[1]
    assert bundles(course, "s1002") == ["submission_conv_head_s1002.zip"]


def test_the_folder_of_a_class_is_no_download(course, take_in):
    (course / "secret.txt").write_text("a secret")
    before = everything(course)
    with pytest.raises(CourseError, match="is a course folder; give what the learning platform gave you"):
        take_in(course)
    assert everything(course) == before


# Whose it is


def test_a_forged_bundle_is_never_filed_under_the_student_that_it_names_and_waits_with_its_sender(
    course, take_in, tmp_path
):
    files = moodle([("Cem Çelik", 5, bundle("s1002")), ("Ben Berg", 2, bundle("s1002", mark="own"))])
    archive = packed(tmp_path / "moodle.zip", files)
    code, said = take_in(archive)
    (line,) = lines_of(said, "waits for you")
    assert "it names the student 's1002', and s1005 handed it in" in line and "grade --accept" in said
    assert "Ask s1005 for their own work (more time: extend s1005 another_base --days N)." in said
    assert (course / "submitted/s1002/another_base/submission_another_base_s1002.zip").read_bytes() == bundle(
        "s1002", mark="own"
    )
    waits = waiting(course)["s1005"]
    assert waits.path is None and not waits.missing and "it names the student 's1002'" in waits.waits
    assert "s1002" not in waits.problem
    before = everything(course)
    assert "2 same as before" in take_in(archive)[1] and everything(course) == before


def test_who_sent_the_same_file_is_said(course, take_in, tmp_path):
    files = moodle([("Cem Çelik", 5, bundle("s1002")), ("Ben Berg", 2, bundle("s1002"))])
    (line,) = lines_of(take_in(packed(tmp_path / "moodle.zip", files))[1], "waits for you")
    assert "the same file as s1002" in line


def test_own_work_that_comes_later_takes_the_place_of_anothers_bundle(course, take_in, tmp_path):
    take_in(packed(tmp_path / "1.zip", {"çelikcem_12349_200_a.zip": bundle("s1002")}))
    assert "1 newer" in take_in(packed(tmp_path / "2.zip", {"çelikcem_12349_100_a.zip": bundle("s1005")}))[1]
    own = waiting(course)["s1005"]
    assert own.waits is None and own.path.read_bytes() == bundle("s1005")
    assert [path.read_bytes() for path in (course / CEM / "earlier").glob("*.zip")] == [bundle("s1002")]


@pytest.mark.parametrize("together", [True, False], ids=["in one download", "in two downloads"])
def test_anothers_bundle_takes_the_place_of_no_own_work(course, take_in, tmp_path, together):
    first, second = {"çelikcem_12349_100_a.zip": bundle("s1005")}, {"çelikcem_12349_200_a-1.zip": bundle("s1002")}
    if together:
        said = take_in(packed(tmp_path / "s.zip", first | second))[1]
    else:
        take_in(packed(tmp_path / "1.zip", first))
        said = take_in(packed(tmp_path / "2.zip", second))[1]
    assert lines_of(said, "another's bundle") and "what they handed in otherwise counts" in said
    assert waiting(course)["s1005"].path.read_bytes() == bundle("s1005")


def test_of_two_that_wait_the_newest_is_filed(course, take_in, tmp_path):
    files = {f"çelikcem_12349_{n}_a.zip": bundle("s1002", mark=str(n)) for n in (100, 200)}
    take_in(packed(tmp_path / "s.zip", files))
    (path,) = (course / CEM).glob("*.zip")
    assert path.read_bytes() == bundle("s1002", mark="200") and waiting(course)["s1005"].waits


def test_a_forged_bundle_replaces_nothing_of_the_student_that_it_names(course, take_in, tmp_path):
    take_in(packed(tmp_path / "first.zip", moodle([("Ben Berg", 2, bundle("s1002", mark="own"))])))
    take_in(packed(tmp_path / "second.zip", moodle([("Cem Çelik", 5, bundle("s1002", mark="forged"))])))
    assert waiting(course)["s1002"].path.read_bytes() == bundle("s1002", mark="own")


def test_a_name_that_a_student_chose_decides_nothing(course, take_in, tmp_path):
    files = {
        "bergben_12346_67891_archerada_12345_67890_work.zip": bundle("s1001"),
        "archerada_12345_67890_work.zip": bundle("s1001", mark="own"),
    }
    code, said = take_in(packed(tmp_path / "submissions.zip", files))
    assert "it names the student 's1001', and s1002 handed it in" in said
    assert (course / ADA / "submission_another_base_s1001.zip").read_bytes() == bundle("s1001", mark="own")


def test_another_assignment_than_the_downloads_waits(course, take_in, tmp_path):
    archive = packed(tmp_path / "moodle.zip", moodle([("Ada Archer", 1, bundle("s1001", "conv_head"))]))
    code, said = take_in(archive, "--assignment", "another_base")
    assert "1 waits for you" in said and "it names the assignment 'conv_head'" in said
    assert waiting(course)["s1001"].waits
    said = take_in(packed(tmp_path / "other.zip", moodle([("Ben Berg", 1, bundle("s1002", "fine_tuning"))])))[1]
    assert "1 wrong assignment" in said and "fine_tuning' was not released" in said
    assert "1 stay in the download" in said and bundles(course, "s1002") == []


def test_what_lies_in_another_assignments_folder_waits(course, take_in, tmp_path):
    folder = unpacked(tmp_path / "exchange", {"s1001/conv_head/work.zip": bundle("s1001")})
    said = take_in(folder, "--assignment", "another_base")[1]
    assert "1 wrong assignment" in said and "it lies where conv_head was handed in" in said and bundles(course) == []
    said = take_in(folder)[1]
    assert "1 waits for you" in said and "it names the assignment 'another_base', and s1001 handed it in" in said


# Safe, and the same when done twice


def test_nothing_is_written_before_somebody_says_yes(course, take_in, tmp_path):
    archive = packed(tmp_path / "moodle.zip", moodle([("Ada Archer", 1, bundle("s1001"))]))
    before = everything(course)
    code, said = take_in(archive, yes=False)
    assert code == 1 and "Nothing was written" in said and "s1001" in said
    assert everything(course) == before


def test_collecting_twice_changes_nothing(course, take_in, tmp_path):
    files = {"archerada_12345_67890_a.zip": bundle("s1001"), "bergben_12346_67891_b.zip": bundle("s1002")}
    archive = packed(tmp_path / "submissions.zip", files)
    take_in(archive)
    before = everything(course)
    code, said = take_in(archive)
    assert code == 0 and "2 same as before" in said and everything(course) == before


def test_a_newer_attempt_counts_and_the_one_before_is_kept_whichever_comes_last(course, take_in, tmp_path):
    first = packed(tmp_path / "1.zip", {"archerada_12345_100_a.zip": bundle("s1001", mark="first")})
    second = packed(tmp_path / "2.zip", {"archerada_12345_200_a-1.zip": bundle("s1001", mark="second")})
    take_in(first)
    assert "1 newer" in take_in(second)[1]
    assert "1 same as before" in take_in(first)[1]
    assert (course / ADA / "submission_another_base_s1001.zip").read_bytes() == bundle("s1001", mark="second")
    assert [path.read_bytes() for path in (course / ADA / "earlier").glob("*.zip")] == [bundle("s1001", mark="first")]


def test_an_older_download_that_comes_later_replaces_nothing(course, take_in, tmp_path):
    take_in(packed(tmp_path / "2.zip", {"archerada_12345_200_a.zip": bundle("s1001", mark="second")}))
    assert "1 older" in take_in(packed(tmp_path / "1.zip", {"archerada_12345_100_a.zip": bundle("s1001")}))[1]
    assert (course / ADA / "submission_another_base_s1001.zip").read_bytes() == bundle("s1001", mark="second")


def test_what_was_put_there_by_hand_is_kept_with_its_time(course, take_in, tmp_path):
    unpacked(course / ADA, {"mine.zip": bundle("s1001", mark="by hand"), "timestamp.txt": "2026-11-01T10:00:00+00:00"})
    take_in(packed(tmp_path / "m.zip", moodle([("Ada Archer", 1, bundle("s1001"))])))
    kept = sorted((course / ADA / "earlier").iterdir())
    assert {path.suffix for path in kept} == {".zip", ".txt"}
    assert kept[-1].read_bytes() == bundle("s1001", mark="by hand") and not (course / ADA / "timestamp.txt").exists()


def test_two_different_bundles_of_which_none_is_the_newer_wait(course, take_in, tmp_path):
    folder = unpacked(tmp_path / "mail", {"a.zip": bundle("s1001", mark="a"), "b.zip": bundle("s1001", mark="b")})
    assert "2 two bundles" in take_in(folder)[1] and bundles(course) == []


@pytest.mark.parametrize(
    "files",
    [
        {"Ada Archer_7_assignsubmission_file_/work.zip": 0, "Ada Archer_7_assignsubmission_file_/my notes.docx": 1},
        {"archerada_12345_67890_work.zip": 0, "archerada_12345_67891_my notes.docx": 1},
        {
            "Another base_s1001_attempt_2026-11-28-21-07-00_work.zip": 0,
            "Another base_s1001_attempt_2026-11-28-21-07-00_my notes.docx": 1,
        },
    ],
    ids=["moodle", "canvas", "blackboard"],
)
def test_a_foreign_file_beside_a_bundle_is_named_and_kept_and_changes_nothing_else(course, take_in, tmp_path, files):
    contents = (bundle("s1001"), b"PK of a text")
    archive = packed(tmp_path / "download.zip", {name: contents[which] for name, which in files.items()})
    code, said = take_in(archive)
    (line,) = lines_of(said, "beside the bundle")
    assert code == 0 and "my notes.docx is no .zip file, and is kept" in line and "s1001" in line and "1 new" in said
    (kept,) = (course / ADA / "beside").iterdir()
    assert kept.read_bytes() == b"PK of a text" and kept.name.endswith("_my-notes.docx")
    (one,) = find_submissions(course, students_of(course)[:1], ["another_base"])
    assert one.path.name == "submission_another_base_s1001.zip" and one.problem is None
    before = everything(course)
    assert "2 same as before" in take_in(archive)[1] and everything(course) == before


def test_a_foreign_file_alone_is_named_and_the_student_counts_as_missing(course, take_in, tmp_path):
    code, said = take_in(packed(tmp_path / "s.zip", {"archerada_12345_67891_essay.docx": b"PK"}))
    assert "essay.docx is no .zip file" in said and "1 not a bundle" in said and not (course / "submitted").exists()


def test_a_file_name_of_a_student_leads_out_of_no_folder(course, take_in, tmp_path):
    files = {"archerada_1_2_work.zip": bundle("s1001"), "archerada_1_3_..%2F..\\evil\n.docx": b"PK"}
    take_in(unpacked(tmp_path / "download", files), "--from", "canvas")
    assert all(path.parent.name == "beside" for path in course.rglob("*.docx"))


def test_one_hostile_file_is_refused_and_the_others_are_taken(course, take_in, tmp_path, monkeypatch):
    monkeypatch.setattr("homework.collecting.downloads.RATIO_COUNTS_FROM", 1000)
    files = moodle([("Ada Archer", 1, bundle("s1001")), ("Ben Berg", 2, bytes(5_000_000))])
    files["../../outside_3_assignsubmission_file_/x.zip"] = bundle("s1005")
    code, said = take_in(packed(tmp_path / "moodle.zip", files))
    assert "1 new" in said and "blows up when unpacked" in said and "outside its folder" in said
    assert not list(tmp_path.parent.glob("outside*")) and bundles(course, "s1002") == []


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_in_a_folder_is_not_followed(course, take_in, tmp_path):
    (tmp_path / "secret.zip").write_bytes(bundle("s1001"))
    folder = unpacked(tmp_path / "mail", {"b.zip": bundle("s1002")})
    (folder / "a.zip").symlink_to(tmp_path / "secret.zip")
    said = take_in(folder)[1]
    assert "a.zip is a link" in said and bundles(course) == []


def test_a_file_that_is_no_download_is_told(course, take_in, tmp_path):
    (tmp_path / "page.zip").write_bytes(b"<html>please log in</html>")
    with pytest.raises(CourseError, match="no zip file that can be read"):
        take_in(tmp_path / "page.zip")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    assert "No files: is this what the platform gave you?" in take_in(tmp_path / "empty.zip")[1]
