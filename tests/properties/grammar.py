"""The words that random programs are made of.

A template is a statement with holes: `<n>` an integer expression of what is in scope when the statement runs, `<b a v>`
one that is evaluated later, in a body, where `a` and `v` are in scope too; `<lit>` a literal; `<name>` the name that is
defined, `<u>` a fresh name; `<fn>`, `<cls>` … something of that kind in scope; `<own T>` a name of that kind that this
very module has bound; `<lazy>` a local import.
"""

from __future__ import annotations

from dataclasses import dataclass

HEADER = "import abc, collections, contextlib, dataclasses, enum, functools, typing"


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of statement: what kind of name it binds ("" none), how often it is taken, its text."""

    kind: str
    weight: int
    text: str
    arity: int = 1


_WRAP = "    @functools.wraps(fn)\n"

TEMPLATES = (
    # constants
    Template("K", 8, "<name> = <n>"),
    Template("K", 4, "<name> = <n> + <n>"),
    Template("K", 2, "<name>: int = <n>"),
    Template("K", 2, "<name> = sum([<n v> for v in range(3)])"),
    Template("K", 2, "<name> = len({v: <n v> for v in range(<lit> % 4)})"),
    Template("K", 2, "if <n> % 2:\n    <name> = <n>\nelse:\n    <name> = <n>"),
    Template("K", 1, "try:\n    <name> = <n> // (<n> % 3)\nexcept ZeroDivisionError:\n    <name> = <n>"),
    Template("K", 1, "for <u> in range(3):\n    <name> = <n> + <u>"),
    Template("K", 1, "match <n> % 2:\n    case 0:\n        <name> = <n>\n    case _:\n        <name> = <n>"),
    Template("K", 1, "<name> = (<u> := <n>) + <lit>"),
    Template("K", 1, "with <ctx>(<n>) as <name>:\n    pass"),
    Template("K", 1, "try:\n    from <mod> import <u> as <name>\nexcept ImportError:\n    <name> = <n>"),
    Template("K", 1, "try:\n    from <modname> import <u> as <name>\nexcept ImportError:\n    <name> = <n>"),
    Template("K", 1, "<name> = <n>\n<name> += <n>"),
    Template("K", 1, "<name> = functools.reduce(lambda p, q: p + q * <n>, [<n>, <n>])"),
    # functions
    Template("f", 5, "def <name>(a):\n    return <b a>"),
    Template("f", 4, "def <name>(a, b=<n>):\n    return <b a b>"),
    Template("f", 2, "def <name>(a, *, k=<n>):\n    'doc <lit>'\n    return <b a k>"),
    Template("f", 2, "def <name>(a: int, b: int = <n>) -> int:\n    c = <b a b>\n    return c + <b a b>"),
    Template("f", 2, "def <name>(a, *rest):\n    return <b a> + len(rest)"),
    Template("f", 2, "def <name>(a, b):\n    if a > <b>:\n        return <b a b>\n    return <b a b>", 2),
    Template("f", 2, "<name> = lambda a: <b a>"),
    Template("f", 1, "<name> = lambda a, b=<n>: <b a b>"),
    Template("f", 2, "<name> = functools.partial(<fn2>, <n>)"),
    Template("f", 2, "<name> = <mk>(<n>)"),
    Template("f", 3, "@<deco>\ndef <name>(a):\n    return <b a>"),
    Template("f", 2, "@<deco>\n@<deco>\ndef <name>(a, b=<n>):\n    return <b a b>"),
    Template("f", 2, "@functools.lru_cache\ndef <name>(a):\n    return <b a>"),
    Template("f", 1, "@<deco>\n@functools.cache\ndef <name>(a):\n    return <b a>"),
    Template(
        "f", 2, "if <n> % 2:\n    def <name>(a):\n        return <b a>\nelse:\n    def <name>(a):\n        return <b a>"
    ),
    Template("f", 2, "def <name>(a):\n    <lazy>\n    return <b a>"),
    Template("f", 2, "def <name>(a):\n    def inner(v):\n        return <b a v>\n    return inner(<b a>)"),
    Template(
        "f",
        1,
        "def <name>(a):\n    total = <b a>\n    def add(v):\n        nonlocal total\n        total += v\n    add(<b a>)\n    return total",
    ),
    Template("f", 1, "def <name>(a):\n    return sum(<b a v> for v in range(3))"),
    Template(
        "f",
        1,
        "def <name>(a):\n    try:\n        return <b a> // (a - <lit>)\n    except ZeroDivisionError:\n        return <b a>",
    ),
    Template("f", 1, "def <name>(a):\n    global <own K>\n    return <b a>"),
    Template("g", 2, "def <name>(a):\n    for v in range(2):\n        yield <b a v>"),
    Template("co", 1, "async def <name>(a):\n    return <b a>"),
    Template("ctx", 1, "@contextlib.contextmanager\ndef <name>(a):\n    yield <b a>"),
    Template("sd", 1, "@functools.singledispatch\ndef <name>(a):\n    return <b>"),
    Template("", 1, "@<own sd>.register\ndef _(a: <sdtype>):\n    return <b>"),
    # decorators, factories
    Template(
        "d",
        2,
        "def <name>(fn):\n"
        + _WRAP
        + "    def wrapper(*args, **kwargs):\n        return fn(*args, **kwargs) + <b>\n    return wrapper",
    ),
    Template("d", 1, "def <name>(fn):\n    def wrapper(*args):\n        return fn(*args) * <b>\n    return wrapper"),
    Template(
        "d",
        1,
        "def <name>(fn):\n    extra = <b>\n"
        + _WRAP
        + "    def wrapper(*args, extra2=<b>):\n        return fn(*args) + extra + extra2\n    return wrapper",
    ),
    Template("d", 1, "def <name>(fn):\n    fn.mark = <b>\n    return fn"),
    Template(
        "dc",
        1,
        "class <name>:\n    def __init__(self, fn):\n        self.fn = fn\n        functools.update_wrapper(self, fn)\n    def __call__(self, *args):\n        return self.fn(*args) + <b>",
    ),
    Template("d", 2, "def <name>(fn):\n    <own R>[fn.__name__] = fn\n    return fn"),
    Template("d", 1, "def <name>(fn):\n    fn.__name__\n    <own RL>.append(fn)\n    return fn"),
    Template(
        "q",
        2,
        "def <name>(n=<n>):\n    def decorate(fn):\n    "
        + _WRAP
        + "        def wrapper(*args):\n            return fn(*args) + n * <b n>\n        return wrapper\n    return decorate",
    ),
    Template(
        "q",
        1,
        "def <name>(n=<n>):\n    def decorate(fn):\n        <own R>[fn.__name__, n] = fn\n        return fn\n    return decorate",
    ),
    Template("mk", 2, "def <name>(n):\n    def inner(v):\n        return <b n v>\n    return inner"),
    Template("mk", 1, "def <name>(n, m=<n>):\n    return lambda v: <b n m v>"),
    Template("cd", 1, "def <name>(cls):\n    cls.added = <b>\n    cls.extra = lambda self: <b self.x>\n    return cls"),
    # tables, registries, state
    Template("T", 2, "<name> = {'a': <n>, 'b': <n>}"),
    Template("T", 1, "<name> = dict(a=<n>)\nfor <u> in range(2):\n    <name>[<u>] = <n>"),
    Template("T", 1, "<name> = {v: <n v> for v in 'ab'}"),
    Template("", 2, "<own T>['<key>'] = <n>"),
    Template("", 1, "<own T>.update(<key>=<n>)"),
    Template("", 1, "<T>['<key>'] = <n>"),
    Template("L", 2, "<name> = [<n>, <n>]"),
    Template("", 2, "<own L>.append(<n>)"),
    Template("", 1, "<L>.append(<n>)"),
    Template("", 1, "<T>.update(<key>=<n>)"),
    Template("T", 1, "<name> = {**<T>, 'z': <n>}"),
    Template("L", 1, "<name> = [*<L>, <n>]"),
    Template("f", 1, "def <name>(a):\n    return a + sum(map(int, <T>.values()))"),
    Template("f", 1, "def <name>(a):\n    return a + len(<L>)"),
    Template("", 1, "<own L> += [<n>]"),
    Template("", 1, "<own K> += <n>"),
    Template("R", 1, "<name> = {}"),
    Template("RL", 1, "<name> = []"),
    Template("", 2, "<R>['<key>'] = <fn>"),
    Template("L", 1, "<name> = sorted(str(k) for k in <R>)"),
    Template("", 1, "<RL>.append(<fn>)"),
    Template("state", 2, "<name> = []"),
    Template("state", 2, "<name> = {}"),
    Template("state", 1, "<name> = set()"),
    Template("state", 1, "<name> = collections.deque()"),
    Template("state", 2, "<name> = <cls>()"),
    # classes of the standard library's making
    Template(
        "E",
        2,
        "class <name>(enum.Enum):\n    RED = <n>\n    BLUE = <n> + 1000\n    def shade(self, a=<n>):\n        return <b a>",
    ),
    Template("E", 1, "class <name>(enum.IntEnum):\n    RED = <lit>\n    BLUE = RED + 100"),
    Template("N", 2, "<name> = collections.namedtuple('<name>', 'p q')"),
    Template(
        "N",
        2,
        "class <name>(typing.NamedTuple):\n    p: int\n    q: int = <n>\n    def both(self):\n        return self.p + self.q + <b>",
    ),
    Template(
        "D",
        3,
        "@dataclasses.dataclass\nclass <name>:\n    x: int = <n>\n    y: int = <n>\n    def area(self):\n        return self.x * <b self.y>",
    ),
    Template(
        "D",
        1,
        "@dataclasses.dataclass(frozen=True)\nclass <name>:\n    x: int\n    items: list = dataclasses.field(default_factory=list)\n    @property\n    def area(self):\n        return <b self.x>",
    ),
    Template(
        "v",
        1,
        "class <name>:\n    def __set_name__(self, owner, name):\n        self.name = name + '<lit>'\n    def __get__(self, obj, owner=None):\n        return (self.name, <b>)",
    ),
    Template(
        "m",
        1,
        "class <name>(type):\n    def __new__(mcs, name, bases, space):\n        space['made'] = <b>\n        return super().__new__(mcs, name, bases, space)\n    def hello(cls):\n        return <b>",
    ),
    # one-offs
    Template("", 1, "assert <n> is not None"),
    Template("", 1, "<own C>.patched = <n>"),
    Template("", 1, "<own C>.bolted = <fn>"),
    Template("f", 2, "<name> = <fn>"),
    Template("C", 1, "<name> = <cls>"),
    Template("", 1, "del <own K>"),
    Template("", 1, "__all__ = <allnames>"),
    Template("", 1, "'doc <lit>'"),
    Template("", 1, "# comment <lit>"),
)

MEMBERS = (
    (4, "x = <n>"),
    (2, "attr<i>: int = <n>"),
    (2, "attr<i> = [<n v> for v in range(3)]"),
    (2, "attr<i> = x + <n>"),
    (4, "def m<i>(self, a=<n>):\n    return <b self.x a>"),
    (3, "def m<i>(self, a):\n    return <super a> + <b self.x a>"),
    (1, "def m<i>(self):\n    return __class__.__name__, self.__class__.__name__, <b>"),
    (1, "def m<i>(self):\n    def inner(v):\n        return self.x + <b v>\n    return inner(<b>)"),
    (2, "@property\ndef p<i>(self):\n    return <b self.x>"),
    (1, "@property\ndef p<i>(self):\n    return <b>\n@p<i>.setter\ndef p<i>(self, value):\n    self.x = value"),
    (1, "@functools.cached_property\ndef c<i>(self):\n    return <b self.x>"),
    (2, "@staticmethod\ndef s<i>(a=<n>):\n    return <b a>"),
    (2, "@classmethod\ndef k<i>(cls, a=<n>):\n    return cls.__name__, <b a>"),
    (2, "@<deco>\ndef w<i>(self, a=1):\n    return <b self.x a>"),
    (1, "m<i> = lambda self, a=<n>: <b self.x a>"),
    (1, "def __call__(self, a):\n    return <b a>"),
    (1, "def __len__(self):\n    return <lit>"),
    (1, "def __repr__(self):\n    return 'r' + str(<b>)"),
    (1, "class Inner:\n    z = <n>\n    def get(self):\n        return <b>"),
    (2, "__hidden = <n>\ndef priv(self):\n    return self.__hidden + <b>"),
    (1, "m9 = <fn>"),
    (1, "v<i> = <v>()"),
    (1, "if <n> % 2:\n    def m<i>(self):\n        return <b>\nelse:\n    m<i> = None"),
    (1, "'doc <lit>'"),
    (3, "def __init__(self, x=<n>, y=2):\n    self.x = x\n    self.y = y\n    self.z = <b x>"),
    (1, "def __init_subclass__(cls, **kw):\n    super().__init_subclass__(**kw)\n    cls.tag = <b>"),
    (
        1,
        "kinds = {}\ndef __init_subclass__(cls, **kw):\n    super().__init_subclass__(**kw)\n    __class__.kinds[cls.__name__] = cls",
    ),
    (1, "@abc.abstractmethod\ndef need(self):\n    pass"),
    (1, "@functools.lru_cache\ndef cached<i>(self):\n    return <b>"),
    (1, "@functools.wraps(<fn>)\ndef u<i>(self, *args):\n    return <b>"),
    (1, "@functools.singledispatchmethod\ndef sd<i>(self, a):\n    return <b>"),
    (1, "m<i> = functools.partialmethod(lambda self, a: <b a>, <n>)"),
)
"""Weight and text; `<super a>` is a call of an inherited method."""

EXPRESSIONS = (
    (9, "<lit>"),
    (9, "<K>"),
    (3, "<K> + <K>"),
    (3, "<K> * <lit>"),
    (2, "(<K> if <K> % 2 else <lit>)"),
    (4, "<f>(<K>)"),
    (2, "<f2>(<lit>, <K>)"),
    (1, "<f>(<f>(<lit>))"),
    (2, "<T>['a']"),
    (1, "<T>.get('<key>', <lit>)"),
    (1, "sum(<T>.values())"),
    (1, "len(<T>)"),
    (1, "len(<L>)"),
    (1, "len(<R>)"),
    (1, "sum(map(len, map(str, <L>)))"),
    (2, "<cls>.x"),
    (1, "getattr(<cls>, 'attr1', <lit>) * 1"),
    (2, "<cls>().m1(<K>)"),
    (1, "<cls>.s1(<K>)"),
    (1, "<cls>(<K>).x"),
    (1, "<D>(<K>).x"),
    (1, "<D>(<K>).area()"),
    (2, "<E>.RED.value"),
    (1, "len(<E>)"),
    (1, "<N>(<K>, <lit>).p"),
    (1, "sum(<g>(<K>))"),
    (1, "<mk>(<K>)(<lit>)"),
    (1, "<sd>(<K>)"),
    (1, "(lambda w: w + <K>)(<K>)"),
    (1, "len(f'{<K>}x')"),
    (1, "max(<K>, <K>)"),
    (1, "sum([<K> * w for w in range(3)])"),
    (1, "[<K>, <K>][<K> % 2]"),
    (1, "isinstance(<lit>, int)"),
    (1, "len(<fn>.__name__)"),
    (1, "<q>(<lit>)(lambda w: w)(<K>)"),
)
"""Integer expressions; `<K>` is a constant, or a parameter where there is one, or a literal."""
