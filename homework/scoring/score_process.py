"""The scorer in a process of its own, with limits on time and memory, one submission after the other.

The grading starts this file as a child (`LimitedScorer`), hands it a bundle a line, and kills it where it takes too
long or too much memory: the next submission gets a new child. The child runs no student code; the limits are for
bundles that are made to hang or to fill the memory.
"""

import contextlib
import gc
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

import psutil

LOOK_SECONDS = 0.05
# A limit counts processor time: on a machine with other work an honest submission may take many times as long. What
# waits without computing, which a scorer never does for long, ends after so many times the limit.
PATIENCE = 10
START_SECONDS = 60
# A scorer keeps to one core, so that as many work side by side as there are cores. Its models are small: a second
# thread of TensorFlow takes more processor time than it saves.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
ROOT = Path(__file__).resolve().parents[2]


class LimitedScorer:
    """A child process that scores, and is replaced where a submission was too much for it.

    Parameters
    ----------
    hidden_file : str or pathlib.Path
        What `homework.scoring.hidden_photos.to_bytes` wrote.
    seconds : float
        The most processor time that one submission may take.
    memory : int
        The most bytes of memory that the child may take.
    """

    def __init__(self, hidden_file, seconds, memory):
        self.hidden_file = str(hidden_file)
        self.seconds = seconds
        self.memory = memory
        self.child = None
        self.ready = False
        self.closed = False
        self.lock = threading.Lock()

    def start(self):
        """Start the child, unless it runs; what it needs it loads meanwhile."""
        with self.lock:
            if not self.closed:
                self._start()

    def close(self):
        """End the child, and start no other: what is being scored by another thread ends without a result."""
        with self.lock:
            self.closed = True
        self.stop()

    def _start(self):
        if self.child is not None and self.child.poll() is None:
            return
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        environment = os.environ | ONE_THREAD | {"PYTHONPATH": path}
        self.child = subprocess.Popen(
            [sys.executable, "-m", "homework.scoring.score_process", self.hidden_file],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            cwd=ROOT,
            # Ctrl-C is for grade, which ends its children itself; a Python that it meets while starting complains.
            start_new_session=True,
        )
        self.ready = False
        self.lines = queue.SimpleQueue()
        threading.Thread(target=_pass_on, args=(self.child.stdout, self.lines), daemon=True).start()

    def score(self, request):
        """Score one bundle.

        Parameters
        ----------
        request : dict
            The arguments of `homework.scoring.scorer.score` but for the hidden set: bundle_path, student,
            variant, threshold, and if wanted reference.

        Returns
        -------
        dict
            ``{"result": {...}}`` as `homework.scoring.scorer.score` gives it; ``{"failed": sentence}``; or
            ``{"refused": sentence}`` where the submission ended two children in the same way.
        """
        said = self._try(request)
        # A child can also be killed by the system, for lack of memory say: one more try tells a bundle that breaks it
        # (a child that does not start says nothing of a bundle).
        if "failed" in said and not self.closed:
            again = self._try(request)
            if "ended" in said and again.get("ended") == said["ended"]:
                return {"refused": again["failed"]}
            said = again
        said.pop("ended", None)
        return said

    def _try(self, request):
        self.start()
        if self.child is None:
            return {"failed": "Scoring was stopped."}
        if not self.ready:
            said = self._answer(START_SECONDS, None)
            if "failed" in said:
                self.stop()
                return {"failed": f"The scorer did not start: {said['failed']}"}
            self.ready = True
        try:
            self.child.stdin.write(json.dumps(request).encode() + b"\n")
            self.child.stdin.flush()
        except (BrokenPipeError, AttributeError, ValueError):
            self.stop()
            return {"ended": "broken", "failed": "The scorer ended before it read the submission."}
        said = self._answer(self.seconds, self.memory)
        if said.get("ended") in ("seconds", "memory"):
            self.stop()
        return said

    def stop(self):
        """End the child and wait for its end."""
        child, self.child = self.child, None
        if child is None:
            return
        child.kill()
        child.wait()
        with contextlib.suppress(OSError):
            child.stdin.close()

    def _answer(self, seconds, memory):
        """Wait for one line of the child, and look at its memory meanwhile."""
        end = time.monotonic() + PATIENCE * seconds
        child = self.child
        try:
            process = psutil.Process(child.pid)
        except (AttributeError, psutil.NoSuchProcess):
            return {"ended": "broken", "failed": "The scorer ended before it read the submission."}
        most = _used(process)[0] + seconds
        while True:
            try:
                line = self.lines.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                pass
            else:
                if line.endswith(b"\n"):
                    return json.loads(line)
                status = child.wait()
                self.stop()
                ending = f"signal {-status}" if status < 0 else f"exit code {status}"
                return {"ended": "broken", "failed": f"The scorer broke down over this submission ({ending})."}
            computed, resident = _used(process)
            if time.monotonic() > end or computed > most:
                return {"ended": "seconds", "failed": f"Scoring took more than {seconds:g} seconds, and was stopped."}
            if memory and resident > memory:
                said = f"Scoring took more than {memory / 1e9:g} GB of memory, and was stopped."
                return {"ended": "memory", "failed": said}


def _pass_on(pipe, lines):
    """Put what a child says into a queue, a line at a time, and an empty one at its end.

    A thread of its own reads, since not every system can wait for a pipe with a time limit.
    """
    with pipe:
        for line in pipe:
            lines.put(line)
    lines.put(b"")


def serve(hidden_file):
    """Score what comes in, a JSON object a line, until there is no more.

    Parameters
    ----------
    hidden_file : str
        What `homework.scoring.hidden_photos.to_bytes` wrote.
    """
    # Whatever a library prints goes to stderr: this pipe carries answers alone.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for grade, which ends its children itself
    # Read at once: the file goes with the worker, which may be killed while this imports.
    content = Path(hidden_file).read_bytes()
    from homework.scoring.hidden_photos import from_bytes
    from homework.scoring.scorer import score

    hidden = from_bytes(content)
    text = json.dumps({"ready": True})
    while True:
        try:
            answers.write(text + "\n")
            answers.flush()
        except BrokenPipeError:
            # The worker was killed: nobody waits for this answer, and another worker scores the submission again.
            os._exit(1)
        # Programs of TensorFlow refer to themselves, and hold a bundle's weights: they go now, not at some time later.
        gc.collect()
        gc.freeze()
        line = sys.stdin.buffer.readline()
        if not line:
            return
        try:
            text = json.dumps({"result": score(hidden=hidden, **json.loads(line))}, allow_nan=False)
        except Exception as error:
            # score does not raise for what is in a bundle: this is a slip of ours, and must be seen as one.
            traceback.print_exc()
            text = json.dumps({"failed": f"The scorer has a fault: {type(error).__name__}: {error}"[:500]})


def _used(process):
    """Give the processor time of a process in seconds, and its memory in bytes."""
    try:
        times = process.cpu_times()
        return times.user + times.system, process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0.0, 0


if __name__ == "__main__":
    serve(sys.argv[1])
