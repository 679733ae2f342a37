"""The course's own Python environment: made once, found again in seconds. Standard library only."""

import hashlib
import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from course_utils.errors import CourseError, file_errors_told

EXTRAS = ("notebooks", "book", "grading", "tests")
# Measured on Linux x86-64 with the CPU build, 2026-11: .venv holds 2.2 GB; uv and pip unpack beside their downloads.
FREE_BYTES_NEEDED = 3_000_000_000
LOCK = "requirements.lock"
STAMP = "course-installed.txt"
LOG = "course-install.log"

NO_NETWORK = re.compile(
    r"NewConnectionError|NameResolution|ConnectTimeout|ReadTimeout|ProxyError|SSLError|Connection(Reset|Refused)|"
    r"Connection (reset|refused|broken)|Could not find a version|No matching distribution"
)
# pip lists the versions that it found: where there are some, the registry was reached.
OTHER_VERSIONS = re.compile(r"satisfies the requirement (\S+) .*\(from versions: (?!none)")
# What pip and uv say where no version fulfils the pins.
NO_PIN_FITS = re.compile(r"ResolutionImpossible|conflicting dependencies|requirements are unsatisfiable")
# uv writes when the pin holds between the name and the version.
TENSORFLOW = re.compile(r"(tensorflow(?:-cpu)?)(?:\{[^}]*\})?(==[\w.]*\w)")
# What pip and uv say on Windows, where a path of more than 259 characters needs a setting of the system.
TOO_LONG = re.compile(r"Long Path support|os error 206|No such file or directory: '[A-Z]:\\\\[^']{225,}'")
NO_ROOM = re.compile(r"No space left on device|Errno 28|os error 28|not enough space|Disk quota exceeded|Errno 122")


def checkout_root():
    """Find the checkout that this package belongs to.

    Returns
    -------
    pathlib.Path or None
        The checkout's root folder, or None where the package was installed without one (in Colab, say).
    """
    root = Path(__file__).resolve().parent.parent
    needed = ("pyproject.toml", "constraints.txt")
    return root if all((root / name).is_file() for name in needed) else None


def requirements(root):
    """Read the direct dependencies, and the version that each is pinned to.

    Parameters
    ----------
    root : pathlib.Path
        The checkout.

    Returns
    -------
    dict of str to str
        Package name -> version, TensorFlow left out (its name depends on the machine).

    Raises
    ------
    CourseError
        Where a dependency has no pin yet.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra in EXTRAS:
        lines += project["optional-dependencies"][extra]
    pins = pinned_versions(root / "constraints.txt")
    names = [_name(line) for line in lines]
    missing = [name for name in names if name not in pins]
    if missing:
        raise CourseError(
            f"pyproject.toml asks for {' and '.join(missing)}, which constraints.txt does not hold; run make lock."
        )
    return {name: pins[name] for name in names}


def pinned_versions(path):
    """Read the pins of a constraints file.

    Parameters
    ----------
    path : pathlib.Path
        A file with lines such as ``numpy==2.4.6``.

    Returns
    -------
    dict of str to str
        Package name (lower case, ``-`` for ``_``) -> version.
    """
    pins = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        requirement = line.split("#")[0].split(";")[0].strip()
        if requirement:
            name, _, version = requirement.partition("==")
            pins[_name(name)] = version.strip()
    return pins


def ready_python(root):
    """Find a Python that has everything installed.

    Parameters
    ----------
    root : pathlib.Path
        The checkout.

    Returns
    -------
    pathlib.Path or None
        This Python where it is in a virtual or conda environment that has every direct dependency at its
        pinned version, else that of ``.venv`` where it is up to date, else None.
    """
    venv = root / ".venv"
    in_environment = sys.prefix != sys.base_prefix or bool(os.environ.get("CONDA_PREFIX"))
    in_venv = Path(sys.prefix).resolve() == venv.resolve()
    if in_environment and not in_venv and not missing_packages(root):
        return Path(sys.executable)
    return _installed_python(venv, root, root / LOCK)


def missing_packages(root):
    """List the direct dependencies that this Python lacks or has in another version.

    Parameters
    ----------
    root : pathlib.Path
        The checkout.

    Returns
    -------
    list of str
        Such as ``"keras 3.15.1 (here: 3.13.2)"``; empty where nothing is missing.
    """
    missing = []
    for name, wanted in requirements(root).items():
        found = installed_version(name)
        if found != wanted:
            missing.append(f"{name} {wanted} (here: {found or 'none'})")
    wanted = pinned_versions(root / "constraints.txt")["tensorflow"]
    found = installed_version("tensorflow") or installed_version("tensorflow-cpu")
    if found != wanted:
        missing.append(f"tensorflow {wanted} (here: {found or 'none'})")
    return missing


def prepared_python(root):
    """Find a Python that has everything installed, installing into ``.venv`` where there is none.

    Parameters
    ----------
    root : pathlib.Path
        The checkout.

    Returns
    -------
    pathlib.Path
        The interpreter to run the course with.

    Raises
    ------
    CourseError
        Where the environment cannot be made: no network, full disk, a Python without venv.
    """
    return ready_python(root) or install(root, root / ".venv")


def machine_without_tensorflow(system, machine):
    """Say that TensorFlow is not made for a machine.

    Parameters
    ----------
    system, machine : str
        As Python's `platform` names them.

    Returns
    -------
    str or None
        A sentence with what to do; None where there is a build.
    """
    without = {("Darwin", "x86_64"): "a Mac with an Intel processor", ("Windows", "arm64"): "Windows on ARM"}
    what = without.get((system, machine.lower()))
    return what and f"There is no TensorFlow for {what}; use the one-file copies of the notebooks in Colab."


def install(root, venv, constraints=None):
    """Make a virtual environment with the course's packages in it, unless it is there and up to date.

    Parameters
    ----------
    root : pathlib.Path
        The checkout.
    venv : pathlib.Path
        The environment's folder. One that was left half made is completed.
    constraints : pathlib.Path, optional
        A file with versions to test with, instead of those of ``requirements.lock``.

    Returns
    -------
    pathlib.Path
        Its interpreter.

    Raises
    ------
    CourseError
        No network, full disk, a Python without venv, a machine without TensorFlow, or the installer's own error.
    """
    versions = constraints or root / LOCK
    python = _installed_python(venv, root, versions)
    if python is not None:
        return python
    if sentence := machine_without_tensorflow(platform.system(), platform.machine()):
        raise CourseError(sentence)
    python = _venv_python(venv)
    if not python.exists():
        free = shutil.disk_usage(root).free
        if free < FREE_BYTES_NEEDED:
            raise CourseError(
                f"Installing needs {FREE_BYTES_NEEDED / 1e9:.0f} GB of free disk space beside {root}, "
                f"and {free / 1e9:.1f} GB are free; free some space and run this again."
            )
    print(f"Installing the course's packages into {venv} (once, a minute or a few) ...", flush=True)
    _make_venv(venv, python)
    with file_errors_told(venv):
        for arguments in _wanted(root, constraints):
            _install(root, venv, python, arguments)
        # Written last, and beside first: an installation that was interrupted at any moment has no stamp.
        written = venv / (STAMP + ".part")
        written.write_text(_stamp(root, venv, versions) + "\n", encoding="utf-8")
        os.replace(written, venv / STAMP)
    print("Installed.", flush=True)
    return python


def lock():
    """Write ``requirements.lock`` and ``constraints.txt`` anew from pyproject.toml, keeping what still fits.

    Returns
    -------
    int
        uv's exit code.
    """
    root = checkout_root()
    uv = [_uv(root / ".venv") or "uv", "pip", "compile", "--universal", "--python-version", "3.11", "--quiet"]
    uv += ["--no-header", "--no-annotate", "pyproject.toml"]
    uv += [word for extra in ("cpu", *EXTRAS) for word in ("--extra", extra)]
    for more in (["--generate-hashes", "-o", LOCK], ["--extra", "gpu", "-o", "constraints.txt"]):
        done = subprocess.run([*uv, *more], cwd=root)
        if done.returncode:
            return done.returncode
    return 0


def is_this_python(python):
    """Say whether an interpreter is the one that runs this code.

    Parameters
    ----------
    python : pathlib.Path or str
        An interpreter.

    Returns
    -------
    bool
        True where both belong to the same environment.
    """
    # Not resolved: the interpreter of a virtual environment is a link to the one it was made from.
    return os.path.abspath(python) == os.path.abspath(sys.executable)


def run_with(python, arguments):
    """Go on with another interpreter, with the same settings, current folder and terminal.

    Parameters
    ----------
    python : pathlib.Path
        The interpreter.
    arguments : list of str
        What it is to run.

    Returns
    -------
    int
        Its exit code.
    """
    process = subprocess.Popen([str(python), *arguments])
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # Ctrl-C reaches the child as well, which cleans up and says so; here it is only waited for.
            continue


def tensorflow_extra():
    """Choose the build of TensorFlow for this machine.

    Returns
    -------
    str
        ``"gpu"`` on Linux with an NVIDIA GPU that answers, else ``"cpu"``.
    """
    if platform.system() != "Linux" or platform.machine() != "x86_64" or not shutil.which("nvidia-smi"):
        return "cpu"
    answer = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True)
    return "gpu" if answer.returncode == 0 and "GPU" in answer.stdout else "cpu"


def installed_version(name):
    """Look up the version of a package in this Python.

    Parameters
    ----------
    name : str
        The package, as in ``pip install NAME``.

    Returns
    -------
    str or None
        Its version; None where it is not installed.
    """
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _installed_python(venv, root, versions):
    """Give the interpreter of an environment that was completed from these very files, else None."""
    python = _venv_python(venv)
    try:
        stamp = (venv / STAMP).read_text(encoding="utf-8").strip()
        up_to_date = stamp == _stamp(root, venv, versions)
    except OSError:
        return None
    return python if up_to_date and _runs(python) else None


def _make_venv(venv, python):
    command = [sys.executable, "-m", "venv"]
    if os.path.lexists(python) and not _runs(python):
        if not (venv / "pyvenv.cfg").is_file():
            raise CourseError(f"{venv} is not a virtual environment; move that folder away and run this again.")
        # The Python that it was made from is gone: nothing in it can run any more.
        command.append("--clear")
    elif _runs(python, "-m", "pip", "--version"):
        return
    made = subprocess.run([*command, str(venv)], capture_output=True, text=True)
    if made.returncode == 0 and _runs(python, "-m", "pip", "--version"):
        return
    said = (made.stdout + made.stderr).strip()
    if "ensurepip" in said:
        raise CourseError(
            f"This Python ({sys.executable}) cannot make virtual environments; install its venv package "
            "(on Debian and Ubuntu: sudo apt install python3-venv) and run this again."
        )
    raise CourseError(_diagnosis(said, venv / LOG))


def _wanted(root, constraints):
    """List what to install, as arguments that uv and pip both take, one list a step."""
    extra = tensorflow_extra()
    if constraints is not None:
        return [["-c", str(constraints), "-e", f"{root}[{','.join((extra, *EXTRAS))}]"]]
    steps = [["--require-hashes", "-r", str(root / LOCK)], ["--no-deps", "-e", str(root)]]
    if extra == "gpu":
        # The lock holds the build for processors; with a GPU, TensorFlow's own takes its place.
        steps.append(["-c", str(root / "constraints.txt"), "-e", f"{root}[gpu]"])
    return steps


def _install(root, venv, python, arguments):
    """Install with uv, which is several times as fast; where it cannot be had or reaches nothing, with pip.

    pip knows the mirrors, proxies and certificates that were set for it, so its words are the ones that are told. But
    of a package that is made for other machines alone it says that there are no versions, as without a network; uv
    tells these apart.
    """
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    if _uv(venv) is None:
        _run([*pip, "--quiet", "-c", str(root / "constraints.txt"), "uv"], venv / LOG)
    by_uv = ""
    if uv := _uv(venv):
        mirror = {"UV_DEFAULT_INDEX": os.environ["PIP_INDEX_URL"]} if "PIP_INDEX_URL" in os.environ else {}
        # Compiled now, by all cores: where Python may write no bytecode later, each program would compile Keras again.
        install = [uv, "pip", "install", "--compile-bytecode", "--python", str(python)]
        by_uv = _run([*install, *arguments], venv / LOG, **mirror)
        if by_uv is None:
            return
    said = _run([*pip, *arguments], venv / LOG)
    if said is not None:
        raise CourseError(_diagnosis(by_uv + said if NO_PIN_FITS.search(by_uv) else said, venv / LOG))


def _uv(venv):
    """Find uv: in the environment, beside this Python, or on the path."""
    beside = os.pathsep.join([str(_venv_python(venv).parent), os.path.dirname(sys.executable)])
    return shutil.which("uv", path=beside) or shutil.which("uv")


def _run(command, log, **settings):
    """Run an installer, showing what it is at; returns None where it succeeds, else everything that it said."""
    terminal = sys.stdout.isatty()
    said = []
    with open(log, "a", encoding="utf-8") as file:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "errors": "replace"}
        # A pip that was told to install for the user can install nothing into an environment.
        process = subprocess.Popen(command, env=os.environ | {"PIP_USER": "0"} | settings, **pipes)
        try:
            for line in process.stdout:
                file.write(line)
                said.append(line)
                if terminal and line.split():
                    print(f"\r\033[K  {line.strip()[:100]}", end="", flush=True)
            status = process.wait()
        finally:
            process.kill()
            process.wait()
    if terminal:
        print("\r\033[K", end="")
    return None if status == 0 else "".join(said)


def _diagnosis(said, log):
    if NO_ROOM.search(said):
        return f"The disk became full while installing into {log.parent}; free some space and run this again."
    if TOO_LONG.search(said):
        return (
            f"A path became longer than Windows takes while installing into {log.parent}; move the course to a short "
            "path, such as C:\\course, and run this again."
        )
    if missing := OTHER_VERSIONS.search(said) or (NO_PIN_FITS.search(said) and TENSORFLOW.search(said)):
        return (
            f"There is no {''.join(missing.groups())} for Python {platform.python_version()} on "
            f"{platform.system()} ({platform.machine()}); use Python 3.11, 3.12 or 3.13 on another computer, or the "
            "copies for Colab."
        )
    if NO_NETWORK.search(said):
        return (
            "The packages could not be fetched from the package registry; check the network connection (and "
            f"the proxy, where there is one) and run this again. What was said is in {log}"
        )
    errors = [line.strip() for line in said.splitlines() if "error" in line.lower()]
    return f"The installation failed ({errors[-1] if errors else 'no reason given'}); the details are in {log}"


def _stamp(root, venv, versions):
    """Name everything that decides what an installation holds; another stamp means another installation."""
    content = hashlib.sha256()
    for path in (root / "pyproject.toml", versions):
        content.update(path.read_bytes() + b"\0")
    configuration = (venv / "pyvenv.cfg").read_text(encoding="utf-8")
    version = re.search(r"^version(?:_info)?\s*=\s*(\S+)", configuration, re.MULTILINE)
    return f"{content.hexdigest()} {version.group(1) if version else '?'} {root}"


def _venv_python(venv):
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _runs(python, *arguments):
    try:
        return subprocess.run([str(python), *(arguments or ("-c", ""))], capture_output=True).returncode == 0
    except OSError:
        return False


def _name(requirement):
    return re.match(r"[A-Za-z0-9._-]+", requirement).group().lower().replace("_", "-")
