"""Score a class: many submissions at once with Dask, each at its own risk, every result kept as soon as it comes."""

import hashlib
import json
import logging
import tempfile
from contextlib import contextmanager
from pathlib import Path

import dask
from distributed import Client, LocalCluster, WorkerPlugin, as_completed, get_worker
from tqdm import tqdm

from course_utils.errors import CourseError
from homework.scoring.hidden import id_in_use, to_bytes
from homework.scoring.journal import Journal
from homework.scoring.score_process import LimitedScorer

SECONDS = 60
MEMORY = 2_000_000_000
# How often a submission may be on a worker that dies before it is given up: others were there by chance.
DEATHS = 3
PLUGIN = "course-scorer"


class ScorerOnWorker(WorkerPlugin):
    """What each Dask worker has from its start, and again after it was killed: the hidden photos and a scorer.

    Parameters
    ----------
    hidden : bytes
        What `homework.scoring.hidden.to_bytes` wrote.
    seconds : float
        The most that one submission may take.
    memory : int
        The most bytes of memory that its scoring may take.
    """

    def __init__(self, hidden, seconds, memory):
        self.hidden = hidden
        self.limits = (seconds, memory)

    def setup(self, worker):
        """Write the hidden photos where the scorer's process finds them, and start it."""
        # In the folder that Dask removes even where the worker is killed.
        self.folder = tempfile.TemporaryDirectory(prefix="course-scorer-", dir=worker.local_directory)
        hidden_file = Path(self.folder.name) / "hidden.npz"
        hidden_file.write_bytes(self.hidden)
        self.scorer = LimitedScorer(hidden_file, *self.limits)
        self.scorer.start()

    def teardown(self, worker):
        """End the scorer and remove its files."""
        self.scorer.stop()
        self.folder.cleanup()

    def score(self, work, bundle):
        """Score one submission; ``bundle`` holds its bytes where the worker is on another machine."""
        if bundle is None:
            return self.scorer.score(work)
        path = Path(self.folder.name) / work["bundle_name"]
        path.write_bytes(bundle)
        try:
            return self.scorer.score({**work, "bundle_path": str(path)})
        finally:
            path.unlink()


def score_on_worker(work, bundle):
    """Score one submission on the worker that this runs on.

    Parameters
    ----------
    work : dict
        bundle_path, bundle_name, student, variant and threshold.
    bundle : bytes or None
        The bundle itself, where the worker does not share the disk.

    Returns
    -------
    dict
        ``{"result": {...}}`` or ``{"failed": sentence}``.
    """
    return get_worker().plugins[PLUGIN].score(work, bundle)


def content_key(submission, variant, threshold, hidden_id, scorer_version):
    """Name everything that decides a score; the same name means the same score.

    Parameters
    ----------
    submission : homework.collecting.submissions.Submission
    variant : dict
    threshold : float
    hidden_id, scorer_version : str

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    parts = [submission.sha256, submission.student, submission.assignment, variant, threshold, hidden_id]
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
    hidden : homework.scoring.photos.HiddenSet
    scorer_version : str
    workers : int
        Local processes.
    scheduler : str, optional
        The address of a Dask scheduler, whose workers are used instead of local ones.
    again : bool
        Score also what has a score.
    seconds, memory : float, int
        The limits for each submission.

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
        key = content_key(submission, variant, threshold, hidden.id, scorer_version)
        keys[submission.student, submission.assignment] = key
        if again or "result" not in done.get(key, {}):
            to_do.append((key, submission, variant, threshold))
    if to_do:
        with _workers(min(workers, len(to_do)), scheduler) as client:
            client.register_plugin(ScorerOnWorker(to_bytes(hidden), seconds, memory), name=PLUGIN)
            for record in tqdm(_scored(client, to_do, scheduler is not None), total=len(to_do), unit="submission"):
                done[record["key"]] = journal.add({**record, "hidden": hidden.id})
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


def _scored(client, to_do, send_bytes):
    """Give one record for each submission, in the order in which they are ready."""
    waiting = iter(to_do)
    names = {}

    def submit():
        entry = next(waiting, None)
        if entry is None:
            return None
        future = _submitted(client, entry, send_bytes)
        names[future.key] = entry
        return future

    # A few for each worker are on their way, not all: what is sent to another machine must not fill this one's memory.
    first = [future for future in (submit() for _ in range(2 * _number_of(client) + 2)) if future is not None]
    ready = as_completed(first)
    for future in ready:
        key, submission, _, _ = names.pop(future.key)
        yield {"key": key, **_outcome(future, submission)}
        following = submit()
        if following is not None:
            ready.add(following)


def _submitted(client, entry, send_bytes):
    key, submission, variant, threshold = entry
    work = {
        "bundle_path": str(submission.path.resolve()),
        "bundle_name": submission.path.name,
        "student": submission.student,
        "variant": variant,
        "threshold": threshold,
    }
    try:
        bundle = submission.path.read_bytes() if send_bytes else None
    except OSError:
        # Gone since it was found: the worker will not find it either, and say so.
        bundle = None
    return client.submit(score_on_worker, work, bundle, key=f"score-{key}", retries=0, pure=False)


def _outcome(future, submission):
    about = {"student": submission.student, "assignment": submission.assignment, "bundle_sha256": submission.sha256}
    if future.status != "finished":
        error = future.exception()
        if type(error).__name__ == "KilledWorker":
            return {**about, "failed": f"{DEATHS} workers died over this submission, so it was given up."}
        return {**about, "failed": f"The worker could not score it ({type(error).__name__}: {error})"[:500]}
    said = future.result()
    if "result" in said and said["result"].get("bundle_sha256") not in (None, submission.sha256):
        return {**about, "failed": "The file was changed while it was being scored; grade again."}
    if said.get("result", {}).get("status") == "failed":
        # The fault is on our side: it is told, and tried again by the next grade.
        return {**about, "failed": said["result"]["refusal"]}
    return {**about, **said}


@contextmanager
def _workers(number, scheduler):
    """Give a client of local workers, or of the scheduler at an address."""
    settings = {
        "distributed.scheduler.allowed-failures": DEATHS - 1,
        "distributed.admin.large-graph-warning-threshold": "1GB",
        # A busy machine may take long to start a worker.
        "distributed.comm.timeouts.connect": "120s",
        "distributed.comm.timeouts.tcp": "120s",
    }
    logging.getLogger("distributed").setLevel(logging.ERROR)
    with dask.config.set(settings):
        if scheduler is not None:
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
            return
        with (
            LocalCluster(
                n_workers=number,
                threads_per_worker=1,
                processes=True,
                # The scorer's process has the limit; the worker itself holds nearly nothing.
                memory_limit=0,
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client


def _number_of(client):
    return len(client.scheduler_info()["workers"])
