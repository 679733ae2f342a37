"""How much memory is free here, and how much a program and what it started hold."""

from pathlib import Path


def free_memory(system="/"):
    """Give the memory that is free by the account of the machine and of every container around this process.

    Linux keeps a container's account in control groups, of version 2 or of version 1; the machine's own account does
    not know of them. What a group holds of files that were only read can be given back, and counts as free.

    Parameters
    ----------
    system : str or pathlib.Path
        The folder that holds ``proc`` and ``sys``.

    Returns
    -------
    int
        Bytes.
    """
    import psutil

    available = psutil.virtual_memory().available
    for folder, limit, held in _memory_groups(Path(system)):
        try:
            allowed, used = int((folder / limit).read_text()), int((folder / held).read_text())
            kept = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        except (OSError, ValueError):
            continue  # no such account on this system, or it says "max"
        spare = int(kept.get("total_inactive_file", kept.get("inactive_file", 0)))
        available = min(available, max(0, allowed - used + spare))
    return available


def held_memory(process):
    """Give the memory that a process and all that it started hold now.

    Parameters
    ----------
    process : psutil.Process

    Returns
    -------
    int
        Bytes in RAM; 0 where it has ended.
    """
    import psutil

    try:
        processes = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0
    held = 0
    for each in processes:
        try:
            held += each.memory_info().rss
        except psutil.Error:
            continue  # it ended meanwhile
    return held


def _memory_groups(system):
    """List the control groups around this process: a folder, and the names of its limit and of what it holds."""
    try:
        lines = (system / "proc" / "self" / "cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        number, controllers, path = line.split(":", 2)
        root = system / "sys" / "fs" / "cgroup"
        if number == "0" and not controllers:
            names = "memory.max", "memory.current"
        elif "memory" in controllers.split(","):
            root, names = root / "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes")
        else:
            continue
        # A container may see its own group as the root while the path is still the machine's.
        inner = root / path.lstrip("/")
        for folder in {root, inner, *(parent for parent in inner.parents if root in parent.parents)}:
            yield folder, *names
