"""Runs one command and leaves nothing of it behind: neither after its end, nor after the death of whoever asked.

Launched by `processus.py` as `python -I -S gardien.py PARENT_PID FD COMMAND…`; writes the command's pid on FD.
Works by three kernel facts: a pidfd becomes readable when its process ends (SIGKILL included, and whatever the
parent's threads do, unlike PR_SET_PDEATHSIG); a subreaper inherits the orphans of its descendants, daemons
included (Erlang spawns several); and should the guardian itself be killed, PR_SET_PDEATHSIG takes the command.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def main() -> int:
    """Guard the command named on the command line; return its exit code (128 + n when signal n ended it)."""
    parent, fd, commande = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)
    fin_du_parent = os.pidfd_open(parent)
    if os.getppid() != parent:  # died before we could watch it
        return 1
    enfant = subprocess.Popen(
        commande,
        start_new_session=True,
        preexec_fn=lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL),  # noqa: PLW1509 - one thread only
    )
    fin_de_l_enfant = os.pidfd_open(enfant.pid)
    os.write(fd, b"%d\n" % enfant.pid)
    os.close(fd)
    select.select([fin_du_parent, fin_de_l_enfant], [], [])
    if not select.select([fin_de_l_enfant], [], [], 0)[0]:
        enfant.kill()
    code = enfant.wait()
    _achever_les_orphelins()
    return code if code >= 0 else 128 - code


def _achever_les_orphelins() -> None:
    """Kill what the command left: each death hands us its own children, until there is none."""
    enfants = Path(f"/proc/self/task/{os.getpid()}/children")
    while pids := enfants.read_text().split():
        for pid in map(int, pids):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


if __name__ == "__main__":
    sys.exit(main())
