"""memwall.ray.sweep on two local nodes, of which one is lost on the way.

Usage: ray_nodes.py SPEC SERIAL OUT. The folder OUT must come to equal the folder SERIAL.
"""

import hashlib
import os
import signal
import sys
import tempfile
import time

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
# Ray keeps a token in the home folder.
os.environ["HOME"] = tempfile.mkdtemp(prefix="memwall-ray-")

import ray
from ray.cluster_utils import Cluster

import memwall.ray


def hashes(folder):
    names = sorted(os.listdir(folder))
    return {
        name: hashlib.sha256(open(os.path.join(folder, name), "rb").read()).hexdigest()
        for name in names
    }


@ray.remote(num_cpus=0, max_retries=0)
def crash():
    os.kill(os.getpid(), signal.SIGKILL)


def main():
    spec, serial, out = sys.argv[1:]
    store = 100 * 1024 * 1024
    head = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": store}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    second = cluster.add_node(num_cpus=1, object_store_memory=store)
    ray.init(address=cluster.address, log_to_driver=False)
    seen = {"lost_at": None}
    started = time.monotonic()

    def progress(done, parts):
        if seen["lost_at"] is None and done >= parts // 4:
            seen["lost_at"] = done
            cluster.remove_node(second, allow_graceful=False)
            try:
                ray.get(crash.remote())
            except ray.exceptions.RayError:
                pass

    points = memwall.ray.sweep(spec, out, progress=progress)
    took = time.monotonic() - started
    assert seen["lost_at"] is not None, "no node was lost"
    # The cluster notices a node's end by its silence.
    patience = time.monotonic() + 60
    while len(alive := [node for node in ray.nodes() if node["Alive"]]) > 1:
        assert time.monotonic() < patience, alive
        time.sleep(1)
    assert hashes(out) == hashes(serial), "the folders differ"
    # A driver that is started again has nothing left to do.
    again = memwall.ray.sweep(spec, out, progress=lambda done, parts: sys.exit("a part was computed twice"))
    assert (again, hashes(out)) == (points, hashes(serial))
    print(f"ray: {points} points, a node lost after {seen['lost_at']} parts, {took:.0f} s: equal")
    ray.shutdown()
    cluster.shutdown()


if __name__ == "__main__":
    main()
