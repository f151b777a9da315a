"""A report read back: its elements as a browser would see them, and the data that its charts are drawn from."""
import html.parser
import json
import re

VOID = {"meta", "img", "br", "link", "input"}


class Page(html.parser.HTMLParser):
    """`elements`: (tag, attributes, text within); `faults`: tags that do not pair."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.text, self.elements, self.faults, self.open = text, [], [], []
        self.feed(text)
        self.faults += [f"<{element[0]}> is not closed" for element in self.open]

    def handle_starttag(self, tag, attributes):
        element = [tag, dict(attributes), ""]
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attributes):   # of Graphviz's picture
        self.elements.append([tag, dict(attributes), ""])

    def handle_endtag(self, tag):
        if not self.open or self.open[-1][0] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-1][0] if self.open else 'nothing'} at {self.getpos()}")
        else:
            self.open.pop()

    def handle_data(self, data):
        for element in self.open:
            element[2] += data

    def all(self, tag, **wanted):
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in wanted.items()}
        return [element for element in self.elements if element[0] == tag and all(element[1].get(name) == value for name, value in wanted.items())]

    @property
    def data(self):
        [script] = self.all("script", id="data")
        return json.loads(script[2])

    def chart(self, title):
        """The data of the chart with this title, and the rows of the table behind it."""
        [figure] = [element for element in self.all("figure") if re.match(re.escape(title) + r"(?!\w)", element[2].strip())]
        names = re.findall(r'<canvas id="(chart-\d+)"[^>]*aria-label="([^"]*)"', self.text)
        [name] = [name for name, label in names if label == title]
        [chart] = [chart for chart in self.data["charts"] if chart["id"] == name]
        return chart, figure[2]


def outside(page):
    """What the page would fetch from anywhere: there should be none."""
    links = [attributes.get(name) for tag, attributes, _ in page.elements for name in ("src", "srcset", "data", "poster")
             if tag != "a" and attributes.get(name)]
    return [link for link in links if not link.startswith("data:")] + [tag for tag, _, _ in page.elements if tag in ("link", "iframe", "object", "embed", "base")]
