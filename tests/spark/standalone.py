"""A Spark cluster on this machine: a master and workers, each a process that a test may kill."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

MASTER, WORKER = "org.apache.spark.deploy.master.Master", "org.apache.spark.deploy.worker.Worker"


class Standalone:
    """A master at `url`, and its workers."""

    def __init__(self, folder: Path) -> None:
        spec = find_spec("pyspark")
        assert spec is not None
        assert spec.origin is not None
        self._home = Path(spec.origin).parent
        self._folder = folder
        self._port, self._page = _free(), _free()
        self.url = f"spark://127.0.0.1:{self._port}"
        self._master = self._started(
            MASTER, "--host", "127.0.0.1", "--port", str(self._port), "--webui-port", str(self._page)
        )
        self.workers: list[subprocess.Popen[bytes]] = []

    def add_worker(self) -> None:
        """One more worker, of one core."""
        place = self._folder / f"worker-{len(self.workers)}"
        words = (
            "--host", "127.0.0.1", "--cores", "1", "--memory", "1g", "--webui-port", str(_free()), "--work-dir", str(place), self.url,
        )  # fmt: skip
        self.workers.append(self._started(WORKER, *words))

    def wait_for(self, workers: int) -> None:
        """Wait until the master knows so many workers."""
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self._page}/json/") as page:
                    if page.read().decode().count('"state" : "ALIVE"') >= workers:
                        return
            except OSError:
                assert self._master.poll() is None
            time.sleep(0.2)

    def kill(self, worker: int) -> None:
        """End a worker and what it has at work at once."""
        os.killpg(self.workers[worker].pid, signal.SIGKILL)
        self.workers[worker].wait()

    def close(self) -> None:
        """End all of it."""
        for one in (*self.workers, self._master):
            if one.poll() is None:
                os.killpg(one.pid, signal.SIGKILL)
                one.wait()

    def _started(self, kind: str, *words: str) -> "subprocess.Popen[bytes]":
        with (self._folder / f"{kind.rpartition('.')[2]}-{_free()}.log").open("wb") as log:
            return subprocess.Popen(
                [self._home / "bin" / "spark-class", kind, *words],
                env={**os.environ, "SPARK_HOME": str(self._home), "SPARK_DAEMON_MEMORY": "256m"},
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip


@contextmanager
def standalone(folder: Path, workers: int) -> Iterator[Standalone]:
    """A cluster with so many workers, which ends with the block."""
    found = Standalone(folder)
    try:
        for _ in range(workers):
            found.add_worker()
        found.wait_for(workers)
        yield found
    finally:
        found.close()


def _free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
