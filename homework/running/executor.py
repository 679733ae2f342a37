"""Run students' notebooks again, each inside bubblewrap: no network, no rights, its own notebook and the public data.

The sandbox has namespaces of its own for processes, network, users and mounts. It sees the system's libraries, this
Python with its packages, the course's ``course_utils`` and the public drawings, all read-only, and nothing else: no
home folder, no course folder, no other submission. Started as root it first becomes a user without rights. Limits
hold for time, memory, processes and disk. Memory is watched from outside: TensorFlow reserves far more addresses than
it uses, so a limit on the address space (``prlimit --as``) would stop honest notebooks.
"""

import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil

from course_utils.errors import CourseError, file_errors_told
from homework.collecting.bundle import BundleError, clean_text, read_bundle, read_notebook
from homework.scoring.journal import Journal
from homework.scoring.score_process import ROOT

VERSION = "1"
# The first of the users without rights that slots run as; prlimit counts processes for each.
FIRST_USER = 61_000
LOOK_SECONDS = 0.2
# Ubuntu from 24.04 on gives programs without rights no namespaces of their own until this is set.
USERS_SETTING = "kernel.apparmor_restrict_unprivileged_userns=0"
# An executed notebook and a bundle; what is beyond is thrown away.
LONGEST_OUTPUT = 80_000_000
HEADER = re.compile(rb"(notebook\.ipynb|submission\.zip) (\d{1,9})\n")
INSIDE = "/job"
PROGRAM = Path(__file__).with_name("run_notebook.py")


@dataclass(frozen=True)
class Limits:
    """What a notebook may use.

    Attributes
    ----------
    seconds : int
        Wall-clock time of the whole notebook.
    memory : int
        Bytes of resident memory of all its processes together.
    processes : int
        Processes and threads.
    disk : int
        Bytes that it may write.
    """

    seconds: int = 1800
    memory: int = 6_000_000_000
    processes: int = 400
    disk: int = 1_000_000_000


def why_not():
    """Say in one sentence why notebooks cannot be run safely here.

    Returns
    -------
    str or None
        None where they can.
    """
    if not sys.platform.startswith("linux"):
        return "students' notebooks are run only on Linux, inside bubblewrap; leave out --execute here"
    needed = ["bwrap", "prlimit", "timeout"] + (["setpriv", "unshare", "mount"] if os.getuid() == 0 else [])
    missing = [name for name in needed if shutil.which(name, path=_plain()["PATH"]) is None]
    if missing:
        return (
            f"{' and '.join(missing)} missing here, without which no student's notebook is run (on Debian and Ubuntu: "
            "sudo apt install bubblewrap util-linux coreutils)"
        )
    return None


def check_ready():
    """Make sure that notebooks can be run safely, by entering an empty sandbox.

    Raises
    ------
    CourseError
        One sentence, where they cannot; nothing is ever run unprotected instead.
    """
    reason = why_not()
    if reason is None:
        with tempfile.TemporaryDirectory(prefix="course-sandbox-") as folder:
            job = _job(Path(folder), b"")
            command = _command(job, [_inner_python(), "-c", "import nbclient"], Limits(seconds=120), 0, None)
            done = subprocess.run(command, capture_output=True, text=True, cwd="/", env=_plain())
        if done.returncode != 0:
            said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            reason = f"the sandbox cannot be entered on this machine ({said[:200]})"
            if "uid map" in said:
                reason += f"; allow it until the next start with: sudo sysctl -w {USERS_SETTING}"
    if reason is not None:
        raise CourseError(f"--execute refused: {reason}.")


def execute_class(course, submissions, slots, limits=None):
    """Run the notebook of each submission again, several at once, and keep each outcome in the journal as it comes.

    Parameters
    ----------
    course : pathlib.Path
        The course folder.
    submissions : list of homework.collecting.submissions.Submission
    slots : int
        How many run at the same time.
    limits : Limits, optional

    Raises
    ------
    CourseError
        Where the sandbox is missing, or the journal cannot be written.
    """
    check_ready()
    limits = limits or Limits()
    journal = Journal(course)
    done, free = journal.latest(), list(range(slots))
    lock = threading.Lock()

    def run(submission):
        with lock:
            slot = free.pop()
        try:
            outcome = execute_bundle(submission, course, slot, limits)
        finally:
            with lock:
                free.append(slot)
        with lock:
            journal.add({"key": execution_key(submission), **outcome})

    to_do = [one for one in submissions if one.path is not None and execution_key(one) not in done]
    with ThreadPoolExecutor(slots) as pool:
        for future in [pool.submit(run, submission) for submission in to_do]:
            future.result()


def execution_key(submission):
    """Name everything that decides an execution."""
    parts = ["execution", submission.student, submission.assignment, submission.sha256, VERSION]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def executions(course, submissions):
    """Give what the journal says of running the submissions' notebooks again.

    Parameters
    ----------
    course : pathlib.Path
    submissions : list of homework.collecting.submissions.Submission

    Returns
    -------
    dict of (str, str) to dict
        (student, assignment) -> ``state``, ``sentence``, ``seconds``, and where it packed a bundle anew, ``again``.
    """
    done = Journal(course).latest()
    keys = {(one.student, one.assignment): execution_key(one) for one in submissions if one.path is not None}
    return {who: done[key]["execution"] for who, key in keys.items() if key in done}


def execute_bundle(submission, course, slot, limits):
    """Run the notebook of one submission.

    Parameters
    ----------
    submission : homework.collecting.submissions.Submission
    course : pathlib.Path
        The course folder; the executed notebook goes to ``executed/STUDENT/ASSIGNMENT.ipynb``.
    slot : int
        Which of the users without rights.
    limits : Limits

    Returns
    -------
    dict
        student, assignment, bundle_sha256 and ``execution`` (see `executions`).
    """
    about = {
        "student": submission.student,
        "assignment": submission.assignment,
        "bundle_sha256": submission.sha256,
    }
    try:
        notebook = read_notebook(submission.path)
    except BundleError as error:
        return {**about, "execution": _outcome("no notebook", f"No notebook could be run: {error}")}
    if notebook is None:
        return {**about, "execution": _outcome("no notebook", "The bundle holds no notebook, so none was run again.")}
    with tempfile.TemporaryDirectory(prefix="course-sandbox-") as folder:
        execution, output, bundle = execute_notebook(notebook, Path(folder), slot, limits)
        if output is not None:
            target = course / "executed" / submission.student / f"{submission.assignment}.ipynb"
            with file_errors_told(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(output)
        if bundle is not None:
            execution["again"] = _compared(submission.path, bundle)
    return {**about, "execution": execution}


def execute_notebook(notebook, folder, slot=0, limits=None, data=None):
    """Run a notebook inside the sandbox.

    Parameters
    ----------
    notebook : bytes
        Its file.
    folder : pathlib.Path
        An empty folder made for this, in which the sandbox's own files go.
    slot : int
        Which of the users without rights: one for each notebook that runs at the same time.
    limits : Limits, optional
    data : pathlib.Path, optional
        The public drawings; by default those of this checkout, drawn where they are missing.

    Returns
    -------
    (dict, bytes or None, pathlib.Path or None)
        state and sentence; the executed notebook; the bundle that it packed.

    Raises
    ------
    CourseError
        Where there is no sandbox.
    """
    limits, data = limits or Limits(), data or public_drawings()
    job = _job(folder, notebook)
    inside = [_inner_python(), f"{INSIDE}/in/run_notebook.py", f"{INSIDE}/in/in.ipynb", str(limits.seconds)]
    began = time.monotonic()
    process = subprocess.Popen(
        _command(job, inside, limits, slot, data),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=_plain(),
        start_new_session=True,
    )
    # What comes out, comes through this pipe, and only so much of it: no file of the sandbox lies on this disk.
    came = []
    reader = threading.Thread(target=_read_some, args=(process.stdout, came), daemon=True)
    reader.start()
    over = _watch(process, limits)
    reader.join()
    process.stdout.close()
    seconds = round(time.monotonic() - began, 1)
    parts = _parts(b"".join(came))
    output = parts.get("notebook.ipynb")
    execution = _outcome(*_judged(process.returncode, over, limits, _last_error(output)), seconds)
    bundle = None
    if "submission.zip" in parts:
        bundle = folder / "again.zip"
        bundle.write_bytes(parts["submission.zip"])
    return execution, output, bundle


def _watch(process, limits):
    """Wait for the sandbox's end; kill it where its processes together take too long or too much memory."""
    end = time.monotonic() + limits.seconds
    over = None
    root = psutil.Process(process.pid)
    while process.poll() is None:
        if time.monotonic() > end:
            over = "time"
        elif _memory(root) > limits.memory and _exact_memory(root) > limits.memory:
            over = "memory"
        if over:
            # The init process of the sandbox dies with bwrap (--die-with-parent), and with it everything inside.
            _kill_tree(root)
            process.wait()
            break
        time.sleep(LOOK_SECONDS)
    return over


def _memory(root):
    """Sum the memory of a process and all below it."""
    # Forked processes share pages, which count once for each here; `_exact_memory` tells, and costs time.
    return sum(_sizes(root, lambda process: process.memory_info().rss))


def _exact_memory(root):
    """The same with each shared page counted once."""
    return sum(_sizes(root, lambda process: process.memory_full_info().pss))


def _sizes(root, size):
    for process in _tree(root):
        try:
            yield size(process)
        except psutil.Error:
            continue


def _tree(root):
    try:
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _kill_tree(root):
    for process in reversed(_tree(root)):
        try:
            process.send_signal(signal.SIGKILL)
        except psutil.Error:
            continue


def _judged(status, over, limits, error):
    if over == "time" or status in (4, 124, 137) and over is None:
        return "stopped", f"The notebook took more than {limits.seconds} seconds, and was stopped."
    if over == "memory":
        return "stopped", f"The notebook took more than {limits.memory / 1e9:g} GB of memory, and was stopped."
    if status == 0:
        return "ran", "The notebook ran again from its first to its last cell."
    if status == 3:
        return "error", f"A cell of the notebook failed when it was run again: {error}"
    if status == 6:
        return "error", "The file notebook.ipynb in the bundle is no notebook."
    if status == 5:
        return "error", "The notebook's kernel died when it was run again."
    return "error", f"The notebook could not be run again (exit code {status})."


def _last_error(output):
    """Find what the failing cell said, from the executed notebook: text of a student's, so cleaned."""
    try:
        cells = json.loads(output or b"{}").get("cells", [])
        errors = [one for cell in cells for one in cell.get("outputs", []) if one.get("output_type") == "error"]
        return clean_text(f"{errors[-1]['ename']}: {errors[-1]['evalue']}", 300) if errors else "no reason given"
    except (ValueError, AttributeError, KeyError, TypeError):
        return "no reason given"


def _compared(path, again):
    """Compare the accuracy that a bundle claims with that of the bundle which its notebook packed anew."""
    try:
        claimed = float(read_bundle(path).about["claimed_accuracy"])
        reached = float(read_bundle(again).about["claimed_accuracy"])
    except (BundleError, KeyError, TypeError, ValueError):
        return "The bundle that the notebook packed again cannot be read."
    return f"The bundle claims an accuracy of {claimed:.3f}; run again, its notebook claims {reached:.3f}."


def _outcome(state, sentence, seconds=0.0):
    return {"state": state, "sentence": sentence, "seconds": seconds}


def _read_some(pipe, came):
    """Keep what comes through a pipe, up to a bound, and throw away the rest."""
    length = 0
    while block := pipe.read(1 << 16):
        length += len(block)
        if length <= LONGEST_OUTPUT:
            came.append(block)


def _parts(content):
    """Take the parts out of what the sandbox sent: tagged lengths, in which a student's code may have meddled."""
    parts, place = {}, 0
    while match := HEADER.match(content, place):
        end = match.end() + int(match[2])
        if end > len(content):
            break
        parts[match[1].decode()] = content[match.end() : end]
        place = end
    return parts


def _job(folder, notebook):
    """Lay out the files of one job, in a folder that was made for it."""
    job = folder / "job"
    job.mkdir()
    (job / "in.ipynb").write_bytes(notebook)
    shutil.copyfile(PROGRAM, job / "run_notebook.py")
    # The user without rights may read what lies in it; the folder around it keeps everyone else out.
    job.chmod(0o755)
    for path in job.iterdir():
        path.chmod(0o644)
    return job


def public_drawings():
    """Give the folder of the public drawings, which the notebooks of the homework use; drawn on first use.

    Returns
    -------
    pathlib.Path
        ``build/executor/drawings`` in the checkout.

    Raises
    ------
    CourseError
        Where they cannot be drawn.
    """
    from course_utils.photos import fetch_photos

    folder = ROOT / "build" / "executor" / "drawings"
    before = os.environ.get("COURSE_DATA")
    os.environ["COURSE_DATA"] = "sandbox"
    try:
        return fetch_photos(folder)
    finally:
        if before is None:
            del os.environ["COURSE_DATA"]
        else:
            os.environ["COURSE_DATA"] = before


def _command(job, inside, limits, slot, data):
    """Give the command line that enters the sandbox."""
    shown = [*_shown_folders(), (str(job), f"{INSIDE}/in")]
    if data is not None:
        shown.append((str(data), f"{INSIDE}/work/drawings"))
    command, staged = ["timeout", "-k", "2", str(limits.seconds + 5)], {}
    if os.getuid() == 0:
        # What a user without rights may not reach, such as a Python in root's home, is mounted where it may, in a
        # mount namespace that ends with the job; bubblewrap binds it from there, read-only.
        sources = [source for source, _ in shown]
        stage = _stage(sources)
        staged = {source: f"{stage}/{number}" for number, source in enumerate(sources)}
        mounts = f"mount -t tmpfs -o mode=0711 tmpfs {stage}\n" + "".join(
            f"mkdir {place}\nmount --bind {shlex.quote(source)} {place}\n" for source, place in staged.items()
        )
        command += ["unshare", "--mount", "--propagation", "private", "sh", "-ec", f'{mounts}exec "$@"', "sandbox"]
        number = str(FIRST_USER + slot)
        command += ["setpriv", "--reuid", number, "--regid", number, "--clear-groups", "--no-new-privs"]
    command += ["prlimit", f"--nproc={limits.processes}", f"--fsize={limits.disk}", "--nofile=1024", "--core=0"]
    command += [f"--cpu={limits.seconds * (os.cpu_count() or 1)}"]
    command += ["bwrap", "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"]
    command += ["--cap-drop", "ALL", "--clearenv", "--hostname", "sandbox"]
    command += ["--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"]
    command += ["--symlink", "usr/bin", "/bin", "--proc", "/proc", "--dev", "/dev"]
    for place, size in {"/dev/shm": 64 << 20, "/tmp": 256 << 20, f"{INSIDE}/work": limits.disk}.items():
        command += ["--size", str(size), "--tmpfs", place]
    for source, target in shown:
        command += ["--ro-bind", staged.get(source, source), target]
    environment = {
        "PATH": f"{os.path.dirname(_inner_python())}:/usr/bin:/bin",
        "HOME": f"{INSIDE}/work",
        "LANG": "C.UTF-8",
        "PYTHONPATH": f"{INSIDE}/packages",
        "PYTHONDONTWRITEBYTECODE": "1",
        "COURSE_DATA": "sandbox",
        "COURSE_PRECISION": "float32",
        "COURSE_CACHE": f"{INSIDE}/work/cache",
        "MPLCONFIGDIR": f"{INSIDE}/work/matplotlib",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    for name, value in environment.items():
        command += ["--setenv", name, value]
    return [*command, "--chdir", f"{INSIDE}/work", "--remount-ro", "/dev", "--remount-ro", "/", *inside]


def _stage(sources):
    """Choose a folder of the system in which nothing that is needed lies, to mount over in the job's own namespace."""
    for stage in ("/mnt", "/media", "/srv", "/opt"):
        if os.path.isdir(stage) and not any(f"{source}/".startswith(f"{stage}/") for source in sources):
            return stage
    raise CourseError("--execute refused: there is none of the folders /mnt, /media, /srv and /opt to mount in.")


def _shown_folders():
    """List what the sandbox sees besides /usr: (place here, place there)."""
    folders = {os.path.abspath(sys.prefix), os.path.realpath(sys.base_prefix)}
    folders |= {
        os.path.abspath(path) for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")
    }
    outside = sorted(
        path for path in folders if path != "/usr" and not path.startswith("/usr/") and os.path.isdir(path)
    )
    # A folder inside another one that is shown comes with it.
    shown = [(path, path) for path in outside if not any(path.startswith(f"{other}/") for other in outside)]
    return [*shown, (str(ROOT / "course_utils"), f"{INSIDE}/packages/course_utils")]


def _inner_python():
    return os.path.abspath(sys.executable)


def _plain():
    """Give the environment of the commands that make the sandbox."""
    return {"PATH": os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
