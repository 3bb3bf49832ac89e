"""The report of a run: rows as they come on the terminal, then results.jsonl, pictures and report.md in one directory."""
import json
import pathlib
import shutil
import sys
import time

import plots


def number(value):
    """Four significant digits, thousands with a space."""
    if value == int(value) and abs(value) < 1e4:
        return str(int(value))
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.{3 if abs(value) < 10 else 2 if abs(value) < 100 else 1}f}"


def cells(row):
    """The row as texts: case, subject, metric, median, from – to, of limit, goal, quiet."""
    samples = row["samples"]
    spread = f"{number(min(samples))} – {number(max(samples))}" if len(samples) > 1 else "once"
    goal = "" if row["goal"] is None else f"{row['goal']} {'✓' if row['met'] else '✗ MISSED'}"
    return [row["case"], row["subject"], row["metric"], f"{number(row['value'])} {row['unit']}".strip(), spread,
            "" if row["ratio"] is None else f"{row['ratio']:.3f}", goal,
            "yes" if row["quiet"] else f"no ({100 * row['busy']:.0f} %)"]


HEAD = ["case", "subject", "metric", "median", "from – to", "of limit", "goal", "quiet"]


def markdown_table(rows, head):
    escaped = [[str(cell).replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *escaped])


class Report:
    def __init__(self, directory, suite, machine, versions):
        self.directory = pathlib.Path(directory)
        self.suite, self.machine, self.versions = suite, machine, versions
        self.sections = []
        suite.report = self
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)

    def begin(self, name, title, text):
        self.sections.append({"name": name, "title": title, "text": text, "rows": [], "pictures": [], "failure": None})
        print(f"\n{name}: {title}", flush=True)

    def row(self, row):
        section = self.sections[-1]
        section["rows"].append({"benchmark": section["name"], **row})
        case, subject, metric, value, spread, ratio, goal, quiet = cells(row)
        print(f"  {case:24} {subject:22} {metric:26} {value:>15}  {spread:>17}  {ratio:>6}  {goal:18}"
              f"{'' if row['quiet'] else ' quiet: ' + quiet}".rstrip(), flush=True)

    def fail(self, text):
        self.sections[-1]["failure"] = text
        print(f"  FAILED: {text}", file=sys.stderr, flush=True)

    def end(self, seconds, budget):
        self.sections[-1]["seconds"] = seconds
        over = "" if seconds <= budget else f", more than its budget of {budget} s"
        print(f"  took {seconds:.0f} s{over}", flush=True)

    def line_plot(self, name, title, x_label, y_label, lines, ideal):
        self._picture(name, title, plots.line_plot, x_label, y_label, lines, ideal)

    def bar_plot(self, name, title, y_label, bars):
        self._picture(name, title, plots.bar_plot, y_label, bars)

    def course_plot(self, name, title, y_label, panels, bound):
        self._picture(name, title, plots.course_plot, y_label, panels, bound)

    def _picture(self, name, title, draw, *arguments):
        draw(self.directory / f"{name}.svg", title, *arguments)
        self.sections[-1]["pictures"].append((name, title))

    def write(self, also_json=None):
        rows = [row for section in self.sections for row in section["rows"]]
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        for path in [self.directory / "results.jsonl", *([also_json] if also_json else [])]:
            path.write_text(lines)
        (self.directory / "report.md").write_text(self.markdown(rows))
        missed = [row for row in rows if row["met"] is False]
        goals = sum(row["met"] is not None for row in rows)
        print(f"\n{goals - len(missed)} of {goals} goals met, {sum(not row['quiet'] for row in rows)} of {len(rows)} rows "
              f"not quiet. {self.directory / 'report.md'}", flush=True)

    def markdown(self, rows):
        command = " ".join(["tools/bench", *sys.argv[1:]])
        text = [f"# Benchmarks of shoal\n\n`{command}`, {time.strftime('%d %b %Y, %H:%M UTC', time.gmtime())}. Every row is "
                "the median of its samples. *of limit* is its ratio to what the machine or the theory allows in the same "
                "run; a row is *quiet* when others used at most 5 % of the machine meanwhile.\n",
                markdown_table(self.machine + self.versions, ["", ""])]
        missed = [row for row in rows if row["met"] is False]
        if missed:
            text.append("\n## Missed goals\n\n" + markdown_table([[row["benchmark"], *cells(row)] for row in missed],
                                                               ["benchmark", *HEAD]))
        for section in self.sections:
            text.append(f"\n## {section['name']}: {section['title']}\n\n{section['text']}\n\n"
                        f"`tools/bench {section['name']}`, {section.get('seconds', 0):.0f} s\n")
            if section["failure"]:
                text.append(f"**Failed:** {section['failure']}\n")
            if section["rows"]:
                text.append(markdown_table([cells(row) for row in section["rows"]], HEAD))
            for name, title in section["pictures"]:
                text.append(f"\n![{title}]({name}.svg)")
        return "\n".join(text) + "\n"
