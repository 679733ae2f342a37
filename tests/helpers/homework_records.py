"""Records as they stand in the journal, for tests that need no scorer."""

from homework.collecting.submissions import Submission
from homework.handing_out.release import Student
from homework.scoring.rubric import ITEMS

STUDENTS = [Student("ada", "Ada A.", "ada@example.org"), Student("ben", "Ben B.", "")]


def handed_in(student="ada", **about):
    return Submission(student, "conv_head", **({"sha256": f"hash of {student}"} | about))


def scored(student="ada", share=1.0, **changes):
    items = [
        {
            "name": name,
            "points": share * out_of,
            "out_of": out_of,
            "verdict": "yes",
            "evidence": {"accuracy": 0.91, "layers": ["conv2d", "dense"]},
            "reason": f"{name} was looked at.",
        }
        for name, out_of in ITEMS.items()
    ]
    result = {
        "student": student,
        "assignment": "conv_head",
        "variant_number": 1,
        "status": "scored",
        "points": sum(item["points"] for item in items),
        "out_of": 10.0,
        "items": items,
        "refusal": None,
        "fingerprints": {"weights": student, "history": student, "answers": []},
        "history": {"conv": {"accuracy": [0.5, 0.9], "val_accuracy": [0.5, None], "loss": [0.7, 0.3]}},
        "answers": {"answer": "It learned faster."},
        "bundle_sha256": f"hash of {student}",
        "scorer_version": "test",
        "seconds": 0.1,
    }
    record = {"key": student, "student": student, "assignment": "conv_head", "bundle_sha256": f"hash of {student}"}
    return {**record, "result": result | changes}


def refused(student="ada", sentence="The bundle is no zip file."):
    record = scored(student, share=0.0)
    record["result"] |= {"status": "refused", "refusal": sentence, "points": 0.0}
    return record


def failed(student="ada", sentence="Scoring took more than 60 seconds, and was stopped."):
    return {"key": student, "student": student, "assignment": "conv_head", "failed": sentence}


def by_student(*records):
    return {(record["student"], record["assignment"]): record for record in records}
