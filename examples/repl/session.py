"""What one would type at the prompt: `python -i session.py`."""

import hotswap
from shapes import Square, ask

reloader = hotswap.watch()
square = Square(3)

print(ask(square))
print("Edit shapes.py and save it, then type: ask(square)")
