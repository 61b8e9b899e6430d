"""What was drawn, and the picture of it as an SVG file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

SIZE = 400
MOST = 2000


@dataclass
class Paper:
    """Lines, the oldest of which fade from the page when there are too many."""

    lines: list[str] = field(default_factory=list)

    def draw(self, begin: tuple[float, float], end: tuple[float, float], colour: str) -> None:
        """One stroke; what leaves the page comes back on the other side."""
        (x1, y1), (x2, y2) = begin, end
        left, up = SIZE * (x1 // SIZE), SIZE * (y1 // SIZE)
        self.lines.append(
            f'<line x1="{x1 - left:.1f}" y1="{y1 - up:.1f}" x2="{x2 - left:.1f}" y2="{y2 - up:.1f}" stroke="{colour}"/>'
        )
        del self.lines[:-MOST]

    def save(self, path: Path) -> None:
        """Write the picture; whoever looks at it never sees half of one."""
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" stroke-width="2">'
        beside = path.with_suffix(".tmp")
        beside.write_text(
            "\n".join([head, '<rect width="100%" height="100%" fill="#101018"/>', *self.lines, "</svg>\n"])
        )
        beside.replace(path)
