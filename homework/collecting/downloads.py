"""Open what a learning platform gives, a folder or a zip file, one file at a time; nothing is unpacked to the disk.

The rules are those of `course_utils.sources.archives`, asked for each file: one student's hostile file is refused and
named, and the others of the class are read all the same.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path

from course_utils.errors import CourseError, file_errors_told
from course_utils.sources.archives import MOST_FILES, MOST_RATIO, UNREADABLE, safe_parts
from course_utils.sources.photo_folders import LITTER
from homework.collecting.bundle import ABOUT, clean_text

# More than pack_submission writes at most.
LARGEST_FILE = 80_000_000
# Of a small file the ratio says nothing: a bundle of a few kilobytes is no bomb.
RATIO_COUNTS_FROM = 20_000_000


@dataclass(frozen=True)
class DownloadedFile:
    """One file of a download.

    Attributes
    ----------
    source : pathlib.Path
        The folder or the zip file that was given.
    parts : tuple of str
        Its path in there.
    entry_time : str or None
        What the zip file's entry, or the folder, says of its time: it has no zone, and is only shown.
    refused : str or None
        One sentence where it must not be read.
    position : int or None
        Which entry of the zip file it is; None where it lies in a folder.
    """

    source: Path
    parts: tuple
    entry_time: str | None
    refused: str | None
    position: int | None = None

    @property
    def shown(self):
        """The path as it is shown to the instructor."""
        return clean_text("/".join(self.parts), 200)

    def read(self):
        """Read the file.

        Returns
        -------
        bytes

        Raises
        ------
        CourseError
            Where it is refused, damaged or too large, or cannot be read.
        """
        if self.refused:
            raise CourseError(self.refused)
        with file_errors_told(self.source):
            if self.position is None:
                with self.source.joinpath(*self.parts).open("rb") as file:
                    return self._bounded(file)
            try:
                with (
                    zipfile.ZipFile(self.source) as archive,
                    archive.open(archive.infolist()[self.position]) as file,
                ):
                    return self._bounded(file)
            except (zipfile.BadZipFile, *UNREADABLE) as error:
                raise CourseError(f"{self.shown} in {self.source.name} is damaged ({error}).") from None

    def _bounded(self, file):
        content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise CourseError(f"{self.shown} has more than {LARGEST_FILE / 1e6:.0f} MB; no bundle is so large.")
        return content


def files_of(path):
    """List the files of a download, those that a system leaves in any folder left out.

    Parameters
    ----------
    path : str or pathlib.Path
        A folder, a zip file that holds submissions, or one bundle.

    Returns
    -------
    list of DownloadedFile
        Sorted by path. Links are refused.

    Raises
    ------
    CourseError
        Where it is neither a folder nor a zip file, or holds more files than any class hands in.
    """
    path = Path(path)
    with file_errors_told(path):
        if path.is_dir():
            found = [_in_folder(path, one) for one in sorted(path.rglob("*")) if one.is_symlink() or one.is_file()]
        elif not path.exists():
            raise CourseError(f"{path} does not exist; give the file or folder that the learning platform gave you.")
        else:
            found = _in_zip(path)
    kept = [one for one in found if one.refused or not any(_is_litter(part) for part in one.parts)]
    if len(kept) > MOST_FILES:
        raise CourseError(f"{path} holds {len(kept):,} files, more than {MOST_FILES:,}; give one download at a time.")
    return kept


def _is_litter(part):
    return part.startswith(".") or part == "__MACOSX" or part in LITTER


def _in_folder(root, path):
    linked = any(one.is_symlink() for one in (path, *path.parents) if one.is_relative_to(root) and one != root)
    refused = f"{clean_text(path.name, 80)} is a link; only files are taken." if linked else None
    return DownloadedFile(root, path.relative_to(root).parts, None, refused)


def _in_zip(path):
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            if any(info.filename.rpartition("/")[2] == ABOUT for info in infos):
                # The bundle itself, and no download with bundles in it.
                return [DownloadedFile(path.parent, (path.name,), None, None)]
            return [_entry(info, path, number) for number, info in enumerate(infos) if not info.is_dir()]
    except (zipfile.BadZipFile, *UNREADABLE) as error:
        raise CourseError(f"{path} is no zip file that can be read ({error}); download it again.") from None


def _entry(info, path, position):
    time = "{:04}-{:02}-{:02} {:02}:{:02}:{:02}".format(*info.date_time)
    try:
        parts, refused = safe_parts(info, path), None
    except CourseError as error:
        return DownloadedFile(path, (info.filename.replace("\\", "/"),), time, str(error), position)
    if info.flag_bits & 1:
        refused = f"{clean_text(info.filename, 80)} is encrypted; ask for a copy without a password."
    elif info.file_size > max(RATIO_COUNTS_FROM, MOST_RATIO * info.compress_size):
        refused = f"{clean_text(info.filename, 80)} blows up when unpacked, so it is not read."
    return DownloadedFile(path, parts, time, refused, position)
