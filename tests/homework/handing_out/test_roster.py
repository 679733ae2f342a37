"""Class lists are taken as learning platforms export them; names and numbers are invented."""

import pytest
from platform_downloads import canvas_gradebook, worksheet

from course_utils.errors import CourseError
from homework.handing_out.roster import Student, given_and_family, read_roster, spoilt_ids

EXPORTS = {
    "Canvas": canvas_gradebook(
        [("Archer, Ada", 12345, "1001", "ada.a", "9"), ("Berg, Ben", 12346, "1002", "ben.b", "")]
    ),
    "Canvas, names in two columns": (
        "LastName,FirstName,ID,SIS User ID,SIS Login ID,Section,Another base (778)\n"
        "Archer,Ada,12345,1001,ada.a,Course 1,\nBerg,Ben,12346,1002,ben.b,Course 1,\n"
    ),
    "Moodle, grading worksheet": worksheet(
        [(31, "Archer, Ada", "1001", "ada@x.org", "-"), (32, "Berg, Ben", "1002", "", "-")]
    ),
    "Moodle, grades": (
        '"First name","Last name","ID number",Department,"Email address","Assignment: Another base (Real)"\n'
        "Ada,Archer,1001,,ada@x.org,-\nBen,Berg,1002,,,-\n"
    ),
    "Blackboard": (
        '"Last Name","First Name","Username","Student ID"\n"Archer","Ada","1001","77"\n"Berg","Ben","1002","78"\n'
    ),
    "Brightspace": (
        "OrgDefinedId,Username,Last Name,First Name,Email,End-of-Line Indicator\n"
        "#77,#1001,Archer,Ada,ada@x.org,#\n#78,#1002,Berg,Ben,,#\n"
    ),
}


@pytest.fixture
def read(tmp_path):
    def from_text(text):
        path = tmp_path / "list.csv"
        path.write_text(text, encoding="utf-8")
        return read_roster(path)

    return from_text


@pytest.mark.parametrize("platform", EXPORTS)
def test_an_export_gives_the_students_ids_and_names(read, platform):
    assert [(one.id, one.name) for one in read(EXPORTS[platform])] == [("1001", "Archer, Ada"), ("1002", "Berg, Ben")]


def test_a_column_in_which_somebody_has_no_id_is_not_taken(read):
    text = canvas_gradebook([("Archer, Ada", 12345, "1001", "ada.a", ""), ("Berg, Ben", 12346, "", "ben.b", "")])
    assert [one.id for one in read(text)] == ["ada.a", "ben.b"]
    with pytest.raises(CourseError, match="export of Moodle, and in none of its columns .* every student has an id"):
        read(worksheet([(31, "Ada Archer", "", "ada@x.org", "-"), (32, "Ben Berg", "", "", "-")]))


def test_ids_that_a_spreadsheet_has_spoilt_are_found():
    ids = ["1.23457E+12", "1001.0", "nan", "1001", "s1001", "e10", "ada.b", "None"]
    assert spoilt_ids([Student(one, "", "") for one in ids]) == ["1.23457E+12", "1001.0", "nan", "None"]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Ada Archer", ("Ada", "Archer")),
        ("Archer, Ada", ("Ada", "Archer")),
        ("van der Berg, Ben", ("Ben", "van der Berg")),
        ("Ada", ("", "Ada")),
        ("", ("", "")),
    ],
)
def test_a_name_with_the_family_first_stays_what_it_is(name, parts):
    assert given_and_family(name) == parts


def test_a_name_whose_accents_are_two_characters_gets_one(read):
    assert read("student,name\ns1,Cem C\u0327elik\n")[0].name == "Cem Çelik"
