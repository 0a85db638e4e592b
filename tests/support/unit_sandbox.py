#!/usr/bin/env python3
"""Runs a command under the settings of a systemd unit, by the same means of the kernel as systemd.

unit_sandbox.py UNIT FOLDER COMMAND...: as root, in a mount namespace of its own. The settings are
UMask, ProtectSystem=strict (all but FOLDER is read-only), RestrictAddressFamilies and
MemoryDenyWriteExecute. setpriv sets the user and the capabilities.
"""

import configparser
import ctypes
import errno
import os
import platform
import socket
import struct
import subprocess
import sys

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
LOAD, AND, EQUAL, RETURN = 0x20, 0x54, 0x15, 0x06  # 32-bit instructions of a filter
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
NUMBER, FIRST, THIRD = 0, 16, 32  # offsets in struct seccomp_data: system call, arguments
WRITE, EXECUTE = 2, 4
CALLS = {"x86_64": {"socket": 41, "mmap": 9, "mprotect": 10, "pkey_mprotect": 329},
         "aarch64": {"socket": 198, "mmap": 222, "mprotect": 226, "pkey_mprotect": 288}}
PSEUDO = ("/proc", "/sys", "/dev")


def settings_of(path):
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(path, encoding="utf-8")
    return parser["Service"]


def on_call(name, *checks):
    """Instructions for one system call; other calls skip them."""
    return [(EQUAL, 0, len(checks), CALLS[platform.machine()][name]), *checks]


def only_families(names):
    families = [getattr(socket, name) for name in names]
    checks = [(EQUAL, len(families) - i, 0, family) for i, family in enumerate(families)]
    return on_call("socket", (LOAD, 0, 0, FIRST), *checks,
                   (RETURN, 0, 0, REFUSE | errno.EAFNOSUPPORT), (RETURN, 0, 0, ALLOW))


def never_all_of(name, bits):
    """Refuses the call when its third argument, a memory protection, has all of these bits."""
    return on_call(name, (LOAD, 0, 0, THIRD), (AND, 0, 0, bits), (EQUAL, 0, 1, bits),
                   (RETURN, 0, 0, REFUSE | errno.EPERM), (RETURN, 0, 0, ALLOW))


def install(instructions):
    code = b"".join(struct.pack("HBBI", *each) for each in instructions)
    memory = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HP", len(instructions), ctypes.addressof(memory))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or libc.prctl(
            PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def protect_all_but(folder):
    mount("--bind", folder, folder)
    with open("/proc/self/mountinfo", encoding="utf-8") as table:
        points = {line.split()[4] for line in table}
    for point in points:
        kept = (folder, *PSEUDO)
        if any(point == each or point.startswith(each + "/") for each in kept):
            continue
        mount("-o", "remount,bind,ro", point)
    os.chdir(os.getcwd())  # resolves the path again, to the new mount


def main():
    unit, folder, *command = sys.argv[1:]
    settings = settings_of(unit)
    os.umask(int(settings["UMask"], 8))
    if settings["ProtectSystem"] == "strict":
        protect_all_but(os.path.realpath(folder))
    instructions = [(LOAD, 0, 0, NUMBER)]
    if settings.getboolean("MemoryDenyWriteExecute"):
        instructions += never_all_of("mmap", WRITE | EXECUTE)
        instructions += never_all_of("mprotect", EXECUTE)
        instructions += never_all_of("pkey_mprotect", EXECUTE)
    instructions += only_families(settings["RestrictAddressFamilies"].split())
    install([*instructions, (RETURN, 0, 0, ALLOW)])
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
