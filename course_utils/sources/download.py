"""Download one file: resumed where it was cut off, and kept under its name only when it is verified."""

import hashlib
import json
import os
import re
import shutil
import threading
import time
import zipfile
from pathlib import Path

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema
from requests.utils import get_environ_proxies, select_proxy
from tqdm import tqdm
from urllib3.util.retry import Retry

from course_utils.errors import CourseError, DiskError, file_errors_told
from course_utils.files import locked
from course_utils.settings import keras_home

CHUNK_BYTES = 256 * 1024
SPARE_BYTES = 50_000_000
BUSY = (429, 500, 502, 503, 504)
LONGEST_WAIT_SECONDS = 30
SLOWEST_BYTES_PER_SECOND = 1000


class _Interrupted(Exception):
    """The transfer stopped for a reason that may pass, so that another attempt makes sense."""


class _PatientRetry(Retry):
    """urllib3's Retry with a limit to what a server may ask for by Retry-After."""

    def get_retry_after(self, response):
        try:
            seconds = super().get_retry_after(response)
        except urllib3.exceptions.InvalidHeader:
            return None
        return None if seconds is None else min(seconds, LONGEST_WAIT_SECONDS)


def download(url, target, *, checksum=None, size=None, attempts=4, backoff=1.0, timeouts=(5, 30)):
    """Download a file unless it is already there and verified.

    What comes is written to ``<target>.part`` and moved to its name when it is verified. An interrupted
    transfer is resumed by the next attempt or the next call, if the server says that its file is unchanged.

    Parameters
    ----------
    url : str
        An http(s) address.
    target : str or pathlib.Path
        The file to write.
    checksum : str, optional
        ``"sha256:<hex>"``, ``"md5:<hex>"`` or ``"git:<hex>"`` (the id of the file as a git blob).
    size : int, optional
        The size that the file must have, in bytes.
    attempts : int
        How often in a row to try without getting further.
    backoff : float
        The first pause between attempts in seconds; each further pause is twice as long.
    timeouts : tuple of float
        Seconds to wait for a connection, and for more of the answer.

    Returns
    -------
    pathlib.Path
        ``target``. Without a checksum and a size nothing can be verified before, so it is downloaded anew.

    Raises
    ------
    CourseError
        Where the file cannot be had, is not the expected one, or cannot be written.
    """
    target = Path(target)
    if is_verified(target, checksum, size):
        return target
    if target.is_dir():
        raise CourseError(f"{target} is a folder where the file {target.name} is needed; move it elsewhere.")
    with file_errors_told(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with locked(target.with_name(f".{target.name}.lock")):
            # Another program may have finished the same file while this one waited for the lock.
            if not is_verified(target, checksum, size):
                part, note = _part_and_note(target)
                with _session(attempts, backoff) as session:
                    _fetch(session, url, target, checksum, size, attempts, backoff, timeouts)
                os.replace(part, target)
                note.unlink(missing_ok=True)
    return target


def fetch_weights(url, file_name, file_hash):
    """Download a file of pretrained weights to where Keras looks for it.

    Parameters
    ----------
    url : str
        The address of the weights.
    file_name : str
        Its name in Keras's ``models`` folder, which lies in ``KERAS_HOME`` (default ``~/.keras``).
    file_hash : str or None
        The md5 or sha256 of the file in hex, as ``keras.utils.get_file`` takes it; None where Keras has none.

    Returns
    -------
    pathlib.Path
        The file, verified where there is a hash.

    Raises
    ------
    CourseError
        Where the file cannot be had; without a network this is known within 10 seconds.
    """
    target = keras_home() / "models" / file_name
    checksum = weights_checksum(file_hash)
    if not is_verified(target, checksum) and (reasons := unanswered([url])):
        raise CourseError(
            f"{file_name} could not be downloaded: {url} does not answer ({reasons[url]}); "
            f"check the network, or put the file into {target.parent} by hand."
        )
    return download(url, target, checksum=checksum)


def weights_checksum(file_hash):
    """Turn the hash of a file of weights into a checksum as `download` takes it.

    Parameters
    ----------
    file_hash : str or None
        An md5 or sha256 in hex.

    Returns
    -------
    str or None
    """
    return file_hash and f"{'md5' if len(file_hash) == 32 else 'sha256'}:{file_hash}"


def unanswered(urls, seconds=8):
    """Find out which addresses cannot be downloaded from here, all at once and within a time limit.

    Parameters
    ----------
    urls : list of str
        http(s) addresses.
    seconds : float
        How long to wait for all of them together.

    Returns
    -------
    dict of str to str
        Those that did not answer with a file, each with the reason in words: an error, the web page of a login, a
        certificate that is not trusted, no answer in time.
    """
    reasons = {}

    def probe(url):
        try:
            with requests.get(
                url,
                stream=True,
                timeout=seconds,
                headers={"Range": "bytes=0-0", "Accept-Encoding": "identity"},
            ) as response:
                # A busy server is there: the download itself knows how to wait for it.
                if response.status_code >= 400 and response.status_code not in BUSY:
                    reasons[url] = f"it answers {response.status_code} {response.reason}"
                elif "text/html" in response.headers.get("Content-Type", "") and response.status_code < 400:
                    reasons[url] = "a web page answers in its place, of a login perhaps"
                else:
                    reasons[url] = None
        except OSError as error:  # requests' own exceptions among them
            reasons[url] = _cause(error, url)

    # Daemon threads, since looking up a name without a network can take far longer than any timeout set here.
    threads = [threading.Thread(target=probe, args=(url,), daemon=True) for url in urls]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0, deadline - time.monotonic()))
    told = {url: reasons.get(url, "no answer in time") for url in urls}
    return {url: reason for url, reason in told.items() if reason is not None}


def is_verified(path, checksum=None, size=None):
    """Say whether a file is there with the expected content.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    checksum, size
        As in `download`; without both nothing is verified.

    Returns
    -------
    bool
    """
    with file_errors_told(path):
        return bool(checksum or size) and path.is_file() and _fault(path, checksum, size) is None


def _part_and_note(target):
    return target.with_name(target.name + ".part"), target.with_name(target.name + ".part.json")


def _session(attempts, backoff):
    session = requests.Session()
    session.max_redirects = 10
    retry = _PatientRetry(
        total=attempts - 1,
        # Only busy servers are waited for here; lost connections are counted in _fetch, and not twice.
        connect=0,
        read=0,
        backoff_factor=backoff,
        status_forcelist=BUSY,
        raise_on_status=False,
    )
    session.mount("http://", HTTPAdapter(max_retries=retry))
    session.mount("https://", HTTPAdapter(max_retries=retry))
    return session


def _fetch(session, url, target, checksum, size, attempts, backoff, timeouts):
    part, note = _part_and_note(target)
    failures = 0
    while True:
        had = part.stat().st_size if part.exists() else 0
        try:
            resumed = _receive(session, url, target, size, timeouts)
            fault = _fault(part, checksum, size)
            if fault is None:
                return
            part.unlink()
            note.unlink(missing_ok=True)
            if not resumed:
                raise CourseError(
                    f"What came from {url} {fault}; it was not kept: try again later or use another source."
                )
            # The two halves may belong to two versions of the file, so only a whole transfer is judged.
            reason = f"the resumed file {fault}"
        except _Interrupted as stopped:
            reason = str(stopped)
        got = part.stat().st_size if part.exists() else 0
        failures = 1 if got >= had + CHUNK_BYTES else failures + 1
        if failures >= attempts:
            kept = ": what has come so far is kept" if got and note.exists() else ""
            raise CourseError(f"{url} could not be downloaded ({reason}); check the network and run this again{kept}.")
        print(f"{target.name}: {reason}; trying again ...")
        time.sleep(backoff * 2 ** (failures - 1))


def _receive(session, url, target, size, timeouts):
    """Get the rest of the file, or all of it, into the part file; say whether it was the rest."""
    part, note = _part_and_note(target)
    start, validator, whole = _resumable(part, note, url)
    if start and start == whole:
        return True
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": validator}
    try:
        response = session.get(url, headers=headers, stream=True, timeout=timeouts)
    except requests.TooManyRedirects:
        raise CourseError(f"{url} sends us in circles (too many redirects); use another source.") from None
    except (InvalidSchema, InvalidURL, MissingSchema) as error:
        if _proxy(url):
            raise CourseError(f"{url} could not be downloaded: {_cause(error, url)}.") from None
        raise CourseError(f"{url} is not an http(s) address; check how it is written.") from None
    except OSError as error:  # requests' own exceptions among them
        if "TLS CA certificate bundle" in str(error):
            raise CourseError(f"{url} could not be downloaded: {_cause(error, url)}.") from None
        raise _Interrupted(_cause(error, url)) from None
    with response:
        if start and response.status_code in (206, 416):
            if not _continues(response, start, whole):
                part.unlink()
                note.unlink()
                raise _Interrupted(f"wrong answer {response.status_code} to the question for the rest")
        elif response.status_code != 200:
            raise CourseError(_refusal(url, response))
        else:
            start = 0
            whole = _content_length(response)
            note.unlink(missing_ok=True)
        needed = (whole or size or 0) - start
        free = shutil.disk_usage(part.parent).free
        if needed + SPARE_BYTES > free:
            raise DiskError(
                f"The disk is too full for {target.name}: {free / 1e6:,.0f} MB are free in {part.parent} and "
                f"{(needed + SPARE_BYTES) / 1e6:,.0f} MB are needed; free some space or use another folder."
            )
        with part.open("ab" if start else "wb") as file:
            if not start:
                _take_note(note, url, response, whole)
            _copy(response, file, target.name, start, whole, timeouts[1])
    return start > 0


def _resumable(part, note, url):
    try:
        known = json.loads(note.read_text(encoding="utf-8"))
        if known["url"] == url and part.is_file():
            return part.stat().st_size, known["validator"], known["whole"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        pass
    return 0, None, None


def _take_note(note, url, response, whole):
    # If-Range takes a strong ETag only; without a validator nothing tells two versions apart, so no resuming.
    tag = response.headers.get("ETag", "")
    validator = tag if tag.startswith('"') else response.headers.get("Last-Modified")
    if validator and whole:
        beside = note.with_name(note.name + ".new")
        beside.write_text(json.dumps({"url": url, "validator": validator, "whole": whole}), encoding="utf-8")
        os.replace(beside, note)


def _content_length(response):
    if response.headers.get("Content-Encoding", "identity") != "identity":
        return None  # the length of the encoded body says nothing about the file's
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdigit() else None


def _continues(response, start, whole):
    answered = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", response.headers.get("Content-Range", ""))
    return (
        response.status_code == 206
        and answered is not None
        and tuple(map(int, answered.groups())) == (start, whole - 1, whole)
        and response.headers.get("Content-Encoding", "identity") == "identity"
    )


def _copy(response, file, name, start, whole, patience):
    got, window_got, window_end = start, 0, time.monotonic() + patience
    with tqdm(total=whole, initial=start, desc=name, unit="B", unit_scale=True, delay=0.5) as progress:
        while True:
            try:
                # read1 returns what has come; read would wait for the whole chunk from a dripping server.
                chunk = response.raw.read1(CHUNK_BYTES, decode_content=True)
            except (urllib3.exceptions.HTTPError, OSError) as error:
                raise _Interrupted(_cause(error, response.url)) from None
            if not chunk:
                break
            file.write(chunk)
            progress.update(len(chunk))
            got += len(chunk)
            window_got += len(chunk)
            if time.monotonic() > window_end:
                if window_got < SLOWEST_BYTES_PER_SECOND * patience:
                    raise _Interrupted(f"only {window_got} bytes came in {patience:.0f} seconds")
                window_got, window_end = 0, time.monotonic() + patience
    if whole is not None and got != whole:
        raise _Interrupted(f"the connection ended after {got:,} of {whole:,} bytes")


def _refusal(url, response):
    status = f"{response.status_code} {response.reason}".strip()
    if response.status_code in BUSY:
        return f"{url} answered {status}, again and again; its server is busy or broken, so try again later."
    if response.status_code in (404, 410):
        return f"{url} answered {status}: the file is no longer there; use another source."
    return f"{url} answered {status} instead of the file; use another source or another network."


def _proxy(url):
    """The proxy that the environment names for an address, without the name and password that may stand in it."""
    try:
        proxy = select_proxy(url, get_environ_proxies(url))
    except ValueError:  # an address that cannot be taken apart
        return None
    return proxy and proxy.rpartition("@")[2]


def _cause(error, url):
    """Say in a few words what the network libraries tell in nested exceptions."""
    text, proxy = f"{type(error).__name__} {error!r}", _proxy(url)
    if "TLS CA certificate bundle" in text:
        name = next(name for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE") if os.environ.get(name))
        return f"{name} names {os.environ[name]}, which is not there; correct it, or unset it"
    if isinstance(error, (InvalidSchema, InvalidURL)) and proxy:
        return f"the proxy {proxy} that the environment names cannot be used; correct it, or unset it"
    known = (
        ("NameResolutionError", "its host name is not known here, as without a network"),
        ("ConnectTimeout", "no connection in time"),
        ("ReadTimeout", "no answer in time"),
        ("certificate has expired", "its certificate has expired; check the computer's clock"),
        ("certificate is not yet valid", "its certificate is not valid yet; check the computer's clock"),
        (
            "CERTIFICATE_VERIFY_FAILED",
            "its certificate is not trusted here, as behind the proxy of a school or firm; ask there for their "
            "certificate file, and name it in REQUESTS_CA_BUNDLE",
        ),
        ("SSL", "no safe connection"),
        ("ProxyError", f"the proxy {proxy} does not answer, or does not let it through"),
        ("IncompleteRead", "the connection ended too early"),
        (
            "NewConnectionError",
            f"the connection to the proxy {proxy} was refused" if proxy else "the connection was refused",
        ),
        ("DecodeError", "its compressed answer is damaged"),
    )
    return next((words for name, words in known if name in text), "the connection was lost")


def _fault(path, checksum, size):
    """Say what is wrong with a file that was to have this checksum and size; None where it is right."""
    actual = path.stat().st_size
    right_size = size is None or actual == size
    if right_size and checksum and _digest(path, checksum.partition(":")[0]) == checksum.partition(":")[2]:
        return None
    with path.open("rb") as file:
        opening = file.read(512).lstrip().lower()
    if opening.startswith((b"<!doctype html", b"<html")):
        return f"is a web page of {actual:,} bytes (of a login or an error, perhaps), not the file"
    if size is not None and actual < size:
        return f"is too short: {actual:,} of {size:,} bytes"
    if size is not None and actual > size:
        return f"is too long: {actual:,} instead of {size:,} bytes"
    if actual == 0:
        return "is empty"
    if ".zip" in path.suffixes and not zipfile.is_zipfile(path):
        return f"is no whole zip file ({actual:,} bytes)"
    if checksum:
        return f"is another file than expected (its {checksum.partition(':')[0]} checksum differs)"
    return None


def _digest(path, algorithm):
    if algorithm == "git":
        digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    else:
        digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
