"""What the model is; the page says it in its title."""

from tfnews.report import markdown, wording
from tfnews.report.content import Report
from tfnews.report.section import Section


def _markdown(report: Report) -> str:
    config, data = report.config, report.data
    said = wording.resembles(data.class_names, data.name)
    return (
        f"# {markdown.plain(config.name)}\n\n"
        f"A text classifier of architecture {markdown.plain(config.arch)}, trained on "
        f"{markdown.plain(data.name)}. {markdown.plain(said)}"
    )


def _terminal(report: Report) -> list[str]:
    data = report.data
    return [
        f"{report.config.name} on {data.name}, {report.part} split, label basis {data.label_basis}:"
    ]


SECTION = Section("intro", markdown=_markdown, terminal=_terminal)
