"""Suite `swarm` of tools/bench: pushes through shaped networks, beside rivals in the same network."""
import json
import statistics
import sys
from pathlib import Path

from .lab import Lab, Spec

SPECS = Path(__file__).resolve().parent.parent / "lab-specs"
# What a bar is about: how it is measured, its unit.
METRICS = {
    "ratio": ("makespan over the fluid bound", "1"),
    "ratio_to_raw_bound": ("makespan over the fluid bound of the raw rates", "1"),
    "egress": ("origin bytes over the file", "1"),
    "median_to_origin": ("median finish over the origin's own transfer time", "1"),
    "first_piece_lag_s": ("last agent's first piece after the relay's", "s"),
    "over_curl": ("makespan over plain curl's", "1"),
    "busy": ("this machine's processors, busy", "1"),
}


def specs(cases):
    """The specs that have a bar, those named or all of them."""
    found = {}
    for path in sorted(SPECS.glob("*.json")):
        values = json.loads(path.read_text())
        if "bar" in values:
            found[path.stem] = values
    unknown = set(cases) - set(found)
    if unknown:
        raise SystemExit(f"bench swarm has no case {', '.join(sorted(unknown))}; there are: {', '.join(found)}")
    return {name: values for name, values in found.items() if not cases or name in cases}


def one_run(values, binary, seed, subject="sluice"):
    with Lab(Spec({**values, "subject": subject, "seed": seed}), binary) as lab:
        return lab.run()


def rows(cases, binary, runs=3, with_rivals=True):
    """Yields a row for each metric of each case, in the form of DESIGN.md section 12, with `bar` and `holds` beside."""
    for name, values in specs(cases).items():
        ours = [one_run(values, binary, seed) for seed in range(1, runs + 1)]
        rivals = {}
        for subject in values.get("rivals", []) if with_rivals else []:
            repeated = runs if f"over_{subject}" in values["bar"] else 1
            rivals[subject] = [one_run(values, binary, seed, subject) for seed in range(1, repeated + 1)]
        for metric, bar in values["bar"].items():
            if metric == "over_curl":
                if "curl" in rivals:
                    yield row(name, metric, bar, ours, rivals["curl"], "curl")
                continue
            yield row(name, metric, bar, ours)
        yield row(name, "busy", None, ours)
        for subject, measured in rivals.items():
            if "over_curl" not in values["bar"]:
                for metric in ("ratio", "ratio_to_raw_bound", "egress"):
                    yield row(name, metric, None, ours, measured, subject)


def row(case, metric, bar, ours, rivals=None, rival_name=None):
    read = "makespan_s" if metric == "over_curl" else metric
    mine = [run[read] for run in ours]
    whole = None not in mine
    value = statistics.median(mine) if whole else None
    theirs = [run[read] for run in rivals or []]
    rival = statistics.median(theirs) if theirs and None not in theirs else None
    ratio = value / rival if value is not None and rival else None
    judged = ratio if metric == "over_curl" else value
    return {
        "suite": "swarm", "case": case, "metric": METRICS[metric][0], "unit": METRICS[metric][1],
        "sluice": rounded(value), "rival": rounded(rival), "rival_name": rival_name, "ratio": rounded(ratio),
        "runs": len(mine), "min": rounded(min(mine)) if whole else None, "max": rounded(max(mine)) if whole else None,
        "bar": bar,
        # Whatever is measured, everybody has to have the file.
        "holds": None if bar is None else judged is not None and judged <= bar and all(
            run["state"] == "COMPLETED" and run["makespan_s"] is not None for run in ours),
    }


def rounded(value):
    return None if value is None else round(value, 4)


def main(arguments, as_json, binary):
    runs, with_rivals, cases = 3, True, []
    values = iter(arguments)
    for argument in values:
        if argument == "--runs":
            runs = int(next(values))
        elif argument == "--no-rivals":
            with_rivals = False
        elif argument.startswith("-"):
            raise SystemExit(f"bench swarm has no option {argument}")
        else:
            cases.append(argument)
    failed = 0
    for found in rows(cases, binary, runs, with_rivals):
        failed += found["holds"] is False
        if as_json:
            print(json.dumps(found), flush=True)
        else:
            print(line(found), flush=True)
    if failed:
        print(f"bench swarm: {failed} bars do not hold", file=sys.stderr)
    return 1 if failed else 0


def line(found):
    spread = f"{found['sluice']} ({found['min']} to {found['max']}, {found['runs']} runs)"
    beside = f"; {found['rival_name']} {found['rival']}, ratio {found['ratio']}" if found["rival_name"] else ""
    bar = f"; bar {found['bar']}: {'holds' if found['holds'] else 'DOES NOT HOLD'}" if found["bar"] is not None else ""
    return f"{found['case']:14} {found['metric']}: {spread}{beside}{bar}"
