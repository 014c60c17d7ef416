"""A Python environment for each peer, as its requirements pin it: requirements/ has every package that is in it, so that
nothing is resolved anew, and no accelerator's libraries come in by a peer's dependencies."""
import pathlib
import subprocess
import sys

from harness.runs import RunError

from .settings import Peer

HERE = pathlib.Path(__file__).parent


def requirements(peer: Peer) -> pathlib.Path:
    return HERE / "requirements" / f"{peer.package.lower()}.txt"


def version(peer: Peer) -> str:
    """The pinned one."""
    for line in requirements(peer).read_text().splitlines():
        if line.lower().startswith(f"{peer.package.lower()}=="):
            return line.split("==")[1].strip()
    raise ValueError(f"{requirements(peer)} does not pin {peer.package}")


def python(peer: Peer, directory: pathlib.Path) -> pathlib.Path:
    """The environment's interpreter; made first, if it is not there or is of other requirements."""
    environment, wanted = directory / peer.package.lower(), requirements(peer)
    stamp = environment / "requirements.txt"
    interpreter = environment / "bin/python"
    if not stamp.exists() or stamp.read_text() != wanted.read_text():
        print(f"{peer.name}: making its environment", file=sys.stderr, flush=True)
        _run(peer, [sys.executable, "-m", "venv", "--clear", str(environment)])
        _run(peer, [str(interpreter), "-m", "pip", "install", "--quiet", "--no-deps", "-r", str(wanted)])
        stamp.write_text(wanted.read_text())
    return interpreter


def _run(peer: Peer, command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RunError(f"{peer.name} could not be installed: {' '.join(command)}\nended with {done.returncode}: "
                       f"{done.stderr.strip()[-2000:]}")
