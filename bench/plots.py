"""Pictures of the report, as SVG."""
import matplotlib

matplotlib.use("svg")
# Text stays text, and the same data makes the same file.
matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "shoal", "font.size": 10,
                            "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
                            "grid.alpha": 0.3, "figure.constrained_layout.use": True})
from matplotlib import pyplot

OURS = "#d62728"  # shoal, in every picture
OTHERS = ["#1f77b4", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#7f7f7f", "#bcbd22"]


def _colours(labels):
    others = iter(OTHERS * (1 + len(labels) // len(OTHERS)))
    return [OURS if label.startswith(("node", "shoal")) else next(others) for label in labels]


def _save(figure, path):
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def line_plot(path, title, x_label, y_label, lines, ideal=None):
    figure, axes = pyplot.subplots(figsize=(7, 4.2))
    if ideal:
        axes.plot(*zip(*ideal), "--", color="#555555", label="ideal")
    for (label, points), colour in zip(lines.items(), _colours(list(lines))):
        axes.plot(*zip(*points), marker="o", markersize=4, color=colour, label=label)
    axes.set(title=title, xlabel=x_label, ylabel=y_label)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    _save(figure, path)


def bar_plot(path, title, y_label, bars):
    figure, axes = pyplot.subplots(figsize=(7, 0.9 + 0.38 * len(bars)))
    labels = list(bars)
    drawn = axes.barh(labels, list(bars.values()), color=_colours(labels))
    axes.bar_label(drawn, fmt="%.4g", padding=3)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.margins(x=0.12)
    axes.set(title=title, xlabel=y_label)
    _save(figure, path)


def course_plot(path, title, y_label, panels, bound):
    """`panels` is {subject: {source: [(seconds, rate), …]}}, one below the other; `bound` is a time, drawn dashed.

    Rates are logarithmic, because a slow source that is alone at the end is what there is to see; a pause is the floor.
    """
    figure, all_axes = pyplot.subplots(len(panels), 1, figsize=(7, 1 + 2.6 * len(panels)), sharex=True, squeeze=False)
    floor = 0.01
    for axes, (subject, lines) in zip(all_axes[:, 0], panels.items()):
        colours = pyplot.colormaps["viridis"]
        for number, (label, points) in enumerate(lines.items()):
            axes.plot([at for at, _ in points], [max(floor, rate) for _, rate in points], linewidth=1.3,
                      color=colours(0.95 * number / max(1, len(lines) - 1)), label=label)
        axes.axvline(bound, linestyle="--", color="#555555", linewidth=1)
        axes.set_yscale("log")
        axes.set(title=f"{title}, {subject}", ylabel=y_label)
        axes.set_ylim(bottom=floor)
        axes.set_xlim(left=0)
    all_axes[0, 0].legend(frameon=False, fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    all_axes[-1, 0].set_xlabel("seconds")
    _save(figure, path)
