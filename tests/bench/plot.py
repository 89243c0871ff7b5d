"""The results as a drawing."""

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "npyfs"  # the same results give the same file
matplotlib.rcParams["svg.fonttype"] = "none"  # text as text, not as outlines: a tenth of the size

import matplotlib.pyplot as plt  # noqa: E402, after use()

COLOURS = {
    "npyfs": "#0072b2",
    "plain file": "#999999",
    "memmap slice": "#e69f00",
    "passthrough_ll cache=always": "#009e73",
    "passthrough_ll": "#cc79a7",
}


def draw(lines, path):
    """Left, what was read a second; right, each result as a multiple of its target, where more is better."""
    speeds, judged = speed_lines(lines), [line for line in lines if line.is_met() is not None]
    height = 1.2 + 0.32 * max(len(judged), 2 * len(speeds), 4)
    figure, (left, right) = plt.subplots(1, 2, figsize=(16, height))
    draw_speeds(left, speeds)
    draw_targets(right, judged)
    figure.tight_layout()
    figure.savefig(path, format="svg", metadata={"Date": None})
    plt.close(figure)


def speed_lines(lines):
    """Lines in GiB/s, each measurement once."""
    found = {}
    for line in lines:
        if line.unit == "GiB/s" and not line.not_run and COLOURS.keys() & line.values.keys():
            found.setdefault(line.title, line)
    return list(found.values())


def draw_speeds(axes, lines):
    for place, line in enumerate(lines):
        sides = [side for side in COLOURS if side in line.values]
        for index, side in enumerate(sides):
            height = 0.8 / len(sides)
            axes.barh(place + index * height, line.median(side), height * 0.9, color=COLOURS[side])
    axes.set_yticks([place + 0.4 for place in range(len(lines))], [line.title for line in lines], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("GiB/s")
    axes.legend([plt.Rectangle((0, 0), 1, 1, color=colour) for colour in COLOURS.values()], COLOURS, fontsize=8)
    axes.grid(axis="x", alpha=0.3)


def draw_targets(axes, lines):
    for place, line in enumerate(lines):
        bound = line.at_least if line.at_least is not None else line.at_most
        share = line.result() / bound if line.at_least is not None else bound / max(line.result(), 1e-9)
        axes.barh(place, min(share, 4), color="#0072b2" if line.is_met() else "#d55e00")
        axes.text(max(min(share, 4), 1) + 0.05, place, f"{line.result():.3g} (target {bound:g})", va="center", fontsize=7)
    axes.axvline(1, color="black", linewidth=1)
    labels = [line.title + (f" / {line.compare[1]}" if len(line.compare) == 2 else "") for line in lines]
    axes.set_yticks(range(len(lines)), labels, fontsize=7)
    axes.invert_yaxis()
    axes.set_xlim(0, 5.5)
    axes.set_xlabel("result as a multiple of its target (bars end at 4)")
    axes.grid(axis="x", alpha=0.3)
