"""The scorer: full marks for what is right in any way, the right item lost for what is wrong, else a refusal."""

import dataclasses
import json
import pickle
import subprocess
import sys
import time

import homework_corpus
import numpy as np
import pytest
from homework_corpus import LEVEL, STUDENT, VARIANTS, Corpus, changed, parts_of, told
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course_utils.assignments.public_photos import public_test_photos
from course_utils.assignments.released_base import OWN
from course_utils.bases import record_features
from homework.scoring.copies import similarity_hints
from homework.scoring.hidden_photos import HiddenSet, Photos, PublicSample
from homework.scoring.rubric import ITEMS
from homework.scoring.scorer import SCORER_VERSION, score

SECONDS, MEMORY = 60, 2e9
VARIANT = VARIANTS["another_base"]


@pytest.fixture(scope="module")
def right(corpus):
    return homework_corpus.right_cases(corpus)


@pytest.fixture(scope="module")
def wrong(corpus):
    return homework_corpus.wrong_cases(corpus)


@pytest.fixture(scope="module")
def plain(corpus):
    return corpus.bundle("one plain submission", corpus.pooled(), inputs="features")


def scored(case, corpus, student=STUDENT):
    # Processor time, as the grading counts it: other tests may take the machine's.
    began = time.process_time()
    result = score(case.path, student, case.variant, corpus.hidden, LEVEL)
    assert time.process_time() - began < SECONDS
    json.dumps(result, allow_nan=False).encode()
    return result


@pytest.mark.timeout(900)
def test_right_submissions_get_full_marks_however_they_were_made(right, corpus, subtests):
    assert len(right) >= 40
    for case in right:
        with subtests.test(case.name):
            result = scored(case, corpus)
            assert (result["status"], result["points"]) == ("scored", 10), told(result)


@pytest.mark.timeout(900)
def test_wrong_submissions_lose_the_item_that_is_wrong(wrong, corpus, subtests):
    assert len(wrong) >= 55
    for case in wrong:
        with subtests.test(case.name):
            result = scored(case, corpus)
            if case.refused:
                assert result["status"] == "refused" and case.refused in result["refusal"], told(result)
                continue
            assert result["status"] == "scored" and case.lost, told(result)
            items = {item["name"]: item for item in result["items"]}
            for name, words in case.lost.items():
                assert items[name]["points"] < items[name]["out_of"], (name, told(result))
                assert words in items[name]["reason"], (name, told(result))
            assert result["points"] == pytest.approx(sum(item["points"] for item in result["items"]), abs=0.011)


def test_wrong_layers_still_earn_what_is_right(wrong, corpus):
    case = next(case for case in wrong if case.name == "two of three")
    items = {item["name"]: item for item in scored(case, corpus)["items"]}
    assert items["right layers changed"]["points"] == pytest.approx(2 * 2 / 3, abs=0.01)
    assert items["level reached"]["points"] == 3


CHILD = """
import json, pickle, psutil, sys, time
from tools.benchmarks.tasks import peak_mb
from homework.scoring.scorer import score
hidden, cases = pickle.load(open(sys.argv[1], "rb"))
for name, path, variant, words in cases:
    began = time.process_time()
    result = score(path, "ada", variant, hidden, 0.8)
    memory = 1e6 * peak_mb(psutil.Process())
    print(json.dumps([name, words, result["status"], result["refusal"], time.process_time() - began, memory]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="its cases hold links and devices, as Unix has them")
@pytest.mark.timeout(1500)
def test_hostile_bundles_are_refused_in_words_within_bounds_of_time_and_memory(corpus, checkout, tmp_path, subtests):
    cases = homework_corpus.hostile_cases(corpus)
    assert len(cases) >= 100
    given_to_child = tmp_path / "cases.pickle"
    listed = [(case.name, case.path, case.variant, case.refused) for case in cases]
    given_to_child.write_bytes(pickle.dumps((corpus.hidden, listed)))
    ran = subprocess.run(
        [sys.executable, "-c", CHILD, str(given_to_child)], cwd=checkout, capture_output=True, text=True, timeout=1400
    )
    lines = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("[")]
    assert len(lines) == len(cases), ran.stderr[-2000:]
    for name, words, status, refusal, seconds, memory in lines:
        with subtests.test(name):
            assert status == "refused" and words in refusal, (status, refusal)
            assert seconds < SECONDS and memory < MEMORY, (seconds, memory)


def test_the_result_has_the_agreed_form_and_comes_out_the_same_again(plain, corpus):
    first, second = (score(plain, STUDENT, VARIANT, corpus.hidden, LEVEL) for _ in range(2))
    first["seconds"] = second["seconds"] = 0
    assert first == second
    assert [item["name"] for item in first["items"]] == list(ITEMS) and first["out_of"] == sum(ITEMS.values()) == 10
    assert first["scorer_version"] == SCORER_VERSION and len(first["bundle_sha256"]) == 64
    assert all(item["reason"].endswith(".") and "\n" not in item["reason"] for item in first["items"])
    claimed = [item for item in first["items"] if item["verdict"] == "as claimed"]
    assert sum(item["out_of"] for item in claimed) <= first["out_of"] / 10
    assert first["answers"] == {"answer": "A sentence about what was seen."}
    assert "fine-tuned" in first["history"]


def test_the_accuracy_is_the_one_that_keras_computes(corpus):
    head = corpus.pooled()
    path = corpus.bundle("computed by keras", corpus.whole(head))
    outputs = corpus.whole(head).predict(corpus.hidden.images.astype(np.float32), verbose=0)
    expected = (outputs.argmax(axis=1) == corpus.hidden.labels).mean()
    items = {item["name"]: item for item in score(path, STUDENT, VARIANT, corpus.hidden, LEVEL)["items"]}
    assert items["level reached"]["evidence"]["recomputed"] == pytest.approx(expected, abs=1e-6)


def step(kind, *values, **settings):
    return {"kind": kind, "name": "x", "settings": settings, "inputs": [{"value": one} for one in values]}


@pytest.mark.parametrize(
    "looking",
    [
        [step("ops.Mean", 0, axis=[0], keepdims=True), step("ops.Subtract", 0, 1)],
        [step("ops.Max", 0, axis=0, keepdims=True), step("ops.Subtract", 0, 1)],
        [step("ops.Flip", 0, axis=0), step("ops.Subtract", 0, 1)],
    ],
    ids=["the mean of its batch", "the largest of its batch", "the photo at the other end"],
)
def test_a_head_that_looks_at_the_other_photos_of_its_batch_gains_nothing(plain, corpus, looking):
    def change(described):
        pooling, dense = described
        return [pooling, *looking, dense | {"inputs": [{"value": 2}]}]

    def moved(values):
        return {key.replace("1/", "3/"): array for key, array in values.items()}

    path = changed(
        plain, "looks at its batch", head_json=homework_corpus.config(change), head=homework_corpus.arrays(moved)
    )
    result = score(path, STUDENT, VARIANT, corpus.hidden, LEVEL)
    points = {item["name"]: item["points"] for item in result["items"]}
    assert (points["level reached"], points["right layers changed"]) == (0, 0), told(result)


@pytest.mark.parametrize("form", ["999 of them", "labels", "none"])
def test_a_wrong_preprocessing_costs_level_and_claim_in_whatever_form_the_predictions_come(photos, tmp_path, form):
    import keras

    train, hidden = photos
    more = PublicSample.drawn(b"secret", 120)
    positions = np.union1d(more.positions, hidden.public.positions)
    public = PublicSample(Photos.of(public_test_photos(positions), positions < 500), positions)
    corpus = Corpus(tmp_path, train, HiddenSet(hidden.photos, hidden.origin, public))
    base = dataclasses.replace(corpus.base, preprocess=lambda images: images / np.float32(255))
    head = corpus.head(keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2))
    head = corpus.learned(head, record_features(base, train.images))
    model = corpus.whole(head, preprocess=keras.layers.Rescaling(1 / 255))
    path = corpus.bundle("slipped", model, history=corpus.history(best=0.85))

    def in_this_form(values):
        values = values["probabilities"]
        values = {"999 of them": values[:999], "labels": values.argmax(axis=1), "none": np.full((1, 1), np.nan)}[form]
        return {"probabilities": values.astype(np.float32)}

    def own(content):
        # It claims the right preprocessing.
        about = json.loads(content)
        about["between"]["preprocessing"] = OWN
        return json.dumps(about).encode()

    path = changed(path, form, predictions=homework_corpus.arrays(in_this_form), about=own)
    result = score(path, STUDENT, VARIANT, corpus.hidden, LEVEL)
    items = {item["name"]: item for item in result["items"]}
    assert items["level reached"]["points"] < 1 and items["accuracy recomputed"]["points"] == 0, told(result)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=3000))
def test_any_bytes_get_a_verdict(content, corpus, tmp_path):
    path = tmp_path / "submission.zip"
    path.write_bytes(content)
    assert score(path, STUDENT, VARIANT, corpus.hidden, LEVEL)["status"] == "refused"


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_bundle_gets_a_verdict(data, plain, corpus, tmp_path):
    content = bytearray(plain.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        kind = data.draw(st.sampled_from(["flip", "cut", "insert"]))
        if kind == "flip":
            content[place] ^= data.draw(st.integers(1, 255))
        elif kind == "cut":
            del content[place : place + data.draw(st.integers(1, 50))]
        else:
            content[place:place] = data.draw(st.binary(min_size=1, max_size=20))
        if not content:
            break
    path = tmp_path / "submission.zip"
    path.write_bytes(bytes(content))
    result = score(path, STUDENT, VARIANT, corpus.hidden, LEVEL)
    assert result["status"] in ("scored", "refused"), told(result)
    json.dumps(result, allow_nan=False)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def with_list_as_activation(content):
    steps = json.loads(content)
    settings = next(step["settings"] for step in steps if "activation" in step["settings"])
    settings["activation"] = []
    return json.dumps(steps).encode()


def with_list_as_base(content):
    about = json.loads(content)
    about["base"]["name"] = []
    return json.dumps(about).encode()


@pytest.mark.parametrize("change", [{"head_json": with_list_as_activation}, {"about": with_list_as_base}])
def test_a_list_where_a_name_belongs_is_refused(change, plain, corpus):
    path = changed(plain, "a list for a name", **change)
    assert score(path, STUDENT, VARIANT, corpus.hidden, LEVEL)["status"] == "refused"


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_value_anywhere_in_the_json_gets_a_verdict(data, plain, corpus):
    which = data.draw(st.sampled_from(["about", "head_json"]))

    def change(content):
        parsed = json.loads(content)
        places, waiting = [], [parsed]
        while waiting:
            part = waiting.pop()
            keys = list(part) if isinstance(part, dict) else range(len(part))
            places += [(part, key) for key in keys]
            waiting += [part[key] for key in keys if isinstance(part[key], dict | list)]
        part, key = data.draw(st.sampled_from(range(len(places))).map(places.__getitem__))
        part[key] = data.draw(JSON)
        return json.dumps(parsed).encode()

    path = changed(plain, "any value", **{which: change})
    result = score(path, STUDENT, VARIANT, corpus.hidden, LEVEL)
    assert result["status"] in ("scored", "refused"), told(result)
    json.dumps(result, allow_nan=False).encode()


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0])
def test_two_trainings_that_failed_are_not_named_as_copies(corpus, value):
    def failed(arrays):
        return {name: np.full_like(array, value) for name, array in arrays.items()}

    results = []
    for number, name in enumerate(("ada", "bob")):
        path = corpus.bundle(
            f"of {name}, {value}",
            corpus.pooled(),
            inputs="features",
            history=corpus.history([name], 0.9 + number / 100),
        )
        path = changed(path, f"failed {name}", **dict.fromkeys(("head", "predictions"), homework_corpus.arrays(failed)))
        results.append(score(path, name, VARIANT, corpus.hidden, LEVEL))
    assert all(result["status"] == "scored" for result in results)
    assert similarity_hints(results) == []


def test_hidden_photos_follow_from_the_secret(photos):
    public = photos[1].public
    first, again, other = (HiddenSet.from_seed(secret, 2, public) for secret in (b"a", b"a", b"b"))
    assert first.id == again.id != other.id
    assert first.images.shape == (2, 150, 150, 3) and first.labels.tolist() == [1, 0]
    assert pickle.loads(pickle.dumps(first)).id == first.id


def test_hidden_photos_can_be_an_instructors_own(photos, tmp_path):
    import cv2

    for name in ("cats", "dogs-evening"):
        (tmp_path / name).mkdir()
        for number in range(2):
            _, content = cv2.imencode(".jpg", photos[0].images[number])
            (tmp_path / name / f"{number}.jpg").write_bytes(content)
    hidden = HiddenSet.from_folder(tmp_path, photos[1].public)
    assert sorted(hidden.labels.tolist()) == [0, 0, 1, 1] and hidden.public is photos[1].public


def test_a_folder_without_dogs_is_named(photos, tmp_path):
    from course_utils import CourseError

    (tmp_path / "cats").mkdir()
    with pytest.raises(CourseError, match="dogs"):
        HiddenSet.from_folder(tmp_path, photos[1].public)


def test_which_public_photos_are_looked_at_follows_from_the_secret():
    first, again, other = (PublicSample.drawn(secret, 2).positions.tolist() for secret in (b"a", b"a", b"b"))
    assert first == again != other and first[0] < 500 <= first[1]


def test_copies_are_named_in_one_group_and_lose_nothing(corpus):
    head = corpus.pooled()
    heads = {
        "ada": head,
        "bob": corpus.renamed(head),
        "cleo": corpus.nudged(head),
        "dan": corpus.rescaled(head),
        "eve": corpus.head_of_another_kind(),
    }
    results = []
    for number, (name, one) in enumerate(heads.items()):
        history = corpus.history([name], 0.9 + number / 100)
        path = corpus.bundle(f"of {name}", one, inputs="features", history=history)
        results.append(score(path, name, VARIANT, corpus.hidden, LEVEL))
    hints = {(hint["what"], *hint["students"]): hint["sentence"] for hint in similarity_hints(results)}
    assert set(hints) == {("weights", "ada", "bob"), ("answers", "ada", "bob", "cleo", "dan")}
    assert "exactly" in hints["weights", "ada", "bob"] and "same variant" in hints["weights", "ada", "bob"]
    # Each bundle says ada, so all others lose the point for the variant, and none loses more for being alike.
    assert [result["points"] for result in results] == [10, 9, 9, 9, 9]


def test_predictions_that_another_handed_in_too_are_named_whatever_the_heads(corpus):
    results = []
    for number, (name, one) in enumerate({"ada": corpus.pooled(), "eve": corpus.head_of_another_kind()}.items()):
        history = corpus.history([name], 0.9 + number / 100)
        path = corpus.bundle(f"by {name}", one, inputs="features", history=history)
        if name == "ada":
            handed_in = parts_of(path)["predictions.npz"]
        path = changed(path, f"with ada's predictions, {name}", predictions=handed_in)
        results.append(score(path, name, VARIANT, corpus.hidden, LEVEL))
    (hint,) = similarity_hints(results)
    assert (hint["what"], hint["students"]) == ("predictions", ["ada", "eve"])


def test_hundreds_of_noisy_copies_make_one_hint(plain, corpus):
    result = score(plain, STUDENT, VARIANT, corpus.hidden, LEVEL)
    rng, results = np.random.default_rng(0), []
    for number in range(300):
        answers = [one + 0.001 * float(rng.standard_normal()) for one in result["fingerprints"]["answers"]]
        marks = {"answers": answers, "weights": f"w{number}", "history": f"h{number}"}
        results.append(result | {"student": f"s{number:03}", "fingerprints": marks})
    (hint,) = similarity_hints(results)
    assert len(hint["students"]) == 300


def test_how_alike_answers_may_be_follows_from_the_reference_runs_of_the_variant(plain, corpus):
    result = score(plain, STUDENT, VARIANT, corpus.hidden, LEVEL)
    answers = np.array(result["fingerprints"]["answers"])
    noise = np.random.default_rng(0).standard_normal(len(answers))
    other = (answers + 0.07 * noise).tolist()
    marks = {"answers": other, "weights": "w", "history": "h"}
    pair = [result, result | {"student": "bob", "fingerprints": marks}]
    assert 0.99 < np.corrcoef(answers, other)[0, 1] < 0.9997
    assert [hint["students"] for hint in similarity_hints(pair, lambda *_: 0.95)] == [["ada", "bob"]]
    assert similarity_hints(pair, lambda *_: 0.999) == similarity_hints(pair) == []


@pytest.mark.parametrize("base", ["mini_mobilenet_v2", "mini_xception"])
def test_fifty_photos_through_a_base_take_little_memory_in_a_fresh_scorer(base):
    # Layer by layer it was 1,100 MB, and the first right submission of a scorer could pass the limit of grade.
    program = (
        "import numpy as np, psutil, keras\n"
        "from course_utils.assignments.released_base import OWN, released_base\n"
        "from homework.scoring import scorer\n"
        "from homework.scoring.hidden_photos import Photos\n"
        f"base = released_base({base!r}, 150)\n"
        "held = lambda: int(next(l for l in open('/proc/self/status') if l.startswith('VmHWM')).split()[1]) / 1e3\n"
        "before = held()\n"
        "photos = Photos.of(np.zeros((50, 150, 150, 3), np.uint8), np.arange(50) < 25)\n"
        "features = scorer.features_of(base, photos, [], OWN, {})\n"
        "print(features.shape[0], held() - before)\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    photos, megabytes = run.stdout.split()[-2:]
    assert photos == "50" and float(megabytes) < 500
