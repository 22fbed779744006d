#!/usr/bin/env python3
"""Plots the results of distload-bench and tools/bench_peers.py as SVG or PNG, for a page 900 pixels wide with a light or dark background.

Usage: plot_bench.py --out FILE [--peers PEERS.json] [--figure bars|roofs|peers] [--all-cases] [--release VERSION] BENCH.json...

A BENCH.json is written by distload-bench --json; of tools/bench/releases.jsonl, the last line is drawn, or that of --release.

Figures: bars: all loads and the raw limits of the same rounds; roofs: the same speeds below the limits of storage, page cache and memory;
peers: distload and other programs. Draws all figures for which the files have data, one below the other, unless --figure names one.
For parameters that are partitioned on one axis only, it draws just the same layout, unless --all-cases is given.
"""
import argparse
import json
import pathlib
import re
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "peers"))
import environment

try:
    import matplotlib
    from matplotlib import lines, pyplot
except ImportError as missing:
    sys.exit(f"plot_bench: {missing}. `tools/bench_peers.py --setup-only` makes a Python that has it: {environment.PYTHON} tools/plot_bench.py ...")

TEXT = "#808080"  # legible on white and on black
FAINT = "#80808033"
INCHES_WIDE = 9.375  # 900 pixels in a browser, at 96 to the inch
ROW_INCHES = 0.19
LIMITS = {  # name in the JSON: (label, colour, dashes)
    "raw pread": ("page cache or storage: raw pread", "#56B4E9", "-"),  # as version 0.1.0 called it
    "raw pread, 4 KiB pages": ("raw pread into new 4 KiB pages", "#56B4E9", "-"),
    "raw pread, huge pages": ("raw pread into new huge pages", "#882255", "--"),
    "raw pread in place": ("raw pread to memory in use", "#56B4E9", ":"),
    "raw io_uring": ("storage: raw io_uring", "#009E73", "-"),
    "raw io_uring, 4 KiB pages": ("storage: raw io_uring into new 4 KiB pages", "#009E73", "--"),
    "raw io_uring, huge pages": ("storage: raw io_uring into new huge pages", "#009E73", ":"),
    "memcpy": ("memory: memcpy", "#E69F00", "-"),
}
BARE = ("raw ", "memcpy")  # how the names of bare operations begin
ROOFS = ("raw pread", "raw pread, 4 KiB pages", "raw pread, huge pages", "raw io_uring", "raw io_uring, 4 KiB pages", "raw io_uring, huge pages", "memcpy")
ENGINES = {  # (colour, marker)
    "buffered": ("#0072B2", "o"),
    "collective": ("#009E73", "s"),
    "direct": ("#D55E00", "^"),
    "mmap": ("#CC79A7", "D"),
    "auto": (TEXT, "x"),
}
ENGINE_LABELS = {"mmap": "mmap (shows what need not be copied)"}
OWN, OTHERS, RELOAD = "#0072B2", "#999999", "#56B4E9"
STATES = ("warm", "cold")
STARTS = ("fresh", "reload")  # every sample in processes of its own, or all in the same


def case_of(measured):
    """What was loaded, as text: (kind, layout)."""
    layout = re.search(r"/hdf5-(\d+)/", measured["checkpoint"])
    if measured["format"] != "hdf5":
        name = "safetensors"
    elif not layout:
        name = "HDF5"
    elif int(layout[1]) == measured["ranks"]:
        name = "same layout"
    else:
        name = f"resharded from {layout[1]}"
    if measured["part"] == "all":
        return name
    part = measured["part"].replace("_", "-") + " only"
    return part if name in ("same layout", "HDF5") else f"{part}, {name}"


def read_release(path, version):
    """The measurements of a line of releases.jsonl, as distload-bench --json has them."""
    releases = [json.loads(line) for line in path.read_text().splitlines()]
    found = [release for release in releases if version in (None, release["version"])]
    if not found:
        sys.exit(f"plot_bench: {path} has no line of version {version}")
    measurements = found[-1]["measurements"]
    for measured in measurements:
        measured["contenders"] = [{"name": name, "gigabytes_per_second": speed} for name, speed in measured["gigabytes_per_second"].items()]
        for each in measured["contenders"]:
            if each["name"] == "auto":
                each["engine"] = measured["auto"]
    return measurements


def read_cases(arguments):
    """{case: {state: measurement}}, whole models first. If some were measured in fresh processes and some were not, the case says which."""
    measurements = []
    for path in arguments.bench:
        measurements += read_release(path, arguments.release) if path.suffix == ".jsonl" else json.loads(path.read_text())["measurements"]
    measurements.sort(key=lambda measured: (measured["part"] != "all", STARTS.index(measured["start"])))
    is_mixed = len({measured["start"] for measured in measurements}) > 1
    cases = {}
    for measured in measurements:
        name = case_of(measured)
        if arguments.all_cases or measured["part"] == "all" or "," not in name:
            cases.setdefault(f"{name}, {measured['start']}" if is_mixed else name, {})[measured["state"]] = measured
    return cases


def speeds(measured):
    """{contender: GB/s}"""
    return {each["name"]: each["gigabytes_per_second"] for each in measured["contenders"]}


def loads(measured):
    """The names of loads and saves that are not variants of others."""
    names = [each["name"] for each in measured["contenders"]]
    return [name for name in names if not name.startswith(BARE) and not name.endswith(" unverified")]


def states_of(cases):
    return [state for state in STATES if any(state in measured for measured in cases.values())]


def tidy(axes, left=False):
    for side in ("top", "right", "bottom") if left else ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)


def number(speed):
    return f"{speed:.1f}" if speed >= 10 else f"{speed:.2f}"


def draw_bars(figure, cases):
    """A row of axes per case, a column per state: bars of loads, limits as lines. An unverified speed beyond the axis is an arrow."""
    states = states_of(cases)
    heights = [max(len(loads(measured)) for measured in case.values()) for case in cases.values()]
    grid = figure.subplots(len(cases), len(states), squeeze=False, gridspec_kw={"height_ratios": heights})
    for row, (name, case) in zip(grid, cases.items()):
        for axes, state in zip(row, states):
            tidy(axes)
            axes.set_axisbelow(True)
            if state not in case:
                axes.axis("off")
                continue
            measured = case[state]
            speed_of, names = speeds(measured), loads(measured)
            most = max([speed_of[limit] for limit in LIMITS if limit in speed_of] + [speed_of[load] for load in names])
            for limit, (_, colour, dashes) in LIMITS.items():
                if limit in speed_of:
                    axes.axvline(speed_of[limit], color=colour, linestyle=dashes, linewidth=1.6, zorder=0)
            for place, load in enumerate(names):
                axes.barh(place, speed_of[load], height=0.7, color=RELOAD if load.startswith(("reload", "save")) else OWN, linewidth=0)
                axes.text(1.25 * most, place, number(speed_of[load]), va="center", ha="right", fontsize=8)
                if unverified := speed_of.get(f"{load} unverified"):
                    marker = dict(marker="|", markersize=9) if unverified <= most else dict(marker=5, markersize=4)
                    axes.plot(min(unverified, 1.04 * most), place, **marker, markeredgewidth=1.6, color=TEXT)
            chosen = {each["name"]: f"{each['name']}: {each['engine']}" for each in measured["contenders"] if each["name"] == "auto"}
            axes.set_yticks(range(len(names)), [chosen.get(name, name) for name in names])
            axes.set_ylim(len(names) - 0.4, -0.6)
            axes.set_xlim(0, 1.25 * most)
            axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(5, steps=(1, 2, 5, 10)))
            axes.set_title(f"{name}, {state}" + ("" if name.endswith(measured["start"]) else f", {measured['start']}"), loc="left", fontsize=9.5)
    for axes in grid[-1]:
        axes.set_xlabel("GB/s")
    found = {each["name"] for case in cases.values() for measured in case.values() for each in measured["contenders"]}
    handles = [lines.Line2D([], [], color=colour, linestyle=dashes, linewidth=1.6, label=label)
               for limit, (label, colour, dashes) in LIMITS.items() if limit in found]  # fmt: skip
    if any(name.endswith(" unverified") for name in found):
        style = dict(color=TEXT, marker="|", markersize=9, markeredgewidth=1.6, linestyle="")
        handles.append(lines.Line2D([], [], **style, label="the same without checksums"))
    figure.legend(handles=handles, loc="outside lower center", ncols=3)


def draw_roofs(figure, cases):
    """All speeds by case, warm on the left and cold on the right of each case, with the limits measured in the same rounds."""
    axes = figure.subplots()
    tidy(axes, left=True)
    states = states_of(cases)
    engines = [engine for engine in ENGINES if any(engine in loads(measured) for case in cases.values() for measured in case.values())]
    ticks, labels = [], []
    for group, (name, case) in enumerate(cases.items()):
        if group:
            axes.axvline(group, color=FAINT, linewidth=0.8)
        axes.text(group + 0.5, 1.01, name.replace(", ", ",\n"), transform=axes.get_xaxis_transform(), ha="center", va="bottom", fontsize=9)
        for place, state in enumerate(states):
            begin, width = group + place / len(states), 1 / len(states)
            ticks.append(begin + width / 2)
            labels.append(state)
            speed_of = speeds(case[state]) if state in case else {}
            for limit in ROOFS:
                if limit in speed_of:
                    axes.hlines(speed_of[limit], begin + 0.02, begin + width - 0.02, color=LIMITS[limit][1], linewidth=2.2)
            for step, engine in enumerate(engines):
                if engine in speed_of:
                    colour, marker = ENGINES[engine]
                    axes.plot(begin + width * (step + 1) / (len(engines) + 1), speed_of[engine], marker, color=colour, markersize=5.5)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(matplotlib.ticker.LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(matplotlib.ticker.NullLocator())
    axes.grid(axis="y", color=TEXT, alpha=0.25, linewidth=0.6)
    axes.set_ylabel("GB/s")
    axes.set_xlim(0, len(cases))
    axes.set_xticks(ticks, labels)
    found = {each["name"] for case in cases.values() for measured in case.values() for each in measured["contenders"]}
    handles = [lines.Line2D([], [], color=LIMITS[limit][1], linewidth=2.2, label=LIMITS[limit][0]) for limit in ROOFS if limit in found]
    handles += [lines.Line2D([], [], color=ENGINES[engine][0], marker=ENGINES[engine][1], linestyle="", label=ENGINE_LABELS.get(engine, engine))
                for engine in engines]  # fmt: skip
    figure.legend(handles=handles, loc="outside lower center", ncols=4)


def draw_peers(figure, results):
    """Bars of all contenders, fastest first, a column per state."""
    grid = figure.subplots(1, len(results), squeeze=False)[0]
    for axes, result in zip(grid, results):
        tidy(axes)
        rows = [row for row in result["contenders"] if row.get("seconds")]
        rows.sort(key=lambda row: statistics.median(row["seconds"]))
        most = max((row["gigabytes_per_second"] for row in rows), default=1)
        for place, row in enumerate(rows):
            speed = row["gigabytes_per_second"]
            axes.barh(place, speed, height=0.7, color=OWN if row["name"].startswith("distload") else OTHERS, linewidth=0)
            engine = f" ({row['engine']})" if row["name"] == "distload auto" else ""
            axes.annotate(number(speed) + engine, (speed, place), xytext=(3, 0), textcoords="offset points", va="center", fontsize=8)
        names = [f"{row['name']}\n{'its own' if row['source'] == 'dcp' else row['source'].replace('hdf5', 'HDF5')}" for row in rows]
        axes.set_yticks(range(len(rows)), names, linespacing=0.95, fontsize=8)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlim(0, 1.4 * most)
        axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(5, steps=(1, 2, 5, 10)))
        axes.set_xlabel("GB/s")
        axes.set_title(f"{result['bytes'] / 1e9:.1f} GB onto {result['ranks']} ranks, {result['state']}, {result['start']}", loc="left", fontsize=9.5)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", nargs="*", type=pathlib.Path, metavar="BENCH.json", help="written by distload-bench --json, or releases.jsonl")
    parser.add_argument("--release", metavar="VERSION", help="which line of releases.jsonl; otherwise the last")
    parser.add_argument("--peers", type=pathlib.Path, help="written by bench_peers.py --json")
    parser.add_argument("--out", required=True, type=pathlib.Path, help=".svg or .png")
    parser.add_argument("--figure", choices=("bars", "roofs", "peers"), help="only this one")
    parser.add_argument("--all-cases", action="store_true", help="also layouts of which only one axis was loaded")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    cases = read_cases(arguments)
    results = json.loads(arguments.peers.read_text())["measurements"] if arguments.peers else []
    figures = []  # (height, function that draws, its data)
    if cases:
        rows = sum(max(len(loads(measured)) for measured in case.values()) for case in cases.values())
        figures.append(("bars", 0.9 + 0.45 * len(cases) + ROW_INCHES * rows, draw_bars, cases))
        figures.append(("roofs", 4.6, draw_roofs, cases))
    if results:
        rows = max(len(result["contenders"]) for result in results)
        figures.append(("peers", 0.9 + 1.75 * ROW_INCHES * rows, draw_peers, results))
    figures = [each for each in figures if arguments.figure in (None, each[0])]
    if not figures:
        sys.exit("plot_bench: there is nothing to draw; name a BENCH.json or --peers")

    pyplot.rcParams.update({
        "font.size": 9, "text.color": TEXT, "axes.labelcolor": TEXT, "axes.edgecolor": TEXT, "axes.titlecolor": TEXT, "xtick.color": TEXT,
        "ytick.color": TEXT, "axes.facecolor": "none", "legend.frameon": False, "legend.fontsize": 8.5, "svg.hashsalt": "distload", "svg.fonttype": "none",
    })  # fmt: skip
    heights = [height for _, height, _, _ in figures]
    figure = pyplot.figure(figsize=(INCHES_WIDE, sum(heights)), layout="constrained")
    parts = figure.subfigures(len(figures), 1, height_ratios=heights, squeeze=False)[:, 0]
    for part, (_, _, draw, data) in zip(parts, figures):
        part.set_facecolor("none")
        draw(part, data)
    metadata = {"Date": None} if arguments.out.suffix == ".svg" else None
    figure.savefig(arguments.out, transparent=True, dpi=192, metadata=metadata)


if __name__ == "__main__":
    main()
