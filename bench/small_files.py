"""A folder as datasets and source trees are: 20,000 files of 10 KiB in 100 directories, and 100 files of 1 MiB."""
import os

SMALL_BYTES = 10 << 10
LARGE_BYTES = 1 << 20
FILES_PER_DIRECTORY = 200


def make(path, small=20_000, large=100):
    """Fills the new directory `path`; returns its bytes."""
    path.mkdir()
    for i in range(small):
        directory = path / f"d{i // FILES_PER_DIRECTORY:03}"
        if i % FILES_PER_DIRECTORY == 0:
            directory.mkdir()
        (directory / f"f{i:05}").write_bytes(os.urandom(SMALL_BYTES))
    for i in range(large):
        (path / f"large{i:03}").write_bytes(os.urandom(LARGE_BYTES))
    return small * SMALL_BYTES + large * LARGE_BYTES


def count(path):
    """(files, bytes) below `path`."""
    files = size = 0
    for directory, _, names in os.walk(path):
        files += len(names)
        size += sum(os.lstat(os.path.join(directory, name)).st_size for name in names)
    return files, size
