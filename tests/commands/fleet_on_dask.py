"""Runs the work of test_fleet.py on a local Dask cluster, and where there is none; prints the results as JSON."""

from __future__ import annotations

import json
import sys

from distributed import LocalCluster

from hwpoison_gui.commands import fleet
from tests.commands.test_fleet import quiet, work

NOBODY = ("tcp://127.0.0.1:1", "nonsense://x")


def refused(address: str) -> str:
    """Return the message about an address at which no scheduler answers."""
    try:
        list(fleet.each(["a"], work, 1, address, quiet))
    except fleet.NoSchedulerError as error:
        return str(error)
    return ""


def main() -> None:
    where = dict.fromkeys(("dashboard_address", "worker_dashboard_address"))
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=True, **where) as cluster:
        found = list(fleet.each(sys.argv[1:], work, 1, cluster.scheduler_address, quiet))
    fleet._CONNECT_S = 0.2
    print(json.dumps([*found, *map(refused, NOBODY)]))


if __name__ == "__main__":
    main()
