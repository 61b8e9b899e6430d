"""What a statement does when it runs: what it binds, reads, calls, changes in place."""

from __future__ import annotations

from dataclasses import dataclass

from hotswap.syntax import Chain


@dataclass(frozen=True, slots=True)
class ImportOf:
    """One imported name: `from module import name as bound` (level dots), or `import module as bound` (name "")."""

    module: str
    level: int
    name: str
    bound: str


@dataclass(frozen=True, slots=True)
class Store:
    """`chain.attribute = …`, or `chain[key] = …` with a constant key (attribute is then empty)."""

    chain: Chain
    attribute: str
    key: object = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What one statement binds, reads, calls and mutates when it runs.

    `maybe` are those of `binds` that are not bound on every way through the statement; `defines` are bound by `def` and
    `class` (also inside of `if` or `try`).  `reads` are evaluated; `uses` are those of them that are looked into rather
    than only referred to; `calls` are called or iterated, `shapes` are subclassed, decorated with or iterated,
    `arguments` are handed to a call.  `mutates` are changed in place, `stores` says how where that is plain.
    `computed` are those that `setattr` changes under computed names.
    `surveys`: it looks at all names that the module has by then; `opaque`: it may do anything.
    """

    binds: frozenset[str]
    maybe: frozenset[str]
    defines: frozenset[str]
    deletes: frozenset[str]
    reads: frozenset[Chain]
    uses: frozenset[Chain]
    calls: frozenset[Chain]
    shapes: frozenset[Chain]
    arguments: frozenset[Chain]
    mutates: frozenset[Chain]
    computed: frozenset[Chain]
    stores: tuple[Store, ...]
    imports: tuple[ImportOf, ...]
    opaque: bool
    surveys: bool
    runs_code: bool
    attributes: frozenset[str]
    annotates: frozenset[str]

    @property
    def roots(self) -> frozenset[str]:
        """The globals that it reads."""
        return frozenset(chain[0] for chain in self.reads)

    @property
    def hidden(self) -> frozenset[str]:
        """The attributes that it reads of something that is no dotted name: of what a call returned, of an entry."""
        return self.attributes.difference(*(chain[1:] for chain in self.reads))

    @property
    def mutated(self) -> frozenset[str]:
        """The globals that it changes, or of which it changes a part."""
        return frozenset(chain[0] for chain in self.mutates)
