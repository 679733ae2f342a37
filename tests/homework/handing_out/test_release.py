"""Release: the class list and what is wrong with it, a notebook for each student or for all, nothing given away."""

import ast
import json
import re
from pathlib import Path

import nbformat
import pytest

from course_utils.assignments import STUDENTS_LINE
from course_utils.assignments.variant import ASSIGNMENTS
from course_utils.errors import CourseError
from homework.handing_out import release as releasing
from homework.handing_out.release import Student, read_roster, release
from homework.handing_out.variants import SECRET_FILE, VARIANTS, course_secret, variant_of
from tools import notebooks

ROSTER = 'student,name,email\nann,"Lee, Ann",ann@x.org\nzoë,Zoë,\n2026-1.b,,\n'
SOLVED = {path.stem: path for path in notebooks.homework_solutions(Path(__file__).resolve().parents[3])}


@pytest.fixture
def roster(tmp_path):
    """Write a class list, given as text or bytes, and give its path."""

    def write(content):
        path = tmp_path / "class list.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def code_of(path):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def tagged(path, tag):
    (cell,) = [cell for cell in code_of(path) if tag in cell.metadata.get("tags", [])]
    return cell


def stated(path):
    """What a notebook's variant cell assigns, without running it."""
    values = {}
    for node in ast.parse(tagged(path, "variant").source).body:
        if isinstance(node, ast.Assign):
            try:
                values[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                values[node.targets[0].id] = None
    return values


# The class list


def test_a_class_list_is_read_with_names_in_any_script(roster):
    assert read_roster(roster(ROSTER)) == [
        Student("ann", "Lee, Ann", "ann@x.org"),
        Student("zoë", "Zoë", ""),
        Student("2026-1.b", "", ""),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfStudent;Name\r\nann;Ann\r\n\r\n ;\r\n",
        "section, STUDENT ,name\n3, ann , Ann\n",
        "student\nann",
    ],
    ids=["Excel with semicolons", "further columns and spaces", "ids alone"],
)
def test_class_lists_of_other_programs_are_read(roster, content):
    assert [student.id for student in read_roster(roster(content))] == ["ann"]


def test_an_accent_written_as_two_characters_becomes_one(roster):
    assert read_roster(roster("student\nzoe\u0308\n"))[0].id == "zoë"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "one column called 'student'.*nothing"),
        ("name,email\nann,a@x.org\n", "one column called 'student'.*name, email"),
        ("student,student\nann,bob\n", "one column called 'student'"),
        ("student,name\n", "lists no student"),
        ("student\nann\nbob\nann\n", "line 4: the student id 'ann' stands in line 2"),
        ("student\nann\nAnn\n", "line 3: the student id 'Ann' stands in line 2"),
        ("student\nzoë\nzoe\u0308\n", "line 3.*stands in line 2"),
        ("student,name\n,Ann\n", "line 2: the student id '' is empty"),
        ("student\n../ann\n", "line 2.*cannot name a folder"),
        ("student\na/b\n", "cannot name a folder"),
        ("student\na\\b\n", "cannot name a folder"),
        ("student\n.ann\n", "cannot name a folder"),
        ("student\nann lee\n", "cannot name a folder"),
        ("student\nann.\n", "cannot name a folder"),
        ("student\n-rf\n", "cannot name a folder"),
        ("student\na*\n", "cannot name a folder"),
        ("student\n_a\n", "cannot name a folder"),
        ("student\n" + "a" * 65 + "\n", "cannot name a folder"),
        ("student\nann\u202eb\n", "cannot name a folder"),
        ("student\nNUL\n", "keep for something else"),
        ("student\ncom1.x\n", "keep for something else"),
        ("student\nall\n", "keep for something else"),
        ("student,name\nann,Lee,Ann\n", "line 2, has more cells"),
        ('student,name\nann,"Lee\n', "no CSV"),
        ("student\n\0\n", "not a CSV file"),
        ("student,name\nann,Zoë\n".encode("latin-1"), "line 2, is not in UTF-8"),
        ("student\nann\n".encode("utf-16"), "not in UTF-8"),
        (b"PK\x03\x04\x14\x00", "is a zip file or a workbook of Excel"),
    ],
)
def test_an_error_in_the_class_list_is_told_with_its_line_and_nothing_is_written(roster, tmp_path, content, words):
    with pytest.raises(CourseError, match=words):
        release(tmp_path / "course", roster(content))
    assert not (tmp_path / "course").exists()


def test_a_missing_class_list_is_told(tmp_path):
    with pytest.raises(CourseError, match="does not exist"):
        read_roster(tmp_path / "none.csv")


# One notebook for each student


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    (folder / "roster.csv").write_text(ROSTER, encoding="utf-8")
    return folder / "course", release(folder / "course", folder / "roster.csv")


def test_each_student_gets_each_assignment_in_the_own_folder(released):
    course, paths = released
    expected = {
        course / "release" / assignment / student / f"{assignment}.ipynb"
        for assignment in ASSIGNMENTS
        for student in ("ann", "zoë", "2026-1.b")
    }
    assert set(paths) == expected and all(path.is_file() for path in expected)


def test_each_notebook_states_its_student_and_the_variant_that_the_secret_gives(released):
    course, paths = released
    secret = course_secret(course)
    for path in paths:
        values = stated(path)
        assert values["student"] == path.parent.name
        assert values["variant"] == variant_of(secret, path.parent.name, path.stem)


def test_no_released_file_holds_the_secret_or_another_students_id(released):
    course, paths = released
    secret = course_secret(course).hex()
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert secret not in text and "secret" not in text
        assert all(other not in text for other in {"zoë", "2026-1.b"} - {path.parent.name})


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_no_line_of_a_solution_is_in_any_students_version(released, assignment):
    source = SOLVED[assignment].read_text(encoding="utf-8")
    stretches = re.findall(r"# SOLUTION\n(.*?)# END SOLUTION", source, re.DOTALL)
    stretches += re.findall(r'# %% tags=\["solution-only"\]\n(.*?)\n# %%', source, re.DOTALL)
    assert len(stretches) >= 4
    given = source
    for stretch in stretches:
        given = given.replace(stretch, "")
    lines = {line.strip() for stretch in stretches for line in stretch.splitlines()}
    telling = [line for line in lines if len(line) > 8 and line not in given]
    assert telling
    for path in [path for path in released[1] if path.stem == assignment] + [
        notebooks.practice_copy(SOLVED[assignment])
    ]:
        shown = path.read_text(encoding="utf-8")
        assert [line for line in telling if json.dumps(line)[1:-1] in shown] == []


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_a_students_version_has_gaps_one_answer_cell_and_ends_with_the_submission(released, assignment):
    cells = code_of(next(path for path in released[1] if path.stem == assignment))
    assert sum(STUDENTS_LINE in cell.source for cell in cells) >= 3
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells)
    assert "pack_submission(student, variant, " in cells[-1].source
    assert [cell.source for cell in cells if "answer" in cell.metadata.get("tags", [])] == [
        'answer = """\nWrite your answer here.\n"""'
    ]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
@pytest.mark.parametrize("tag", ["setup", "variant", "recorded", "seed", "answer", "solution-only", "submission"])
def test_a_source_has_one_cell_with_each_tag_that_is_looked_for(assignment, tag):
    tags = [tag for cell in notebooks.from_script(SOLVED[assignment]).cells for tag in cell.metadata.get("tags", [])]
    assert tags.count(tag) == 1


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_source_states_the_first_variant_for_practice(assignment):
    cell = tagged(notebooks.practice_copy(SOLVED[assignment]), "variant")
    values = ast.literal_eval(cell.source.split("variant = ")[1])
    assert values == VARIANTS[assignment][0]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_nbgrader_metadata_say_what_is_marked_filled_in_and_read_only(released, assignment):
    cells = code_of(next(path for path in released[1] if path.stem == assignment))
    marks = [cell.metadata["nbgrader"] for cell in cells if "nbgrader" in cell.metadata]
    assert len({mark["grade_id"] for mark in marks}) == len(marks)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", mark["grade_id"]) for mark in marks)
    assert all(mark["schema_version"] == 3 and mark["task"] is False for mark in marks)
    assert [mark["grade_id"] for mark in marks if mark["grade"] and mark["solution"]] == ["text-answer"]
    for cell in cells:
        mark = cell.metadata.get("nbgrader")
        if STUDENTS_LINE in cell.source:
            assert mark["solution"] and not mark["locked"]
        if "check" in cell.metadata.get("tags", []):
            assert mark["locked"] and mark["grade"] and not mark["solution"]
        if {"variant", "setup"} & set(cell.metadata.get("tags", [])):
            assert mark is None


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_hand_in_cell_shows_no_path_and_drawing_is_announced_before_it_begins(released, assignment):
    cells = nbformat.read(next(path for path in released[1] if path.stem == assignment), 4).cells
    # What a cell's last line gives is shown below it: PosixPath('...') would be.
    assert not isinstance(ast.parse(cells[-1].source).body[-1], ast.Expr)
    (at,) = [number for number, cell in enumerate(cells) if 'fetch_photos("drawings")' in cell.source]
    said = cells[at - 1].source.replace("\n", " ")
    assert "draws 3,000 of them into the folder `drawings` beside this notebook" in said
    assert "minutes" in said and "MB" in said


@pytest.mark.timeout(300)
@pytest.mark.parametrize("written", [False, True], ids=["untouched", "written"])
def test_nbgraders_validate_is_not_content_with_an_untouched_notebook(released, tmp_path, written):
    validator = pytest.importorskip("nbgrader.validator")
    notebook = nbformat.read(next(path for path in released[1] if path.stem == "conv_head"), 4)
    # The whole notebook trains for a minute; the text's cell and its check are enough.
    (at,) = [number for number, cell in enumerate(notebook.cells) if "answer" in cell.metadata.get("tags", [])]
    notebook.cells = notebook.cells[at : at + 2]
    if written:
        notebook.cells[0].source = f'answer = "{"word " * 20}"'
    nbformat.write(notebook, tmp_path / "conv_head.ipynb")
    failed = validator.Validator().validate(str(tmp_path / "conv_head.ipynb")).get("failed", [])
    assert [one["source"] for one in failed] == ([] if written else [notebook.cells[1].source.strip()])


def test_nbgraders_source_has_its_own_marks_and_no_remark_for_graders(released):
    course, _ = released
    for assignment in ASSIGNMENTS:
        text = (course / "source" / assignment / f"{assignment}.ipynb").read_text(encoding="utf-8")
        assert text.count("### BEGIN SOLUTION") == text.count("### END SOLUTION") >= 3
        assert '"# SOLUTION' not in text and "solution-only" not in text


def test_nbgrader_reads_the_metadata_and_cuts_the_same_solutions(released):
    nbgraderformat = pytest.importorskip("nbgrader.nbgraderformat")
    from nbgrader.preprocessors import ClearSolutions

    course, paths = released
    for assignment in ASSIGNMENTS:
        path = course / "source" / assignment / f"{assignment}.ipynb"
        notebook = nbgraderformat.read(path, as_version=4)
        cut, _ = ClearSolutions(code_stub={"python": STUDENTS_LINE}).preprocess(notebook, {})
        ours = nbformat.read(next(one for one in paths if one.stem == assignment), as_version=4)
        for mine, theirs in zip(ours.cells, cut.cells, strict=True):
            tags = mine.metadata.get("tags", [])
            if "answer" in tags:
                assert theirs.source == f"{mine.source}\n{STUDENTS_LINE}"
            elif "variant" not in tags:
                assert mine.source == theirs.source


def test_releasing_again_changes_nothing_and_a_new_student_gets_the_own_notebook(released, roster):
    course, paths = released
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}
    again = release(course, roster(ROSTER + "new,,\n"))
    assert set(again) - set(paths) == {course / "release" / one / "new" / f"{one}.ipynb" for one in ASSIGNMENTS}
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths} == before


def test_a_released_notebook_that_was_changed_is_not_overwritten_and_nothing_is_written(tmp_path, roster):
    course = tmp_path / "course"
    (path,) = release(course, roster("student\nann\n"), ["conv_head"])
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(CourseError, match="says something else"):
        release(course, roster("student\nann\nbob\n"), ["conv_head"])
    assert path.read_text(encoding="utf-8") == "mine"
    assert not (course / "release" / "conv_head" / "bob").exists()


def test_a_lost_secret_is_told_and_not_replaced_where_notebooks_were_released(tmp_path, roster):
    course = tmp_path / "course"
    (path,) = release(course, roster("student\nann\n"), ["conv_head"])
    content, secret = path.read_bytes(), (course / SECRET_FILE).read_bytes()
    (course / SECRET_FILE).unlink()
    with pytest.raises(CourseError, match=f"{SECRET_FILE} is missing, though notebooks were released: restore it"):
        release(course, roster("student\nann\n"), ["conv_head"])
    assert not (course / SECRET_FILE).exists() and path.read_bytes() == content
    (course / SECRET_FILE).write_bytes(secret)
    assert release(course, roster("student\nann\n"), ["conv_head"]) == [path]


def test_an_unknown_assignment_is_told(tmp_path, roster):
    with pytest.raises(CourseError, match="no assignment 'hw1'"):
        release(tmp_path / "course", roster(ROSTER), ["hw1"])


def test_the_config_of_the_instructor_stays(tmp_path, roster):
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "nbgrader_config.py").write_text("c = get_config()\n", encoding="utf-8")
    release(tmp_path / "course", roster(ROSTER), ["conv_head"])
    assert (tmp_path / "course" / "nbgrader_config.py").read_text(encoding="utf-8") == "c = get_config()\n"


def test_packed_notebooks_carry_the_course_and_the_base_of_their_variant(tmp_path, roster):
    (path,) = release(tmp_path / "course", roster("student\nann\n"), ["conv_head"], packed=True)
    source = tagged(path, "setup").source
    assert "PACKED" in source and stated(path)["student"] == "ann"
    nbformat.validate(nbformat.read(path, as_version=4))


# One notebook for all


@pytest.fixture(scope="module")
def for_all(tmp_path_factory):
    folder = tmp_path_factory.mktemp("all")
    (folder / "roster.csv").write_text(ROSTER, encoding="utf-8")
    return folder / "course", release(folder / "course", folder / "roster.csv", for_all=True)


def test_the_notebook_for_all_holds_neither_ids_nor_names_nor_the_secret(for_all):
    course, paths = for_all
    assert [path.parent.name for path in paths] == ["all"] * 4
    secret = course_secret(course).hex()
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert not [word for word in ("ann", "zoë", "2026-1.b", "Lee", secret) if re.search(rf"\b{word}\b", text)]
        assert stated(path)["student"] == ""


def test_the_notebook_for_all_gives_each_student_the_variant_that_the_secret_gives(for_all):
    course, paths = for_all
    for path in paths:
        source = tagged(path, "variant").source
        for student in ("ann", "ZOË"):
            names = {}
            exec(source.replace('student = ""', f'student = "{student}"'), names)
            assert names["variant"] == variant_of(course_secret(course), student, path.stem)


def test_the_notebook_for_all_asks_for_the_id(for_all):
    source = tagged(for_all[1][0], "variant").source
    with pytest.raises(CourseError, match="No student id is given"):
        exec(source, {})
    with pytest.raises(CourseError, match="no student id 'eve'"):
        exec(source.replace('student = ""', 'student = "eve"'), {})


def test_a_further_student_gets_into_the_notebook_for_all_and_nothing_else_of_it_changes(tmp_path, roster):
    course = tmp_path / "course"
    (path,) = release(course, roster("student\nann\nbob\n"), ["conv_head"], for_all=True)
    before = path.read_text(encoding="utf-8").splitlines()
    release(course, roster("student\nann\ncem\nbob\n"), ["conv_head"], for_all=True)
    after = path.read_text(encoding="utf-8").splitlines()
    assert len(after) == len(before) + 1 and set(before) < set(after)
    release(course, roster("student\nann\ncem\n"), ["conv_head"], for_all=True)
    assert len(path.read_text(encoding="utf-8").splitlines()) == len(before)


def test_a_notebook_for_all_that_would_give_someone_another_variant_is_not_replaced(tmp_path, roster):
    course = tmp_path / "course"
    (path,) = release(course, roster("student\nann\n"), ["conv_head"], for_all=True)
    text = re.sub(r'(\\"[0-9a-f]{32}\\": )\d', r"\g<1>9", path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match="says something else.*what was handed out stays valid"):
        release(course, roster("student\nann\nbob\n"), ["conv_head"], for_all=True)
    assert path.read_text(encoding="utf-8") == text


def test_two_assignments_have_different_salts(for_all):
    assert len({stated(path)["salt"] for path in for_all[1]}) == len(ASSIGNMENTS)


def test_the_variant_cell_is_python_that_gives_the_variant_back():
    variant = VARIANTS["fine_tuning"][0]
    names = {}
    exec(releasing.variant_cell("zoë", variant), names)
    assert (names["student"], names["variant"]) == ("zoë", variant)


# The command


@pytest.mark.parametrize("form", [[], ["--for-all"]])
def test_a_class_list_given_again_replaces_the_courses_copy_and_says_who_is_new_and_who_has_gone(
    tmp_path, roster, capsys, form
):
    pytest.importorskip("nbgrader", reason="the packages of the extra 'grading' are not installed")
    from homework import commands
    from homework.__main__ import _parser

    course = tmp_path / "course"
    for content in ("student\nann\nbob\n", "student\nann\ncem\n"):
        words = ["--course", str(course), "release", "--assignment", "conv_head", "--roster", str(roster(content))]
        commands.release(_parser().parse_args([*words, *form]))
    assert [student.id for student in read_roster(course / "roster.csv")] == ["ann", "cem"]
    said = capsys.readouterr().out
    assert "New on the class list: cem" in said and "No longer on the class list, so scored no more: bob." in said
