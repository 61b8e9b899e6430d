"""What is saved in each example, one save after the other, and how one sees that it went live."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """Files that are saved together: `old` text becomes `new` in each.  `sign` is a pattern in what is printed then.

    `typed` is what a person would type after the save, where the example is a prompt.
    """

    what: str
    edits: tuple[tuple[str, str, str], ...]
    sign: str
    typed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """How an example is started, what counts up in its output as long as its state is kept, what to save in it.

    `needs` is a module that has to be installed, `headless` are variables that let it do without a screen.
    """

    command: tuple[str, ...]
    counter: str
    saves: tuple[Save, ...]
    needs: str = ""
    headless: tuple[tuple[str, str], ...] = ()


GAME = Example(
    command=("-m", "hotswap", "run", "game.py"),
    counter=r"frame (\d+)",
    saves=(
        Save(
            what="another glyph for the birds that are flying",
            edits=(("creatures.py", 'glyph = "v"', 'glyph = "W"'),),
            sign=r"birds W",
        ),
        Save(
            what="a constant that other modules took by name and computed with",
            edits=(("settings.py", "GRAVITY = 1", "GRAVITY = 2"),),
            sign=r"gravity 2: .*birds W",
        ),
        Save(
            what="a slip: the old program goes on, whole",
            edits=(("world.py", "self.frame += 1", "self.frame += 1)"),),
            sign=r"kept the old code because .*world\.py",
        ),
        Save(
            what="the slip mended, and a body edited in another file",
            edits=(
                ("world.py", "self.frame += 1)", "self.frame += 10"),
                ("screen.py", "caught {world.caught} birds", "got {world.caught} fish, birds"),
            ),
            sign=r"frame \d+ got \d+ fish, birds W",
        ),
    ),
)
REPL = Example(
    command=("-q", "-i", "session.py"),
    counter=r"question (\d+)",
    saves=(
        Save(
            what="a method, while the object that was made before is held at the prompt",
            edits=(("shapes.py", "self.side * 2", "self.side**2"),),
            typed="print(hotswap.sync())\nprint(ask(square))\n",
            sign=r"area 9",
        ),
        Save(
            what="the function that the prompt took by name, and a slip",
            edits=(("shapes.py", "area {square.area()}", "area {square.area()"),),
            typed="print(hotswap.sync())\nprint(ask(square))\n",
            sign=r"question \d+: area 9$",
        ),
        Save(
            what="the slip mended",
            edits=(("shapes.py", "area {square.area()", "{square} covers {square.area()}"),),
            typed="print(hotswap.sync())\nprint(ask(square))\n",
            sign=r"Square\(side=3\) covers 9",
        ),
    ),
)
SIMULATION = Example(
    command=("simulate.py",),
    counter=r"served (\d+)",
    saves=(
        Save(
            what="a better policy, in the middle of the job",
            edits=(
                ("policy.py", '"""Any till."""', '"""The shortest queue."""'),
                ("policy.py", "chance.choice(tills)", "min(tills, key=len)"),
            ),
            sign=r"The shortest queue\.",
        ),
        Save(
            what="a method for figures that live already, and the column that calls it, saved together",
            edits=(
                (
                    "stats.py",
                    "    @property",
                    '    def summary(self) -> str:\n        return f"longest {self.most}"\n\n    @property',
                ),
                ("tables.py", "str(policy.choose.__doc__)", "str(policy.choose.__doc__), market.waits.summary()"),
            ),
            sign=r"The shortest queue\. \| longest \d+",
        ),
    ),
)
WAITS = r"waits here, with its state"
ARCADE = Example(
    command=("game.py", "--shots", "{shots}"),
    counter=r"frame (\d+) hits",
    needs="pygame",
    headless=(("SDL_VIDEODRIVER", "dummy"), ("SDL_AUDIODRIVER", "dummy")),
    saves=(
        Save(
            what="a constant that another module took by name",
            edits=(("settings.py", "BACKGROUND = (18, 18, 40)", "BACKGROUND = (20, 60, 50)"),),
            sign=r"saved as .*arcade-2\.png",
        ),
        Save(
            what="a new class of enemies, and the level that asks for it",
            edits=(
                (
                    "enemies.py",
                    "def kinds()",
                    (
                        'class Giant(Enemy):\n    """Slow, and large."""\n\n    colour = (120, 200, 120)\n\n'
                        "    def think(self, player: Body) -> None:\n        self.radius = 30\n\n\ndef kinds()"
                    ),
                ),
                ("level.json", '"Chaser": 1', '"Chaser": 2, "Giant": 2'),
            ),
            sign=r"level Calm: 2 Chaser 5 Drifter 2 Giant",
        ),
        Save(
            what="a slip in a frame: the window stays, and says what is wrong",
            edits=(("world.py", "self.player.move()", "self.player.jump()"),),
            sign=WAITS,
        ),
        Save(
            what="the slip mended, with the method that was missing",
            edits=(
                (
                    "physics.py",
                    "    def touches",
                    (
                        '    def jump(self) -> None:\n        """Move twice as far."""\n        self.move()\n'
                        "        self.move()\n\n    def touches"
                    ),
                ),
            ),
            sign=r"frame \d+ hits",
        ),
        Save(
            what="a level that cannot be read: the old one goes on",
            edits=(("level.json", '"title": "Calm"', '"title": "Storm'),),
            sign=r"kept the old level",
        ),
        Save(
            what="one that can",
            edits=(("level.json", '"title": "Storm', '"title": "Storm"'),),
            sign=r"level Storm: 2 Chaser",
        ),
    ),
)
SNAKE = Example(
    command=("snake.py",),
    counter=r"tick (\d+)",
    saves=(
        Save(
            what="another head",
            edits=(("screen.py", 'HEAD, PART, BITE = "@"', 'HEAD, PART, BITE = "8"'),),
            sign=r"long \d+ 8\(",
        ),
        Save(
            what="a slip in a tick: the game waits",
            edits=(
                (
                    "board.py",
                    "        self.eat()\n        self.lay_out()",
                    "        self.eat_all()\n        self.lay_out()",
                ),
            ),
            sign=WAITS,
        ),
        Save(
            what="the slip mended, and food counts double, for the snake that is there",
            edits=(("board.py", "self.eat_all()", "self.eat()"), ("board.py", "self.eaten += 1", "self.eaten += 1000")),
            sign=r"eaten \d{4,}",
        ),
    ),
)
SKETCH = Example(
    command=("sketch.py",),
    counter=r"stroke (\d+)",
    saves=(
        Save(
            what="other colours",
            edits=(("palette.py", "BASE = 0.55", "BASE = 0.0"), ("palette.py", "SPREAD = 0.1", "SPREAD = 0.01")),
            sign=r"#d94[0-9a-f]41|#d941",
        ),
        Save(
            what="another way to move, for the pen that is on the paper",
            edits=(("pen.py", "self.y += STEP * math.sin(self.angle)", "self.y = 77.0"),),
            sign=r"at -?\d+,77 ",
        ),
    ),
)
CHAT = Example(
    command=("server.py",),
    counter=r"message (\d+) ",
    saves=(
        Save(
            what="another style of message, for those who are connected",
            edits=(("style.py", 'BRACKETS = "<>"', 'BRACKETS = "[]"'),),
            sign=r"message \d+ \[Ada\]",
        ),
        Save(
            what="a new command, which a guest had asked for in vain",
            edits=(
                (
                    "commands.py",
                    "COMMANDS: dict",
                    (
                        'def stats(room: Room, guest: Guest) -> str:\n    """How much was said."""\n'
                        '    return f"{room.messages} messages, {guest.said} of them yours"\n\n\nCOMMANDS: dict'
                    ),
                ),
                ("commands.py", '{"/who": who}', '{"/who": who, "/stats": stats}'),
            ),
            sign=r"\d+ messages, \d+ of them yours",
        ),
        Save(
            what="a slip in what answers a line: the guest is told, and nobody is thrown out",
            edits=(("room.py", "        guest.said += 1", "        guest.sayd += 1"),),
            sign=r"sorry: AttributeError",
        ),
        Save(
            what="the slip mended",
            edits=(("room.py", "guest.sayd += 1", "guest.said += 1"),),
            sign=r"message \d+ \[Ben\]",
        ),
    ),
)
TRAINING = Example(
    command=("train.py",),
    counter=r"epoch (\d+)",
    saves=(
        Save(
            what="a higher rate, in the middle of the training",
            edits=(("schedule.py", "RATE = 0.02", "RATE = 0.2"),),
            sign=r"rate 0\.[12]",
        ),
        Save(
            what="one more figure in the report",
            edits=(("report.py", " rate {rate:.3f}", " worst {max(losses):.2f} rate {rate:.3f}"),),
            sign=r"worst \d",
        ),
        Save(
            what="another way to learn, for the weights that there are: none, and the loss stays where it is",
            edits=(("model.py", "slope = said - target", "slope = 0.0"),),
            sign=r"swapped .*model\.Network\.learn",
        ),
    ),
)
EXAMPLES = {
    "game": GAME,
    "arcade": ARCADE,
    "chat": CHAT,
    "repl": REPL,
    "simulation": SIMULATION,
    "sketch": SKETCH,
    "snake": SNAKE,
    "training": TRAINING,
}
