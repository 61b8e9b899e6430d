"""What one would type at the prompt: `python -i session.py`."""

from shapes import Square, ask

import hotswap

reloader = hotswap.watch()
square = Square(3)

print(ask(square))
print("Edit shapes.py and save it, then type: ask(square)")
