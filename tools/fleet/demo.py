"""The main job for real, as tools/demo runs it: python3 demo.py PATH_TO_SLUICE."""
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from fleet import Fleet, sha256_of

MIB = 1 << 20


def table(rows):
    widths = [max(len(str(row[column])) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(str(cell).rjust(width) if at else str(cell).ljust(width)
                        for at, (cell, width) in enumerate(zip(row, widths))))


def mebibytes(count):
    return f"{int(count) / MIB:.1f}"


def main(binary):
    size, relays, agents = (int(os.environ.get(k, d)) for k, d in (("SIZE_MIB", 256), ("RELAYS", 2), ("AGENTS", 4)))
    with Fleet(binary) as fleet:
        print(f"demo: origin nginx on {fleet.origin.base_url}, a random file of {size} MiB")
        path = fleet.origin.make_file("build.img", size)
        expected = sha256_of(path)
        fleet.start(relays, agents)
        fleet.register_origin()
        print(f"demo: control, {relays} relays, {agents} agents are up; pushing", flush=True)
        start = time.monotonic()
        pushed = fleet.run("push", fleet.origin.base_url + "build.img", "--to", "role=demo", "--watch",
                           capture=False, expect=None)
        seconds = time.monotonic() - start
        listed = fleet.json("distributions", "list")["distributions"]
        distribution = fleet.distribution(listed[0]["name"])
        rows = [("agent", "SHA-256", "time s", "agents MiB", "relays MiB", "relay HTTP MiB", "origin MiB")]
        good = pushed.returncode == 0
        targets = {target["node"]: target for target in distribution.get("targets", [])}
        for number in range(1, agents + 1):
            target = targets.get(f"agent-{number}", {})
            sources = target.get("sources", {})
            delivered = fleet.delivered(number, "build.img")
            digest = sha256_of(delivered) if os.path.exists(delivered) else "missing"
            good = good and digest == expected
            rows.append((f"agent-{number}", digest[:16] + ("…" if digest == expected else " WRONG"),
                         target.get("elapsed", "?").rstrip("s"),
                         *(mebibytes(sources.get(k, 0)) for k in ("agentPeers", "relayPeers", "relayHttp", "origin"))))
        print()
        table(rows)
        egress = fleet.origin.bytes_sent("/build.img") / (size * MIB)
        # Relays stripe the pull: each piece leaves the origin once.
        limit = 1.02
        print(f"\ndemo: file {expected}, {seconds:.1f} s for all; origin egress / file size = {egress:.3f}"
              f" by nginx's own log (at most {limit:.2f})")
        if not good or egress > limit:
            print("demo: FAILED", file=sys.stderr)
            return 1
        print("demo: all digests match")
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
