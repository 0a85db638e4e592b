#!/usr/bin/python3
"""No file over 600 lines; a note for those over 400. clang-tidy measures functions."""

import sources

WARN, HARD = 400, 600
SUFFIXES = (".h", ".cc", ".c", ".py", ".sh", ".cmake", "CMakeLists.txt")


def check(root):
    """(errors, notes) for all sources below root."""
    mistakes, notes = [], []
    for name in sources.list_files(root, SUFFIXES):
        lines = sources.read(root, name).count("\n")
        if lines > HARD:
            mistakes.append(f"{name}: {lines} lines, {HARD} at most")
        elif lines > WARN:
            notes.append(f"{name}: {lines} lines, aim below {WARN}")
    return mistakes, notes


def main():
    mistakes, notes = check(sources.ROOT)
    for note in notes:
        print("note:", note)
    sources.finish("sizes", mistakes)


if __name__ == "__main__":
    main()
