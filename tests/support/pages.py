"""
Reads HTML strictly, and names that data may bring.
"""

from html.parser import HTMLParser

VOID = {"meta", "img", "br", "link", "hr", "input"}
HOSTILE = (
    "../../x", "<script>alert(1)</script>",
    "a\r\nBcc: eve@example.com", "機械" * 150, "\u202egnp.exe\u2066", "\ud800\x00\x1b[31m",
    '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "", "$\\frac{1}{",
)  # fmt: skip


class Page(HTMLParser):
    """Reads HTML strictly: each element is closed in its turn; collects text, elements and attributes."""

    def __init__(self, html):
        super().__init__()
        self.open, self.elements, self.text, self.attributes = [], [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        """Note an element that opens."""
        self.elements.append(tag)
        self.attributes.extend((tag, name, value or "") for name, value in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        """Close the element that opened last."""
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        """Note an element without content."""
        self.elements.append(tag)
        self.attributes.extend((tag, name, value or "") for name, value in attrs)

    def handle_data(self, data):
        """Keep what is read."""
        if not self.open or self.open[-1] not in {"style", "title"}:
            self.text.append(data)

    def words(self):
        """Return the text as a reader sees it."""
        return " ".join("".join(self.text).replace("\u00a0", " ").split())
