"""LiteRT.js, the program that runs an exported model in a browser: pinned, verified, and kept in the course's cache."""

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from course_utils import settings
from course_utils.errors import CourseError, file_errors_told
from course_utils.files import written_whole
from course_utils.sources.download import download, is_verified, unanswered

VERSION = "2.5.3"
_CORE, _LOADER = "@litertjs/core", "@litertjs/wasm-utils"
# Name beside the page -> (package, path in the package, sha256). A browser loads one of the two pairs: `compat` is
# for those without the newest instructions (relaxed SIMD), as on many phones.
FILES = {
    "index.js": (_CORE, "dist/index.js", "e7daccc3a31eef890848a737ccb863ded5f046a6b40c3fdc0556495adeb5d9b3"),
    "wasm-utils.js": (_LOADER, "dist/index.js", "e0e20bc28ab001ac732cf40d15b6eebd24fb0deaeb95eeba5100f51eebf015f2"),
    "litert_wasm_internal.js": (
        _CORE,
        "wasm/litert_wasm_internal.js",
        "68efb69f770e3f76aff36a377de629ca496c131b86ac0f0f4b592a1543a898eb",
    ),
    "litert_wasm_internal.wasm": (
        _CORE,
        "wasm/litert_wasm_internal.wasm",
        "7280cf4471774867e385e6c3cd53e2b45e2975b80fea338fff4ef359b0865614",
    ),
    "litert_wasm_compat_internal.js": (
        _CORE,
        "wasm/litert_wasm_compat_internal.js",
        "4d8f894b7883654fd6e8439730aa41e79ceaab7d19184fc4f1f0b0f1a2a2c8a5",
    ),
    "litert_wasm_compat_internal.wasm": (
        _CORE,
        "wasm/litert_wasm_compat_internal.wasm",
        "5255c8ad06eabdbd2522cdebf6b22fc10faf74625c23a49b9e072570cd1fa41c",
    ),
}
# Serves the files of npm's packages one by one, for those who have no npm.
CDN = "https://cdn.jsdelivr.net/npm"
_NPM_SECONDS = 120


def fetch_runtime():
    """Get the files of LiteRT.js: from the cache, the mirror's folder ``litert``, npm, or a public address.

    Returns
    -------
    dict of str to pathlib.Path
        Each name in `FILES` with the verified file.

    Raises
    ------
    CourseError
        Where they cannot be had, or are not the expected ones.
    """
    folder = settings.cache_folder() / f"litert-{VERSION}"
    paths = {name: folder / name for name in FILES}
    reasons = []
    for source in (_from_mirror, _from_npm, _from_network):
        if _complete(paths):
            return paths
        try:
            source(paths)
        except CourseError as problem:
            reasons.append(str(problem).rstrip("."))
    if _complete(paths):
        return paths
    raise CourseError(
        f"LiteRT.js {VERSION} could not be had ({'; '.join(reasons)}); connect to a network and run this again."
    )


def _complete(paths):
    return all(is_verified(path, f"sha256:{FILES[name][2]}") for name, path in paths.items())


def _from_mirror(paths):
    mirror = settings.mirror()
    if mirror is None:
        return
    for name, path in paths.items():
        checksum = f"sha256:{FILES[name][2]}"
        if mirror.startswith("http"):
            download(f"{mirror}/litert/{name}", path, checksum=checksum)
        elif is_verified(Path(mirror) / "litert" / name, checksum):
            _keep(Path(mirror) / "litert" / name, path)


def _from_npm(paths):
    npm = shutil.which("npm")
    if npm is None:
        raise CourseError("npm is not installed")
    with tempfile.TemporaryDirectory() as temporary:
        for package in (_CORE, _LOADER):
            _unpack_from_npm(npm, package, Path(temporary) / package)
        for name, (package, inside, digest) in FILES.items():
            unpacked = Path(temporary) / package / "package" / inside
            if not is_verified(unpacked, f"sha256:{digest}"):
                raise CourseError(f"what npm gave as {package}/{inside} is another file than expected")
            _keep(unpacked, paths[name])


def _unpack_from_npm(npm, package, folder):
    folder.mkdir(parents=True)
    command = [npm, "pack", "--silent", "--fetch-retries=1", "--pack-destination", str(folder), f"{package}@{VERSION}"]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=_NPM_SECONDS)
        (archive,) = folder.glob("*.tgz")
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
    except (OSError, ValueError, subprocess.SubprocessError, tarfile.TarError):
        raise CourseError(f"npm could not get {package} {VERSION}") from None


def _from_network(paths):
    addresses = {name: f"{CDN}/{package}@{VERSION}/{inside}" for name, (package, inside, _) in FILES.items()}
    first = addresses["index.js"]
    if reasons := unanswered([first]):
        raise CourseError(f"{CDN} does not answer: {reasons[first]}")
    for name, path in paths.items():
        download(addresses[name], path, checksum=f"sha256:{FILES[name][2]}")


def _keep(source, target):
    with file_errors_told(source), written_whole(target) as part:
        shutil.copyfile(source, part)
