"""`recipes cp`: take a model builder home in one file that imports nothing of ours."""

import ast
import os
import sys
from textwrap import indent

from recipes import __version__
from recipes.catalog import HOME, RecipeError, example

OURS = ("recipes", "data_prep", "visualize")
GUARD = "if __name__ == "


def copy(page, dest, with_run=False, notebook=False, force=False):
    """Write a page's builders, or the whole page, to a file.

    Args:
        page: the catalog.Page.
        dest: a folder (existing, or written with a closing slash), or the path of the file.
        with_run: the whole page, which needs this package installed, not the builders alone.
        notebook: write a Jupyter notebook.
        force: overwrite a file that is there.

    Returns:
        Path of the file written.

    Raises:
        RecipeError: if the file is there already, or cannot be written.
    """
    ending = ".ipynb" if notebook else ".py"
    folder = os.fspath(dest).endswith(("/", os.sep)) or dest.is_dir() or not dest.suffix
    path = dest / f"{page.name}{ending}" if folder else dest
    if path.suffix != ending:
        raise RecipeError(f"cp: {path} should end in {ending}; name the file so, or the folder.")
    if path.exists() and not force:
        raise RecipeError(f"cp: {path} is there already; --force overwrites it.")
    text = page_text(page) if with_run else builder_text(page)
    if notebook:
        text = _notebook(text, "report = run()\nreport.scores" if with_run else example(page))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(path.name + ".new")
        new.write_text(text, encoding="utf-8")
        os.replace(new, path)
    except OSError as error:
        raise RecipeError(f"cp: cannot write {path} ({error.strerror}).") from error
    return path


def page_text(page):
    """The whole page under a line that says where it comes from and what it needs."""
    return (
        _heading(page, "needs the package keras-recipes: its data, scores and reports") + page.text
    )


def builder_text(page):
    """The builders of a page with the imports, layers and helpers that they use, nothing of ours.

    So are functions whose name begins with `load_`, which read weights. The text ends with the
    builder's example, which runs when the file is started as a script.

    Raises:
        RecipeError: if the page has no builder of its own name, or a builder uses something of
            ours that cannot be copied.
    """
    code = example(page)
    wanted = [
        node.name
        for node in page.tree().body
        if isinstance(node, ast.FunctionDef) and node.name.startswith(("build_", "load_"))
    ]
    names = _names(ast.parse(code))
    made_there = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    wanted += [name.id for name in names if name.id not in made_there]

    imports, pieces = {}, {}
    _collect(page.path, wanted, imports, pieces)
    docstring = _without_report(ast.get_docstring(page.tree(), clean=False))
    needs = _needs([*imports, code])
    parts = [_heading(page, needs) + f'"""{docstring}"""']
    parts.append("\n".join(sorted(imports, key=_import_order)))
    parts += pieces.values()
    if code:
        parts.append(f'{GUARD}"__main__":\n{indent(code, "    ")}')
    return _blank_lines(parts)


def _needs(statements):
    """What has to be installed for some source: Keras, its backend, and the other packages."""
    packages = set()
    for statement in statements:
        for node in ast.walk(ast.parse(statement)):
            if isinstance(node, ast.ImportFrom):
                packages.add(node.module.split(".")[0])
            elif isinstance(node, ast.Import):
                packages |= {alias.name.split(".")[0] for alias in node.names}

    others = packages - {"keras", "numpy", "tensorflow"} - sys.stdlib_module_names
    if not others:
        return "needs only Keras and its backend"
    return f"needs only Keras, its backend and {' and '.join(sorted(others))}"


def _without_report(docstring):
    """The page's docstring without its paragraph on the report, which a copied builder lacks."""
    paragraphs = docstring.split("\n\n")
    return "\n\n".join(text for text in paragraphs if not text.startswith("In the report"))


def _collect(path, wanted, imports, pieces):
    """Gather the source of the `wanted` names of one file, and of all that they use.

    Args:
        path: the file.
        wanted: names, of which those that the file defines or imports are gathered.
        imports: {import statement: None}, added to.
        pieces: {(file, name): source}, added to; what is used comes before what uses it.
    """
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    defined, imported = {}, {}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            defined[node.name] = node
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            defined |= {name.id: node for target in targets for name in _names(target)}
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                imported[alias.asname or alias.name.split(".")[0]] = node, alias

    def take(name):
        key = (path, name)
        if key in pieces or key in taking:
            return
        taking.add(key)
        other_files = {file for file, known in pieces if known == name} - {path}
        if other_files:
            raise RecipeError(
                f"{path} and {other_files.pop()} both define {name!r}, and the copy needs both; "
                f"rename one."
            )
        node = defined[name]
        take_all(use.id for use in _names(node))
        pieces[key] = _source(text, node)

    def take_import(node, alias):
        module = node.module if isinstance(node, ast.ImportFrom) else alias.name
        if module.split(".")[0] not in OURS:
            if isinstance(node, ast.ImportFrom):
                single = ast.ImportFrom(node.module, [alias], node.level)
            else:
                single = ast.Import([alias])
            imports[ast.unparse(single)] = None
            return
        file = HOME.parent.joinpath(*module.split(".")).with_suffix(".py")
        if not module.startswith("recipes.") or not file.is_file() or alias.asname:
            raise RecipeError(
                f"{path}, line {node.lineno}: a builder uses {alias.name!r} of {module}; only "
                f"`from recipes.layers.X import NAME` and `from recipes.CHAPTER.PAGE import NAME` "
                f"can be copied."
            )
        _collect(file, [alias.name], imports, pieces)

    def take_all(names):
        for name in dict.fromkeys(names):
            if name in defined:
                take(name)
            elif name in imported:
                take_import(*imported[name])

    taking = set()
    take_all(wanted)


def _names(node):
    return [child for child in ast.walk(node) if isinstance(child, ast.Name)]


def _source(text, node):
    """The lines of a definition, its decorators included, and comments right above it."""
    lines = text.splitlines()
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)]) - 1
    while first and lines[first - 1].startswith("#"):
        first -= 1
    return "\n".join(lines[first : node.end_lineno])


def _heading(page, needs):
    return (
        f"# Keras Recipes {__version__}, recipe {page.chapter}/{page.name}; {needs}.\n"
        f"# Licence: MIT-0 (use it as you like, no attribution needed).\n"
    )


def _import_order(statement):
    """Standard library first, then the rest; `import x` before `from x import y`."""
    module = statement.split()[1].split(".")[0]
    return module not in sys.stdlib_module_names, statement.startswith("from"), statement


def _blank_lines(parts):
    """Two blank lines between definitions, one around constants and imports."""
    text = parts[0]
    for before, part in zip(parts, parts[1:], strict=False):
        definition = part.lstrip("#@").startswith(("def ", "class ")) or "\ndef " in part
        definition = definition or "\nclass " in part or "\n    " in before
        text += ("\n\n\n" if definition and before is not parts[0] else "\n\n") + part
    return text + "\n"


def _notebook(text, last_cell):
    """The text as a notebook.

    The page's docstring becomes prose, each piece of its code a cell, and `last_cell` runs it.
    """
    import nbformat
    from nbformat import v4

    tree = ast.parse(text)
    lines = text.splitlines()
    heading = "\n".join(line.lstrip("# ") for line in lines[: tree.body[0].lineno - 1])
    cells = [v4.new_markdown_cell(f"{ast.get_docstring(tree)}\n\n*{heading}*")]
    start = tree.body[0].end_lineno
    pieces = []
    for node in tree.body[1:]:
        source = "\n".join(lines[start : node.end_lineno]).strip("\n")
        start = node.end_lineno
        if source.startswith(GUARD):  # the example follows as a cell of its own
            continue
        simple = isinstance(node, (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign))
        if simple and pieces and pieces[-1][0]:
            pieces[-1] = (True, pieces[-1][1] + "\n" + source)
        else:
            pieces.append((simple, source))
    cells += [v4.new_code_cell(source) for _, source in pieces]
    if last_cell:
        cells.append(v4.new_code_cell(last_cell))
    notebook = v4.new_notebook(cells=cells)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"  # the same copy gives the same file
    return nbformat.writes(notebook) + "\n"
