"""A strict reader of the pages that tests look at."""

import re
from html.parser import HTMLParser

VOID = {"meta", "img", "br", "link"}


class Page(HTMLParser):
    """Checks that each tag closes the last one opened, and keeps tags, attributes and text.

    Attributes:
        tags: Every tag in order, with the names of its attributes.
        attributes: Every attribute: name, value.
        text: Visible text, white space made single.
    """

    def __init__(self, page):
        super().__init__()
        self.open, self.attributes, self.tags, self._texts = [], [], [], []
        self.feed(page)
        self.close()
        assert self.open == []

    @property
    def names(self):
        return {tag for tag, _ in self.tags}

    @property
    def text(self):
        return re.sub(r"\s+", " ", "".join(self._texts))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self._texts.append(data)
