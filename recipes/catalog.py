"""Find the recipe pages and read what they say of themselves, without importing any.

A page is a file recipes/CHAPTER/NAME.py with the functions build_NAME() and run(). Its first line
is its summary; the parameters of run() are its flags.
"""

import ast
import difflib
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

HOME = Path(__file__).resolve().parent


class RecipeError(ValueError):
    """A recipe cannot do what was asked: the message says what is wrong and what to do."""


@dataclass(frozen=True)
class Flag:
    """One parameter of a page's run(): a flag on the command line."""

    name: str
    default: object
    kind: type
    help: str


@dataclass(frozen=True)
class Page:
    """A recipe page, by its file."""

    path: Path
    name: str = field(init=False)
    chapter: str = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "name", self.path.stem)
        object.__setattr__(self, "chapter", self.path.parent.name)

    @property
    def module(self):
        """Dotted name to import a page of the catalogue by; None for a page outside it."""
        if self.path.parent.parent != HOME:
            return None
        return f"recipes.{self.chapter}.{self.name}"

    @property
    def builder(self):
        """Name of the function that builds the page's model."""
        return f"build_{self.name}"

    @property
    def summary(self):
        """The first line of the page's docstring, read without parsing the page."""
        with open(self.path, encoding="utf-8") as file:
            return file.readline().strip().removeprefix('"""').removesuffix('"""')

    @property
    def text(self):
        """The page's source."""
        return self.path.read_text(encoding="utf-8")

    def tree(self):
        """The page's source, parsed."""
        try:
            return ast.parse(self.text, filename=str(self.path))
        except SyntaxError as error:
            raise RecipeError(f"{self.path}, line {error.lineno}: {error.msg}.") from error

    def flags(self):
        """The parameters of run() that have a literal default, with their help from its Args."""
        run = next(
            (node for node in self.tree().body if getattr(node, "name", "") == "run"),
            None,
        )
        if not isinstance(run, ast.FunctionDef):
            raise RecipeError(f"{self.path} has no function run(): it is not a recipe.")
        helps = argument_help(ast.get_docstring(run) or "")
        names = [argument.arg for argument in run.args.args]
        flags = []
        for name, node in zip(reversed(names), reversed(run.args.defaults), strict=False):
            default = ast.literal_eval(node)
            if name != "callbacks":
                kind = str if default is None else type(default)
                flags.append(Flag(name, default, kind, helps.get(name, "")))
        return flags[::-1]


def pages():
    """All pages of the catalogue, sorted by chapter and name."""
    return [page for page in map(Page, sorted(HOME.glob("*/*.py"))) if _is_page(page)]


def _is_page(page):
    """Whether a file has a builder of its own name and a run(): layers and scores do not."""
    text = page.text
    return f"\ndef {page.builder}(" in text and "\ndef run(" in text


def find(name):
    """The page of that name, or the page file at that path.

    Raises:
        RecipeError: with the nearest name, if there is none.
    """
    if name.endswith(".py"):
        path = Path(name).resolve()
        if not path.is_file():
            raise RecipeError(f"{name}: no such file.")
        return Page(path)
    by_name = {page.name: page for page in pages()}
    if name in by_name:
        return by_name[name]
    close = difflib.get_close_matches(name, by_name, n=1)
    hint = f"did you mean {close[0]!r}?" if close else "`python -m recipes ls` lists them."
    raise RecipeError(f"no recipe is named {name!r}: {hint}")


def argument_help(docstring):
    """{argument: text} of the `Args:` section of a Google docstring, each text on one line."""
    helps, name, inside = {}, None, False
    for line in docstring.splitlines():
        indent = len(line) - len(line.lstrip())
        if line.strip() == "Args:":
            inside = True
        elif inside and line.strip() and indent == 0:
            break
        elif inside and indent == 4 and ":" in line:
            name, _, text = line.strip().partition(":")
            helps[name] = text.strip()
        elif inside and name and indent > 4:
            helps[name] += " " + line.strip()
    return helps


def example(page):
    """The code of the `Example:` section that ends the docstring of the page's builder, or "".

    Raises:
        RecipeError: if the page has no builder of its own name.
    """
    nodes = page.tree().body
    builder = next((node for node in nodes if getattr(node, "name", "") == page.builder), None)
    if builder is None:
        raise RecipeError(f"{page.path} has no function {page.builder}().")

    docstring = ast.get_docstring(builder) or ""
    _, _, code = docstring.partition("\nExample:\n")
    return textwrap.dedent(code).strip("\n")
