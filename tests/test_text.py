"""Readers of text, splits that share no text, vocabularies, and the shift of teacher forcing."""

import csv
import gzip
import json
import lzma

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import data_prep
from data_prep.text import text_fingerprint

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
    loaded = [data_prep.load_text_pairs(path) for path in (tabs, lines, columns)]
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


# Vocabularies


def test_words_are_ranked_by_training_texts_alone():
    words = data_prep.fit_words(["It's the end, the END.", "the sea"])
    assert words.tokens[:4] == ("[PAD]", "[UNK]", "[START]", "[END]")
    assert words.tokens[4:] == ("the", "end", ",", ".", "it's", "sea")
    ids = words.encode(["The sea is", ""], start=True, end=True)
    assert ids.dtype == np.int32
    assert ids.tolist() == [[2, 4, 9, 1, 3], [2, 3, 0, 0, 0]]
    assert data_prep.padding_mask(ids).tolist() == [[True] * 5, [True, True, False, False, False]]
    assert words.decode(ids) == ["the sea [UNK]", ""]
    assert len(data_prep.fit_words(TEXTS, size=10)) == 10
    assert "End" in data_prep.fit_words(["The End"], lower=False).tokens


def test_characters_come_back_exactly():
    characters = data_prep.fit_characters(["c a", "b\n"])
    assert characters.tokens[4:] == ("\n", " ", "a", "b", "c")
    assert characters.encode(["abx"]).tolist() == [[6, 7, 1]]
    assert characters.decode([[6, 3, 7]]) == ["a"]  # up to the end id


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1), min_size=1, max_size=5))
def test_characters_round_trip(texts):
    characters = data_prep.fit_characters([*texts, "a"])
    ids = characters.encode(texts, start=True, end=True)
    assert characters.decode(ids) == texts
    assert data_prep.padding_mask(ids).sum(axis=1).tolist() == [len(text) + 2 for text in texts]


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=5))
def test_words_round_trip(texts):
    words = data_prep.fit_words([*texts, "a"])
    ids = words.encode(texts, length=300, end=True)
    assert words.encode(words.decode(ids), length=300, end=True).tolist() == ids.tolist()


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["C"])), max_size=4))
def test_word_pieces_round_trip(texts):
    pieces = data_prep.fit_wordpieces([*texts, "a"], size=400 + 2 * sum(map(len, texts)))
    ids = pieces.encode(texts, length=400, end=True)
    if not (ids == pieces.unknown).any():
        assert pieces.encode(pieces.decode(ids), length=400, end=True).tolist() == ids.tolist()


@settings(deadline=None)
@given(
    st.lists(st.integers(4, 9), max_size=12),
    st.integers(3, 8),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["first", "last"]),
)
def test_truncation_keeps_start_and_end(tokens, length, start, end, keep):
    characters = data_prep.fit_characters(["abcdef"])
    text = characters.decode([tokens])[0]
    (ids,) = characters.encode([text], length=length, start=start, end=end, keep=keep).tolist()
    room = length - start - end
    kept = tokens[:room] if keep == "first" else tokens[-room:]
    expected = [2] * start + kept + [3] * end
    assert ids == expected + [0] * (length - len(expected))


def test_word_pieces_are_trained_alike_in_every_process(python):
    code = (
        "import data_prep\n"
        f"texts = {TEXTS!r}\n"
        "print(*data_prep.fit_wordpieces(texts, size=70).tokens)\n"
    )
    runs = {python("-c", code).stdout for _ in range(3)}
    assert len(runs) == 1
    tokens = runs.pop().split()
    assert tokens[:5] == ["[PAD]", "[UNK]", "[START]", "[END]", "[MASK]"]
    assert len(tokens) == 70
    assert "number" in tokens


def test_word_pieces_split_unknown_words_and_written_special_tokens():
    pieces = data_prep.fit_wordpieces(TEXTS, size=80)
    assert pieces.mask == 4
    ids = pieces.encode(["alphaeta numbér [PAD]"])
    text = pieces.decode(ids)[0]
    assert text.startswith("alphaeta number")
    assert ids.min() > 0  # "[PAD]" in a text is no padding
    assert pieces.decode(pieces.encode(["the NUMBER 1."])) == ["the number 1 ."]


def test_a_bert_vocabulary_is_read(tmp_path):
    tokens = ["[PAD]", "[unused0]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##aff", "##able"]
    path = pack(tmp_path / "vocab.txt", "\n".join([*tokens, "!", ""]))
    pieces = data_prep.read_wordpieces(path)
    assert len(pieces) == 10
    assert (pieces.unknown, pieces.start, pieces.end, pieces.mask) == (2, 3, 4, 5)
    ids = pieces.encode(["Unaffable!"], length=8, start=True, end=True)
    assert ids.tolist() == [[3, 6, 7, 8, 9, 4, 0, 0]]  # as in BERT's own example
    assert pieces.decode(ids) == ["unaffable !"]


def test_teacher_forcing_shifts_once():
    inputs, targets = data_prep.teacher_forcing([[2, 7, 8, 3, 0], [2, 7, 8, 9, 3]])
    assert inputs.tolist() == [[2, 7, 8, 0], [2, 7, 8, 9]]
    assert targets.tolist() == [[7, 8, 3, 0], [7, 8, 9, 3]]
    inputs, targets = data_prep.teacher_forcing(np.arange(1, 13).reshape(2, 6))
    assert (inputs + 1 == targets).all()


@settings(deadline=None)
@given(st.lists(st.text("abcdef", max_size=9), min_size=1, max_size=6))
def test_teacher_forcing_is_start_and_text_against_text_and_end(texts):
    characters = data_prep.fit_characters(["abcdef"])
    inputs, targets = data_prep.teacher_forcing(characters.encode(texts, start=True, end=True))
    length = max(map(len, texts)) + 1
    np.testing.assert_array_equal(inputs, characters.encode(texts, length=length, start=True))
    np.testing.assert_array_equal(targets, characters.encode(texts, length=length, end=True))
    same = data_prep.padding_mask(inputs) == data_prep.padding_mask(targets)
    assert same.all()


def test_windows_of_streams_hold_every_character_with_the_next_as_its_target():
    inputs, targets = data_prep.stream_windows(np.arange(1, 33), batch_size=3, steps=5)
    assert inputs.tolist() == [
        [1, 2, 3, 4, 5],
        [11, 12, 13, 14, 15],
        [21, 22, 23, 24, 25],
        [6, 7, 8, 9, 10],
        [16, 17, 18, 19, 20],
        [26, 27, 28, 29, 30],
    ]
    assert (targets == inputs + 1).all()
    inputs, targets = data_prep.stream_windows(np.arange(1, 9), batch_size=2)
    assert (inputs.tolist(), targets.tolist()) == ([[1, 2, 3], [4, 5, 6]], [[2, 3, 4], [5, 6, 7]])


# What is refused

GOOD = jsonl(records())
TABS = "".join(f"{n}\tcible {n}\n" for n in range(40))

BAD_TEXTS = {
    "line 3: byte 0xe9 is not UTF-8": ("a.jsonl", b'{"text": "a", "label": 0}\n\n"caf\xe9"\n'),
    "line 41: not JSON (Expecting": ("a.jsonl", GOOD + "{text}\n"),
    "line 2: [1, 2] is no object": ("a.jsonl", '{"text": "a", "label": 0}\n[1, 2]\n'),
    "line 41: no field 'label' (there are text, stars)": (
        "a.jsonl",
        GOOD + '{"text": "a", "stars": 5}\n',
    ),
    "line 1: field 'text' holds None, no text": ("a.jsonl", '{"text": null, "label": 0}\n'),
    "line 41: field 'text' is empty": ("a.jsonl", GOOD + '{"text": "  ", "label": "good"}\n'),
    "line 1: field 'text' holds half of a surrogate pair at character 1": (
        "a.jsonl",
        '{"text": "a\\ud800", "label": 0}\n',
    ),
    "line 3: 3 fields, but the header has 2": ("a.csv", "text,label\na,b\na,b,c\n"),
    "line 2: no field 'text' (there are review, label)": ("a.csv", "review,label\na,b\n"),
    "correct the quotes": ("a.csv", 'text,label\n"a"b,c\n'),
    "no rows; give a file with at least one": ("a.csv", "text,label\n"),
    "is no folder and no .csv, .tsv, .jsonl file": ("a.docx", "hello"),
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
    "line 1: no field 'target' (there are source, cible)": (
        "a.jsonl",
        '{"source": "a", "cible": "b"}\n',
    ),
    "is no folder and no .csv, .tsv, .jsonl file": ("a.pkl", "hello"),
}


@pytest.mark.parametrize("message", BAD_PAIRS)
def test_bad_pairs_are_refused_by_file_and_line(message, tmp_path):
    path = pack(tmp_path / BAD_PAIRS[message][0], BAD_PAIRS[message][1])
    with pytest.raises(data_prep.DataError) as caught:
        data_prep.load_text_pairs(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


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
        tmp_path / "unclear": "first.jsonl: which part is it?",
        tmp_path / "alone": "has train alone; give train and test.",
        tmp_path / "new": "the test part has the label ugly, which the training part has not",
    }.items():
        with pytest.raises(data_prep.DataError) as caught:
            data_prep.load_text(path)
        assert message in str(caught.value)
        assert str(path) in str(caught.value)


CHARACTERS = data_prep.fit_characters(["abc"])

BAD_CALLS = {
    "is fitted on texts, not on a Part: give the training texts alone": lambda: data_prep.fit_words(
        data_prep.Part(np.array(["a"]), np.array([0]))
    ),
    "a vocabulary needs a list of texts, not one text": lambda: data_prep.fit_characters("abc"),
    "a vocabulary needs training texts, and there is no text": lambda: data_prep.fit_words(
        ["", " "]
    ),
    "a vocabulary needs strings, but text 1 is 5": lambda: data_prep.fit_characters(["a", 5]),
    "size 4 leaves no word": lambda: data_prep.fit_words(["a b"], size=4),
    "size 6 is too small for word pieces of texts with 3 characters": (
        lambda: data_prep.fit_wordpieces(["ab ac"], size=6)
    ),
    "encode needs a list of texts, not one text": lambda: CHARACTERS.encode("abc"),
    "encode needs strings, but text 0 is None": lambda: CHARACTERS.encode([None]),
    "length 2 leaves no room for a token beside the start and end ids": (
        lambda: CHARACTERS.encode(["abc"], length=2, start=True, end=True)
    ),
    'keep is \'middle\'; give "first" or "last".': lambda: CHARACTERS.encode(["a"], keep="middle"),
    "row 1 holds the id 7, but this vocabulary has ids 0 to 6": (
        lambda: CHARACTERS.decode([[4], [4, 7]])
    ),
    "row 0 is float64 (3,); take the argmax of probabilities first": (
        lambda: CHARACTERS.decode(np.zeros((2, 3)))
    ),
    "teacher_forcing needs whole numbers (examples, steps) with two or more steps": (
        lambda: data_prep.teacher_forcing([4, 5, 6])
    ),
    "a text of 30 characters in 3 streams leaves 9 for a window of 10": (
        lambda: data_prep.stream_windows(np.arange(1, 31), 3, 10)
    ),
    "row 1 has padding (0) before text": lambda: data_prep.teacher_forcing([[4, 5], [0, 5]]),
    "limit is 0; give the number of pairs": lambda: data_prep.load_text_pairs("dates", limit=0),
    "nothing of the kind 'text' is named 'docstring' (did you mean 'docstrings'?)": (
        lambda: data_prep.load_text("docstring")
    ),
    "nothing of the kind 'pairs' is named 'date' (did you mean 'dates'?)": (
        lambda: data_prep.load_text_pairs("date")
    ),
}


@pytest.mark.parametrize("message", BAD_CALLS)
def test_bad_calls_are_refused(message):
    with pytest.raises(data_prep.DataError) as caught:
        BAD_CALLS[message]()
    assert message in str(caught.value)


BAD_VOCABULARIES = {
    "line 1: 'the', not '[PAD]'; give a BERT vocab.txt": "the\n[UNK]\n",
    "line 4: 'a' is already in line 3": "[PAD]\n[UNK]\na\na\n",
    "no line '[CLS]'": "[PAD]\n[UNK]\na\n",
}


@pytest.mark.parametrize("message", BAD_VOCABULARIES)
def test_bad_vocabularies_are_refused_by_line(message, tmp_path):
    path = pack(tmp_path / "vocab.txt", BAD_VOCABULARIES[message])
    with pytest.raises(data_prep.DataError) as caught:
        data_prep.read_wordpieces(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_long_text_needs_characters_for_each_part(tmp_path):
    path = pack(tmp_path / "short.txt", "abc")
    with pytest.raises(data_prep.DataError, match="3 characters leave none for the test part"):
        data_prep.load_long_text(path)
    with pytest.raises(data_prep.DataError, match="is a folder; give a text file"):
        data_prep.load_long_text(tmp_path)


# Real data, where the machine has them


def sizes(data):
    return [len(part) for part in data.parts().values()]


def test_imdb_files(data_folder):
    data = data_prep.load_text(data_folder / "imdb")
    assert sizes(data)[2] == 25_000
    assert sum(sizes(data)) == 50_000 - 123
    assert np.bincount(data.test.labels).tolist() == [12_500, 12_500]


def test_rt_polarity_files(data_folder):
    data = data_prep.load_text(data_folder / "rt_polarity")
    assert data.classes == ("neg", "pos")
    assert sum(sizes(data)) == 2 * 5331


def test_bbc_file(data_folder):
    path = data_folder / "bbc_news_summary" / "bbc_news_summary.jsonl.xz"
    data = data_prep.load_text(path, text="article", label="category")
    assert data.classes == ("business", "entertainment", "politics", "sport", "tech")
    assert sum(sizes(data)) == 2225
    pairs = data_prep.load_text_pairs(path, source="article", target="summary")
    assert sum(sizes(pairs)) == 2225
    assert len(pairs.test.inputs[0]) > len(pairs.test.labels[0])


def test_tatoeba_file(data_folder):
    data = data_prep.load_text_pairs(data_folder / "tatoeba" / "fra.txt.xz", limit=10_000)
    assert sum(sizes(data)) == 10_000
    assert 1800 < sizes(data)[2] < 2200
    assert not set(data.train.inputs) & set(data.test.inputs)
    assert not set(data.train.labels) & set(data.test.labels)
    french = data_prep.fit_characters(data.train.labels)
    ids = french.encode(data.train.labels, start=True, end=True)
    assert french.decode(ids) == data.train.labels.tolist()


def test_tinyshakespeare_file(data_folder):
    data = data_prep.load_long_text(data_folder / "tinyshakespeare" / "input.txt")
    parts = [part.inputs[0] for part in data.parts().values()]
    assert sum(map(len, parts)) == 1_115_394
    assert len(data_prep.fit_characters([parts[0]])) <= 4 + 65


def test_flickr_captions(data_folder):
    path = data_folder / "flickr8k" / "captions.csv.gz"
    data = data_prep.load_text_pairs(path, source="image", target="caption")
    assert sum(sizes(data)) == 40_455
    assert not set(data.train.inputs) & set(data.test.inputs)
