"""Named data: what they are, where they come from, and how to load them.

data_prep.NAMED["co2"].load()  # raw: arrays or a DataFrame
data_prep.load_series("co2")   # ready to use, by the loader of their kind
"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from data_prep.errors import DataError
from data_prep.sources import dates, docstrings, downloads, installed, synthetic

LOADERS = {
    "images": "load_images",
    "series": "load_series",
    "labelled series": "load_labelled_series",
    "table": "load_table",
    "text": "load_text",
    "pairs": "load_text_pairs",
    "scenes": "load_scenes",
    "captions": "load_captions",
    "clips": "load_clips",
    "volumes": "load_volumes",
}


@dataclass(frozen=True)
class NamedData:
    """One entry of the named data.

    Attributes:
        kinds: what the data can be loaded as: keys of LOADERS, the usual kind first.
        source: where the data come from.
        licence: the licence of the data, or that none is stated.
        shapes: number and shape of the examples.
        read: a function that returns the raw arrays or the DataFrame.
        packages: installed libraries that contain the data, or that generate them.
    """

    kinds: tuple
    source: str
    licence: str
    shapes: str
    read: Callable
    packages: tuple = ()

    @property
    def kind(self):
        """The usual kind, a key of LOADERS."""
        return self.kinds[0]

    def load(self):
        """The raw arrays or the DataFrame; the docstring of `read` describes them."""
        try:
            return self.read()
        except ModuleNotFoundError as error:
            package = (self.packages or (error.name,))[0]
            raise DataError(
                f"these data come with {package}, which is not installed: pip install {package}."
            ) from error

    def full_source(self):
        """Source, licence and the versions of the libraries, in one line."""
        from importlib.metadata import PackageNotFoundError, version

        versions = []
        for package in self.packages:
            try:
                versions.append(f"{package} {version(package)}")
            except PackageNotFoundError:  # installed under another name
                versions.append(package)
        return "; ".join([self.source, self.licence, *versions])


def find_named(data, kind, files=""):
    """The NamedData with this name, or None if `data` is a path.

    Args:
        data: a name in NAMED, or a path.
        kind: what to load, a key of LOADERS.
        files: what else the loader reads, for the message, such as "the path of an .npz file".

    Raises:
        DataError: if the name is unknown, or the data are of another kind.
    """
    name = str(data)
    if name in NAMED:
        named = NAMED[name]
        if kind in named.kinds:
            return named
        raise DataError(
            f"{name!r} is of the kind {named.kind!r}, not {kind!r}: load it with "
            f"data_prep.{LOADERS[named.kind]}({name!r})."
        )
    path = Path(data)
    if files and (path.suffix or path.exists() or len(path.parts) > 1):
        return None

    names = [name for name, named in NAMED.items() if kind in named.kinds]
    close = difflib.get_close_matches(name, names, n=1) or difflib.get_close_matches(name, NAMED, 1)
    guess = f" (did you mean {close[0]!r}?)" if close else ""
    one_of = "one of " if len(names) > 1 else ""
    or_files = f", or {files}" if files else ""
    raise DataError(
        f"nothing of the kind {kind!r} is named {name!r}{guess}: use {one_of}{', '.join(names)}"
        f"{or_files}."
    )


GENERATED = "generated from a fixed seed (synthetic)"
OWN_LICENCE = "MIT-0"

NAMED = {
    "digits": NamedData(
        ("images",),
        "scikit-learn load_digits: 1,797 handwritten digits, UCI",
        "CC BY 4.0",
        "1,797 images (8, 8), 10 classes",
        installed.digits,
        ("scikit-learn",),
    ),
    "faces": NamedData(
        ("images",),
        "scikit-image lfw_subset: 100 faces and 100 pieces of background from Labeled Faces in "
        "the Wild",
        "no licence stated, research use",
        "200 images (25, 25), 2 classes",
        installed.faces,
        ("scikit-image",),
    ),
    "textures": NamedData(
        ("images",),
        "scikit-image brick, grass and gravel: patches of three photos from CC0Textures, training "
        "and test patches from separate regions",
        "CC0",
        "768 images (32, 32), 3 classes",
        installed.textures,
        ("scikit-image",),
    ),
    "mnist": NamedData(
        ("images",),
        "keras.datasets.mnist: LeCun and Cortes",
        "CC BY-SA 3.0",
        "70,000 images (28, 28), 10 classes; downloaded once",
        downloads.mnist,
    ),
    "fashion_mnist": NamedData(
        ("images",),
        "keras.datasets.fashion_mnist: Zalando",
        "MIT",
        "70,000 images (28, 28), 10 classes; downloaded once",
        downloads.fashion_mnist,
    ),
    "co2": NamedData(
        ("series",),
        "statsmodels co2: weekly CO2 over Mauna Loa in parts per million, Keeling and Whorf 2004",
        "public domain",
        "2,284 weeks x 1, 1958 to 2001, 59 missing",
        installed.co2,
        ("statsmodels",),
    ),
    "elnino": NamedData(
        ("series",),
        "statsmodels elnino: monthly temperature of the sea in the Nino 1+2 region in degrees "
        "Celsius, NOAA",
        "public domain",
        "732 months x 1, 1950 to 2010",
        installed.elnino,
        ("statsmodels",),
    ),
    "sunspots": NamedData(
        ("series",),
        "statsmodels sunspots: yearly mean number of sunspots, NOAA",
        "public domain",
        "309 years x 1, 1700 to 2008",
        installed.sunspots,
        ("statsmodels",),
    ),
    "control_charts": NamedData(
        ("labelled series",),
        f"six kinds of control charts, equations of Alcock and Manolopoulos 1999, {GENERATED}",
        OWN_LICENCE,
        "600 series (60, 1), 6 classes",
        synthetic.control_charts,
    ),
    "diabetes": NamedData(
        ("table",),
        "scikit-learn load_diabetes: disease progress after a year, Efron et al. 2004",
        "no licence stated",
        "442 rows x 10, a number to predict",
        installed.diabetes,
        ("scikit-learn",),
    ),
    "breast_cancer": NamedData(
        ("table",),
        "scikit-learn load_breast_cancer: Breast Cancer Wisconsin (Diagnostic), UCI",
        "CC BY 4.0",
        "569 rows x 30, 2 classes",
        installed.breast_cancer,
        ("scikit-learn",),
    ),
    "docstrings": NamedData(
        ("text", "pairs"),
        "docstrings in the source of six installed libraries; the label is the library",
        "BSD-3-Clause; matplotlib's own licence; keras: Apache-2.0",
        "about 5,800 texts, 6 classes; about 3,500 pairs of body and first sentence",
        docstrings.docstrings,
        docstrings.LIBRARIES,
    ),
    "imdb": NamedData(
        ("text",),
        "keras.datasets.imdb: film reviews, Maas et al. 2011",
        "no licence stated",
        "50,000 texts, 2 classes; downloaded once",
        downloads.imdb,
    ),
    "dates": NamedData(
        ("pairs",),
        f"dates written in 23 languages with Babel's tables, and in ISO form, {GENERATED}",
        "Unicode License v3 (the tables)",
        "10,000 pairs",
        dates.dates,
        ("Babel",),
    ),
    "shapes": NamedData(
        ("scenes", "captions"),
        f"scenes of coloured figures with masks and captions, {GENERATED}",
        OWN_LICENCE,
        "2,000 images (64, 64, 3), masks (64, 64), captions",
        synthetic.shapes,
    ),
    "moving_digits": NamedData(
        ("clips",),
        f"two digits of scikit-learn's load_digits that move and bounce, {GENERATED}",
        "CC BY 4.0",
        "1,500 clips (11, 24, 24, 1)",
        synthetic.moving_digits,
        ("scikit-learn",),
    ),
    "phantoms": NamedData(
        ("volumes",),
        f"chest CT volumes with and without a nodule, {GENERATED}; they show no real patient",
        OWN_LICENCE,
        "360 volumes (48, 48, 24), 2 classes",
        synthetic.phantoms,
    ),
}
