"""What the model was trained on, to the digest of every file."""

from tfnews.report import markdown, wording
from tfnews.report.content import Report
from tfnews.report.section import Section


def _markdown(report: Report) -> str:
    data = report.data
    real, fake = data.class_names
    facts = [
        f"Name: {data.name}",
        f"Classes: 0 = {real}, 1 = {fake}",
        f"What the labels rest on: {wording.label_basis(data.label_basis)}",
    ]
    for part, counts in data.counts.items():
        facts.append(f"{part}: " + ", ".join(f"{n:,} {name}" for name, n in counts.items()))
    facts += [f"SHA-256 of {file}: {digest}" for file, digest in data.digests.items()]
    facts += [f"SHA-256 of source {one['file']}: {one['sha256']}" for one in data.sources]
    return markdown.section("Data", markdown.bullets(facts))


SECTION = Section("data", markdown=_markdown)
