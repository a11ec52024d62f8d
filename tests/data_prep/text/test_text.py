"""Texts and pairs of texts from files of every form, and bad files."""

import csv
import gzip
import json
import lzma

import numpy as np
import pandas as pd
import pytest

import data_prep
from data_prep.text.texts import text_fingerprint

WORDS = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"]

TEXTS = [f"{WORDS[n % 10]} {WORDS[n * 7 % 9]} number {n}." for n in range(40)]

LABELS = ["good", "bad"] * 20


def pack(path, content):
    """Write text or bytes, packed as the path's last suffix says."""
    content = content if isinstance(content, bytes) else content.encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    opened = {".gz": gzip.open, ".xz": lzma.open}.get(path.suffix, open)
    with opened(path, "wb") as file:
        file.write(content)
    return path


def jsonl(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def records():
    return [{"text": text, "label": label} for text, label in zip(TEXTS, LABELS, strict=True)]


def table(separator):
    return (
        separator.join(["label", "text"])
        + "\n"
        + "".join(f"{label}{separator}{text}\n" for text, label in zip(TEXTS, LABELS, strict=True))
    )


def as_csv(folder, suffix):
    return pack(folder / f"reviews.csv{suffix}", table(","))


def as_tsv(folder, suffix):
    return pack(folder / f"reviews.tsv{suffix}", table("\t"))


def as_jsonl(folder, suffix):
    return pack(folder / f"reviews.jsonl{suffix}", jsonl(records()))


def as_class_folders(folder, suffix):
    for number, (text, label) in enumerate(zip(TEXTS, LABELS, strict=True)):
        pack(folder / "reviews" / label / f"{number}.txt{suffix}", text)
    return folder / "reviews"


def as_class_files(folder, suffix):
    for label in ("good", "bad"):
        lines = [text for text, mine in zip(TEXTS, LABELS, strict=True) if mine == label]
        pack(folder / "reviews" / f"rt.{label}{suffix}", "\n".join([*lines, "", ""]))
    return folder / "reviews"


def as_parquet(folder):
    path = folder / "reviews.parquet"
    pd.DataFrame(records()).to_parquet(path)
    return path


FORMS = (as_csv, as_tsv, as_jsonl, as_class_folders, as_class_files)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("suffix", ["", ".gz", ".xz"])
def test_every_form_gives_the_same_texts_and_labels(form, suffix, tmp_path):
    data = data_prep.load_text(form(tmp_path, suffix))
    assert data.name == "reviews"
    assert data.classes == ("bad", "good")
    found = {
        text: data.classes[label]
        for part in data.parts().values()
        for text, label in zip(part.inputs, part.labels, strict=True)
    }
    assert found == dict(zip(TEXTS, LABELS, strict=True))
    assert [len(part) for part in data.parts().values()] == [28, 4, 8]
    assert np.bincount(data.test.labels).tolist() == [4, 4]
    assert data.describe()["shapes"]["train"] == {"inputs": [28], "labels": [28]}


def test_parquet_gives_the_same_texts_and_labels(tmp_path):
    from_json = data_prep.load_text(as_jsonl(tmp_path, ""))
    from_parquet = data_prep.load_text(as_parquet(tmp_path))
    assert from_parquet.fingerprint == from_json.fingerprint
    numbered = [row | {"label": number % 2} for number, row in enumerate(records())]
    pd.DataFrame(numbered).to_parquet(tmp_path / "numbers.parquet")
    assert data_prep.load_text(tmp_path / "numbers.parquet").classes == ("0", "1")


def test_equal_seeds_give_equal_parts_and_the_test_part_stays(tmp_path):
    path = as_jsonl(tmp_path, "")
    first, again, other = (data_prep.load_text(path, seed=seed) for seed in (0, 0, 1))
    for part, mine in first.parts().items():
        assert mine.inputs.tolist() == again.parts()[part].inputs.tolist()
    assert first.test.inputs.tolist() == other.test.inputs.tolist()
    assert first.validation.inputs.tolist() != other.validation.inputs.tolist()
    assert first.fingerprint == other.fingerprint


def test_texts_that_differ_in_capitals_and_marks_are_in_one_part(tmp_path):
    rows = records()
    rows += [{"text": row["text"].upper() + " !!", "label": row["label"]} for row in rows]
    data = data_prep.load_text(pack(tmp_path / "twice.jsonl", jsonl(rows)))
    parts = [{text.lower().strip(" !") for text in part.inputs} for part in data.parts().values()]
    assert sum(map(len, parts)) == len(TEXTS)
    assert [len(part) for part in data.parts().values()] == [56, 8, 16]


def test_given_parts_are_kept_and_training_texts_of_the_test_part_left_out(tmp_path):
    rows = records()
    pack(tmp_path / "imdb" / "imdb_train.jsonl.xz", jsonl(rows[:30]))
    pack(tmp_path / "imdb" / "imdb_test.jsonl.xz", jsonl(rows[28:]))
    data = data_prep.load_text(tmp_path / "imdb")
    assert data.test.inputs.tolist() == TEXTS[28:]
    assert len(data.train) + len(data.validation) == 28
    assert "2 texts left out that are also in a later part" in data.source
    pack(tmp_path / "imdb" / "imdb_dev.jsonl", jsonl(rows[26:29]))
    data = data_prep.load_text(tmp_path / "imdb")
    assert data.validation.inputs.tolist() == TEXTS[26:28]
    assert data.train.inputs.tolist() == TEXTS[:26]


def test_part_folders_with_class_folders(tmp_path):
    for number, (text, label) in enumerate(zip(TEXTS, LABELS, strict=True)):
        part = "test" if number >= 30 else "train"
        pack(tmp_path / "imdb" / part / label / f"{number}.txt", text)
    data = data_prep.load_text(tmp_path / "imdb")
    assert sorted(data.test.inputs) == sorted(TEXTS[30:])


def test_csv_fields_may_hold_commas_quotes_and_line_ends(tmp_path):
    texts = [f'She said, "{text}"\nand left' for text in TEXTS]
    path = tmp_path / "quoted.csv"
    with open(path, "w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(["body", "stars"])
        writer.writerows(zip(texts, [1, 2] * 20, strict=True))
    data = data_prep.load_text(path, text="body", label="stars")
    assert set(data.train.inputs) < set(texts)
    assert data.classes == ("1", "2")


@pytest.mark.parametrize("suffix", ["", ".gz", ".xz"])
def test_pairs_from_tabs_tables_and_json_are_alike(tmp_path, suffix):
    pairs = [(f"{text} {n}", f"cible {n}") for n, text in enumerate(TEXTS)]
    tabs = pack(
        tmp_path / f"fra.txt{suffix}", "".join(f"{a}\t{b}\tCC-BY {a}\r\n" for a, b in pairs)
    )
    rows = [{"source": a, "target": b, "id": n} for n, (a, b) in enumerate(pairs)]
    lines = pack(tmp_path / f"fra.jsonl{suffix}", jsonl(rows))
    columns = pack(
        tmp_path / f"fra.csv{suffix}",
        "source,target\n" + "".join(f"{a},{b}\n" for a, b in pairs),
    )
    header = pack(
        tmp_path / f"fra.tsv{suffix}",
        "id\tsource\ttarget\n" + "".join(f"{n}\t{a}\t{b}\n" for n, (a, b) in enumerate(pairs)),
    )
    parquet = tmp_path / "fra.parquet"
    pd.DataFrame(rows).to_parquet(parquet)
    files = (tabs, lines, columns, header, parquet)
    loaded = [data_prep.load_text_pairs(path) for path in files]
    for data in loaded:
        assert data.name == "fra"
        assert data.fingerprint == loaded[0].fingerprint
        found = {
            pair
            for part in data.parts().values()
            for pair in zip(part.inputs, part.labels, strict=True)
        }
        assert found == set(pairs)
        assert [len(part) for part in data.parts().values()] == [28, 4, 8]
    few = data_prep.load_text_pairs(lines, limit=20)
    assert sum(len(part) for part in few.parts().values()) == 20


def test_pairs_that_share_a_text_are_in_one_part(tmp_path):
    # Chains: Run! -> Cours, run -> Courez, Go. -> courez! are one group of three.
    lines = [f"source {n // 2}\ttarget {(n + 1) // 2}" for n in range(0, 30)]
    lines = [line for n, line in enumerate(lines) if n % 6 < 4]  # groups of two to four pairs
    lines += [f"other {n}{mark}\tother target {n}" for n in range(20) for mark in ("", "!")]
    data = data_prep.load_text_pairs(pack(tmp_path / "pairs.tsv", "\n".join(lines)))
    for column in ("inputs", "labels"):
        parts = [
            {text.strip("!") for text in getattr(part, column)} for part in data.parts().values()
        ]
        assert not parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2]
    assert sum(len(part) for part in data.parts().values()) == len(lines)


def test_no_sentence_of_the_first_column_is_in_two_parts(tmp_path):
    # As in tatoeba: a sentence has several translations, one in each of some lines.
    lines = []
    for number in range(60):
        for version in range(number % 4 + 1):
            mark = ".!?"[version % 3]
            lines.append(f"Sentence {number}{mark}\tPhrase {number}, {version}\tCC-BY")
    path = pack(tmp_path / "fra.txt.xz", "\n".join(lines))
    data = data_prep.load_text_pairs(path, limit=120)
    parts = [{text.strip(".!?") for text in part.inputs} for part in data.parts().values()]
    assert sum(map(len, parts)) == len(set.union(*parts))
    assert sum(len(part) for part in data.parts().values()) == 120
    assert max(len(part.inputs) - len(set(part.inputs)) for part in data.parts().values()) > 0


def test_a_long_text_is_cut_in_order(tmp_path):
    text = "".join(f"line {n}\n" for n in range(100))
    data = data_prep.load_long_text(pack(tmp_path / "story.txt.gz", text), validation=0.1, test=0.2)
    parts = [part.inputs[0] for part in data.parts().values()]
    assert "".join(parts) == text
    assert [round(10 * len(part) / len(text)) for part in parts] == [7, 1, 2]
    assert data.train.labels is data.train.inputs
    assert len(data.train) == 1


def test_lines_and_line_ends(tmp_path):
    path = pack(tmp_path / "lines.txt", "\ufeffone\r\n\r\n two\u2028half \nthree".encode())
    assert data_prep.read_lines(path) == ["one", "two\u2028half", "three"]
    assert data_prep.read_text(path) == "one\n\n two\u2028half \nthree"


def test_fingerprints_tell_where_a_text_ends():
    assert text_fingerprint(["ab", "c"]) != text_fingerprint(["a", "bc"])
    assert text_fingerprint(["ab", "c"]) == text_fingerprint(np.array(["ab", "c"], object))


GOOD = jsonl(records())

TABS = "".join(f"{n}\tcible {n}\n" for n in range(40))


BAD_TEXTS = {
    "line 3: byte 0xe9 is not UTF-8": ("a.jsonl", b'{"text": "a", "label": 0}\n\n"caf\xe9"\n'),
    "line 41: not JSON (Expecting": ("a.jsonl", GOOD + "{text}\n"),
    "line 2: [1, 2] is not an object": ("a.jsonl", '{"text": "a", "label": 0}\n[1, 2]\n'),
    "line 41: no field 'label'; name one of text, stars": (
        "a.jsonl",
        GOOD + '{"text": "a", "stars": 5}\n',
    ),
    "line 1: field 'text' is None, not a text": ("a.jsonl", '{"text": null, "label": 0}\n'),
    "line 41: field 'text' is empty": ("a.jsonl", GOOD + '{"text": "  ", "label": "good"}\n'),
    "line 1: field 'text' has half of a surrogate pair at character 1": (
        "a.jsonl",
        '{"text": "a\\ud800", "label": 0}\n',
    ),
    "line 3: 3 fields, but the header has 2": ("a.csv", "text,label\na,b\na,b,c\n"),
    "line 2: no field 'text'; name one of review, label": ("a.csv", "review,label\na,b\n"),
    "correct the quotes": ("a.csv", 'text,label\n"a"b,c\n'),
    "no rows; give a file with at least one": ("a.csv", "text,label\n"),
    "not a folder or a file .csv, .tsv, .jsonl": ("a.docx", "hello"),
    "there is 1 class; a classifier needs two": (
        "a.jsonl",
        jsonl([row | {"label": "good"} for row in records()]),
    ),
    "cannot cut a stratified test part of 20% from 41 examples of 3 classes (the rarest, rare": (
        "a.jsonl",
        GOOD + '{"text": "x", "label": "rare"}\n',
    ),
}


@pytest.mark.parametrize("message", BAD_TEXTS)
def test_bad_texts_are_refused_by_file_and_line(message, tmp_path):
    name, content = BAD_TEXTS[message]
    path = pack(tmp_path / name, content)
    with pytest.raises(data_prep.DataError) as caught:
        data_prep.load_text(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


BAD_PAIRS = {
    "line 41: no tab in 'Run!'; give source, tab, target.": ("a.txt", TABS + "Run!\n"),
    "line 41: target is empty": ("a.txt", TABS + "Run!\t \n"),
    "line 1: source is empty": ("a.tsv", "\tCours\n"),
    "no pairs; give source, tab, target in each line": ("a.txt", "\n\n"),
    "line 1: no field 'target'; name one of source, cible": (
        "a.jsonl",
        '{"source": "a", "cible": "b"}\n',
    ),
    "line 2: no field 'target'; name one of source": ("a.csv", "source\na\n"),
    "line 1: no tab in 'a'; give source, tab, target.": ("a.tsv", "a\nb\n"),
    "line 3: field 'target' is empty": ("a.csv", "source,target\na,b\nc,\n"),
    "line 2: field 'source' is empty": ("a.tsv", "source\ttarget\n \tb\n"),
    "not a folder or a file .csv, .tsv, .jsonl": ("a.pkl", "hello"),
}


@pytest.mark.parametrize("message", BAD_PAIRS)
def test_bad_pairs_are_refused_by_file_and_line(message, tmp_path):
    path = pack(tmp_path / BAD_PAIRS[message][0], BAD_PAIRS[message][1])
    with pytest.raises(data_prep.DataError) as caught:
        data_prep.load_text_pairs(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_bad_parquet_files_are_refused_by_row(tmp_path):
    path = tmp_path / "a.parquet"
    good = pd.DataFrame(records())
    for frame, message in (
        (good.assign(text=["a", None, *TEXTS[2:]]), "row 1: field 'text' is (None|nan), not a"),
        (good.assign(text=["a", " ", *TEXTS[2:]]), "row 1: field 'text' is empty"),
        (good.rename(columns={"text": "body"}), "row 0: no field 'text'; name one of body"),
        (good[:0], "no rows; give a file with at least one"),
    ):
        frame.to_parquet(path)
        with pytest.raises(data_prep.DataError, match=message):
            data_prep.load_text(path)
    path.write_bytes(b"PAR1")
    with pytest.raises(data_prep.DataError, match="not a readable Parquet file"):
        data_prep.load_text(path)


def test_bad_files_and_folders_are_refused_by_name(tmp_path):
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(GOOD.encode())[:-20])
    damaged = tmp_path / "damaged.jsonl.xz"
    damaged.write_bytes(lzma.compress(GOOD.encode())[:-30])
    fake = pack(tmp_path / "fake.jsonl", GOOD).rename(tmp_path / "fake.jsonl.xz")
    (tmp_path / "empty").mkdir()
    pack(tmp_path / "blank" / "good" / "1.txt", " \n")
    pack(tmp_path / "unclear" / "first.jsonl", GOOD)
    pack(tmp_path / "alone" / "x_train.jsonl", GOOD)
    pack(tmp_path / "new" / "x_train.jsonl", GOOD)
    pack(tmp_path / "new" / "x_test.jsonl", '{"text": "new", "label": "ugly"}\n')
    for path, message in {
        tmp_path / "none.jsonl": "no such file",
        cut: "cannot be read",
        damaged: "cannot be read",
        fake: "cannot be read",
        tmp_path / "empty": "no texts in this folder",
        tmp_path / "blank": "1.txt is empty",
        tmp_path / "unclear": "first.jsonl: the name does not say which part this is",
        tmp_path / "alone": "has only train; give train and test.",
        tmp_path / "new": "the test part has the label ugly, but the training part does not",
    }.items():
        with pytest.raises(data_prep.DataError) as caught:
            data_prep.load_text(path)
        assert message in str(caught.value)
        assert str(path) in str(caught.value)


def test_a_long_text_needs_characters_for_each_part(tmp_path):
    path = pack(tmp_path / "short.txt", "abc")
    with pytest.raises(data_prep.DataError, match="3 characters leave none for the test part"):
        data_prep.load_long_text(path)
    with pytest.raises(data_prep.DataError, match="is a folder; give a text file"):
        data_prep.load_long_text(tmp_path)


def sizes(data):
    return [len(part) for part in data.parts().values()]


@pytest.mark.full
def test_imdb_files(data_folder):
    data = data_prep.load_text(data_folder / "imdb")
    assert sizes(data)[2] == 25_000
    assert sum(sizes(data)) == 50_000 - 123
    assert np.bincount(data.test.labels).tolist() == [12_500, 12_500]


@pytest.mark.full
def test_rt_polarity_files(data_folder):
    data = data_prep.load_text(data_folder / "rt_polarity")
    assert data.classes == ("neg", "pos")
    assert sum(sizes(data)) == 2 * 5331


@pytest.mark.full
def test_bbc_file(data_folder):
    path = data_folder / "bbc_news_summary" / "bbc_news_summary.jsonl.xz"
    data = data_prep.load_text(path, text="article", label="category")
    assert data.classes == ("business", "entertainment", "politics", "sport", "tech")
    assert sum(sizes(data)) == 2225
    pairs = data_prep.load_text_pairs(path, source="article", target="summary")
    assert sum(sizes(pairs)) == 2225
    assert len(pairs.test.inputs[0]) > len(pairs.test.labels[0])


@pytest.mark.full
def test_tatoeba_file(data_folder):
    data = data_prep.load_text_pairs(data_folder / "tatoeba" / "fra.txt.xz", limit=10_000)
    assert sum(sizes(data)) == 10_000
    assert 1800 < sizes(data)[2] < 2200
    assert not set(data.train.inputs) & set(data.test.inputs)
    assert not set(data.train.labels) & set(data.test.labels)
    french = data_prep.fit_characters(data.train.labels)
    ids = french.encode(data.train.labels, start=True, end=True)
    assert french.decode(ids) == data.train.labels.tolist()


@pytest.mark.full
def test_tinyshakespeare_file(data_folder):
    data = data_prep.load_long_text(data_folder / "tinyshakespeare" / "input.txt")
    parts = [part.inputs[0] for part in data.parts().values()]
    assert sum(map(len, parts)) == 1_115_394
    assert len(data_prep.fit_characters([parts[0]])) <= 4 + 65


@pytest.mark.full
def test_flickr_captions(data_folder):
    path = data_folder / "flickr8k" / "captions.csv.gz"
    data = data_prep.load_text_pairs(path, source="image", target="caption")
    assert sum(sizes(data)) == 40_455
    assert not set(data.train.inputs) & set(data.test.inputs)
