"""Score a class: many submissions at once, each at its own risk, every result kept as soon as it comes.

On one machine a few threads each drive a scorer in a process of its own, see `homework.scoring.score_process`. Workers
on other machines are driven by Dask, where the address of a scheduler is given.
"""

import hashlib
import json
import queue
import tempfile
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from course_utils.errors import CourseError
from homework.collecting.bundle import LARGEST_BUNDLE, BundleError, read_plain_file
from homework.scoring.hidden_photos import id_in_use, to_bytes
from homework.scoring.journal import Journal
from homework.scoring.score_process import LimitedScorer
from homework.scoring.scorer import refused_result

SECONDS = 60
MEMORY = 2_000_000_000
# How often a submission may be on a machine that dies before it is given up: others were there by chance.
DEATHS = 3
PLUGIN = "course-scorer"


def content_key(submission, variant, threshold, hidden_id, scorer_version, reference=None):
    """Name everything that decides a score; the same name means the same score.

    Parameters
    ----------
    submission : homework.collecting.submissions.Submission
    variant : dict
    threshold : float
    hidden_id, scorer_version : str
    reference : dict, optional
        See `homework.scoring.thresholds.reference_changes`.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    parts = [submission.sha256, submission.student, submission.assignment, variant, threshold, hidden_id, reference]
    return hashlib.sha256(json.dumps([*parts, scorer_version], sort_keys=True).encode()).hexdigest()


def score_class(
    course,
    submissions,
    variant_of,
    threshold_of,
    hidden,
    scorer_version,
    workers=2,
    scheduler=None,
    again=False,
    seconds=SECONDS,
    memory=MEMORY,
    reference_of=lambda variant: None,
):
    """Score every submission that the journal has no score for, and write each result into it as it comes.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    submissions : list of homework.collecting.submissions.Submission
        Those without a bundle are passed over.
    variant_of : callable
        Student, assignment -> variant.
    threshold_of : callable
        Variant -> threshold.
    hidden : homework.scoring.hidden_photos.HiddenSet
    scorer_version : str
    workers : int
        Local processes.
    scheduler : str, optional
        The address of a Dask scheduler, whose workers are used instead of local ones.
    again : bool
        Score also what has a score.
    seconds, memory : float, int
        The limits for each submission.
    reference_of : callable
        Variant -> what its reference runs changed, or None.

    Returns
    -------
    dict of (str, str) to dict
        (student, assignment) -> the record of the submission as it is now. A record has ``result`` (a dict of the
        scorer) or ``failed`` (a sentence). What failed in an earlier run was tried again.

    Raises
    ------
    CourseError
        Where the journal cannot be written, or no scheduler answers at the address.
    """
    journal = Journal(course)
    done = journal.latest()
    to_do, keys, records = [], {}, {}
    for submission in submissions:
        if submission.path is None:
            continue
        variant = variant_of(submission.student, submission.assignment)
        try:
            threshold = threshold_of(variant)
        except CourseError as error:
            records[submission.student, submission.assignment] = {"failed": str(error)}
            continue
        reference = reference_of(variant)
        key = content_key(submission, variant, threshold, hidden.id, scorer_version, reference)
        keys[submission.student, submission.assignment] = key
        if again or "result" not in done.get(key, {}):
            to_do.append((key, submission, _request(submission, variant, threshold, reference)))
    if to_do:
        limits = to_bytes(hidden), seconds, memory
        if scheduler is None:
            scored = _scored_here(to_do, min(workers, len(to_do)), limits)
        else:
            scored = _scored_elsewhere(to_do, scheduler, limits)
        for key, submission, request, said in tqdm(scored, total=len(to_do), unit="submission"):
            record = _outcome(submission, request, said)
            done[key] = journal.add({"key": key, **record, "hidden": hidden.id})
    return records | {who: done[key] for who, key in keys.items()}


def current_records(course, submissions):
    """Give what the journal says of the bundles that lie in the course folder now, scoring nothing.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    submissions : list of homework.collecting.submissions.Submission

    Returns
    -------
    dict of (str, str) to dict
        (student, assignment) -> the last record of this very bundle by the hidden photos in use.
    """
    used = id_in_use(course)
    last = {
        (one["student"], one["assignment"], one.get("bundle_sha256")): one
        for one in Journal(course).read()
        # A record of an earlier version does not name them; one of a notebook that was run again holds no score.
        if "execution" not in one and (used is None or one.get("hidden", used) == used)
    }
    keys = {(one.student, one.assignment): (one.student, one.assignment, one.sha256) for one in submissions}
    return {who: last[key] for who, key in keys.items() if key[2] is not None and key in last}


def _request(submission, variant, threshold, reference):
    return {
        "bundle_path": str(submission.path.resolve()),
        "student": submission.student,
        "variant": variant,
        "threshold": threshold,
        "reference": reference,
    }


def _outcome(submission, request, said):
    about = {"student": submission.student, "assignment": submission.assignment, "bundle_sha256": submission.sha256}
    result = said.get("result", {})
    if result and result.get("bundle_sha256") not in (None, submission.sha256):
        return {**about, "failed": "The file was changed while it was being scored; grade again."}
    if result.get("status") == "failed":
        # The fault is on our side: it is told, and tried again by the next grade.
        return {**about, "failed": result["refusal"]}
    if "refused" in said:
        # Tried twice with the same end: a third time, at each grade, would bring nothing else.
        sentence = f"{said['refused']} It was tried twice; `regrade` tries again."
        return {
            **about,
            "result": refused_result(submission.student, request["variant"], submission.sha256, sentence),
        }
    return {**about, **said}


def _scored_here(to_do, workers, limits):
    """Give (key, submission, request, what a scorer said) as they are ready, from scorers on this machine."""
    content, *most = limits
    with tempfile.TemporaryDirectory(prefix="course-scorer-") as folder:
        hidden_file = Path(folder) / "hidden.npz"
        hidden_file.write_bytes(content)
        scorers, free = [LimitedScorer(hidden_file, *most) for _ in range(workers)], queue.SimpleQueue()
        for scorer in scorers:
            free.put(scorer)

        def scored(entry):
            scorer = free.get()
            try:
                return *entry, scorer.score(entry[-1])
            except Exception as error:
                said = {"failed": f"The scorer could not be driven ({type(error).__name__}: {error})"[:500]}
                return *entry, said
            finally:
                free.put(scorer)

        with ThreadPoolExecutor(workers) as pool:
            waiting = {pool.submit(scored, entry) for entry in to_do}
            try:
                while waiting:
                    # With a time limit, so that Ctrl-C comes through on every system.
                    ready, waiting = wait(waiting, timeout=0.5, return_when=FIRST_COMPLETED)
                    for one in ready:
                        yield one.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                for scorer in scorers:
                    scorer.close()


def _scored_elsewhere(to_do, scheduler, limits):
    """Give the same from the workers of a Dask scheduler; the bundles are sent to them."""
    from distributed import as_completed

    with _client(scheduler) as client:
        client.register_plugin(_plugin()(*limits), name=PLUGIN)
        waiting, of_future = iter(to_do), {}

        def submit():
            entry = next(waiting, None)
            if entry is None:
                return None
            key, submission, request = entry
            try:
                bundle = read_plain_file(submission.path, LARGEST_BUNDLE)
            except (OSError, BundleError):
                # Changed since it was found: what comes back will not fit its checksum.
                bundle = b""
            future = client.submit(score_on_worker, request, bundle, key=f"score-{key}", retries=0, pure=False)
            of_future[future.key] = entry
            return future

        # A few for each worker are on their way, not all: they must not fill this machine's memory.
        workers = len(client.scheduler_info()["workers"])
        ready = as_completed([future for future in (submit() for _ in range(2 * workers + 2)) if future is not None])
        for future in ready:
            yield *of_future.pop(future.key), _said_by(future)
            following = submit()
            if following is not None:
                ready.add(following)


def _said_by(future):
    if future.status == "finished":
        return future.result()
    error = future.exception()
    if type(error).__name__ == "KilledWorker":
        return {"failed": f"{DEATHS} workers died over this submission, so it was given up."}
    return {"failed": f"The worker could not score it ({type(error).__name__}: {error})"[:500]}


def _plugin():
    from distributed import WorkerPlugin

    class ScorerOnWorker(WorkerPlugin):
        """What each Dask worker has from its start: the hidden photos, and a scorer in a process of its own."""

        def __init__(self, hidden, seconds, memory):
            self.hidden, self.limits = hidden, (seconds, memory)

        def setup(self, worker):
            # In the folder that Dask removes even where the worker is killed.
            self.folder = tempfile.TemporaryDirectory(prefix="course-scorer-", dir=worker.local_directory)
            hidden_file = Path(self.folder.name) / "hidden.npz"
            hidden_file.write_bytes(self.hidden)
            self.scorer = LimitedScorer(hidden_file, *self.limits)
            self.scorer.start()

        def teardown(self, worker):
            self.scorer.close()
            self.folder.cleanup()

    return ScorerOnWorker


def score_on_worker(request, bundle):
    """Score one submission on the Dask worker that this runs on.

    Parameters
    ----------
    request : dict
        See `homework.scoring.score_process.LimitedScorer.score`.
    bundle : bytes

    Returns
    -------
    dict
        As `homework.scoring.score_process.LimitedScorer.score`.
    """
    from distributed import get_worker

    plugin = get_worker().plugins[PLUGIN]
    path = Path(plugin.folder.name) / "bundle.zip"
    path.write_bytes(bundle)
    try:
        return plugin.scorer.score({**request, "bundle_path": str(path)})
    finally:
        path.unlink()


@contextmanager
def _client(scheduler):
    """Give a client of the scheduler at an address."""
    import dask
    from distributed import Client

    settings = {
        "distributed.scheduler.allowed-failures": DEATHS - 1,
        # A busy machine may take long to answer.
        "distributed.comm.timeouts.connect": "120s",
        "distributed.comm.timeouts.tcp": "120s",
    }
    with dask.config.set(settings):
        try:
            client = Client(scheduler, timeout=20)
        except (OSError, ValueError) as error:
            raise CourseError(
                f"No Dask scheduler answers at {scheduler} ({error}); start one with `.venv/bin/python -m "
                "distributed.cli.dask_scheduler`, or leave out --scheduler to score on this machine."
            ) from None
        with client:
            if not client.scheduler_info()["workers"]:
                raise CourseError(
                    f"The scheduler at {scheduler} has no workers; start some with `.venv/bin/python -m "
                    f"distributed.cli.dask_worker {scheduler} --nthreads 1` in a checkout of the course."
                )
            yield client
