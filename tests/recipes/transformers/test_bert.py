"""BERT: its equations in NumPy, published checkpoints, masks, and the two tasks of fine-tuning."""

import json

import keras
import numpy as np
import pytest
from safetensors.numpy import save_file
from scipy.special import erf

import data_prep
from recipes.layers.bert_heads import MASK, MaskedWords, add_classifier, mask_words, masked_batches
from recipes.transformers import bert

CONFIG = {
    "model_type": "bert",
    "vocab_size": 40,
    "hidden_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 20,
    "max_position_embeddings": 16,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
}
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"word{i}" for i in range(35))]


def random_tensors(pooler=True):
    """Random weights by their published names."""
    random = np.random.default_rng(0)
    width, hidden = CONFIG["hidden_size"], CONFIG["intermediate_size"]
    sizes = {
        "embeddings.word_embeddings": (CONFIG["vocab_size"], width),
        "embeddings.position_embeddings": (CONFIG["max_position_embeddings"], width),
        "embeddings.token_type_embeddings": (2, width),
        "embeddings.LayerNorm": (width,),
    }
    for number in range(CONFIG["num_hidden_layers"]):
        block = f"encoder.layer.{number}"
        for name in ("self.query", "self.key", "self.value", "output.dense"):
            sizes[f"{block}.attention.{name}"] = (width, width)
        sizes[f"{block}.attention.output.LayerNorm"] = (width,)
        sizes[f"{block}.intermediate.dense"] = (hidden, width)
        sizes[f"{block}.output.dense"] = (width, hidden)
        sizes[f"{block}.output.LayerNorm"] = (width,)
    if pooler:
        sizes["pooler.dense"] = (width, width)

    tensors = {}
    for name, shape in sizes.items():
        tensors[f"{name}.weight"] = random.normal(0, 0.5, shape).astype("float32")
        if not name.endswith("_embeddings"):
            tensors[f"{name}.bias"] = random.normal(0, 0.5, shape[:1]).astype("float32")
    return tensors


def write(folder, tensors, config=CONFIG, words=WORDS):
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    return folder


def oracle(tensors, ids, types):
    """The states of the tokens and of the text, by the equations of the paper, one text a time."""

    def dense(name, x):
        return x @ tensors[f"{name}.weight"].T.astype("float64") + tensors[f"{name}.bias"]

    def norm(name, x):
        centered = x - x.mean(axis=-1, keepdims=True)
        scaled = centered / np.sqrt((centered**2).mean(axis=-1, keepdims=True) + 1e-12)
        return scaled * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]

    all_states = np.zeros((*ids.shape, CONFIG["hidden_size"]))
    for text, (token_ids, token_types) in enumerate(zip(ids, types, strict=True)):
        x = tensors["embeddings.word_embeddings.weight"][token_ids].astype("float64")
        x = x + tensors["embeddings.position_embeddings.weight"][: len(token_ids)]
        x = x + tensors["embeddings.token_type_embeddings.weight"][token_types]
        x = norm("embeddings.LayerNorm", x)
        for number in range(CONFIG["num_hidden_layers"]):
            block = f"encoder.layer.{number}"
            q, k, v = [dense(f"{block}.attention.self.{n}", x) for n in ("query", "key", "value")]
            heads = []
            for part in np.split(np.arange(CONFIG["hidden_size"]), CONFIG["num_attention_heads"]):
                scores = q[:, part] @ k[:, part].T / np.sqrt(len(part))
                scores[:, token_ids == 0] = -np.inf
                weights = np.exp(scores - scores.max(axis=1, keepdims=True))
                heads.append(weights / weights.sum(axis=1, keepdims=True) @ v[:, part])
            attended = dense(f"{block}.attention.output.dense", np.concatenate(heads, axis=1))
            x = norm(f"{block}.attention.output.LayerNorm", x + attended)
            h = dense(f"{block}.intermediate.dense", x)
            h = h * (1 + erf(h / np.sqrt(2))) / 2
            x = norm(f"{block}.output.LayerNorm", x + dense(f"{block}.output.dense", h))
        all_states[text] = x
    if "pooler.dense.weight" not in tensors:
        return all_states, None
    return all_states, np.tanh(dense("pooler.dense", all_states[:, 0]))


def some_texts():
    random = np.random.default_rng(1)
    ids = random.integers(5, 40, (4, 11))
    ids[:, 0] = 2
    ids[1, 7:] = 0
    types = np.zeros_like(ids)
    types[:, 5:] = 1
    return ids, types * (ids > 0)


def test_the_published_base_sizes_have_the_published_number_of_parameters():
    sizes = {"vocabulary_size": 30_522, "length": 512, "width": 768, "heads": 12, "hidden": 3072}
    with keras.StatelessScope(initialize_variables=False):  # shapes alone, no memory
        model = bert.build_bert(**sizes, blocks=12)
    assert model.count_params() == 109_482_240


def test_states_of_a_checkpoint_equal_the_equations(tmp_path):
    tensors = random_tensors()
    model, tokens = bert.load_bert_checkpoint(write(tmp_path, tensors))
    assert tokens == tuple(WORDS)
    ids, types = some_texts()
    states, text = model.predict([ids, types], verbose=0)
    right_states, right_text = oracle(tensors, ids, types)
    is_token = ids > 0  # what stands at padding is never used
    np.testing.assert_allclose(states[is_token], right_states[is_token], atol=1e-4)
    np.testing.assert_allclose(text, right_text, atol=1e-4)


def old_names(tensors):
    return {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): tensor
        for name, tensor in tensors.items()
    }


VARIANTS = {
    "prefix": lambda tensors: {f"bert.{name}": tensor for name, tensor in tensors.items()},
    "gamma and beta": old_names,
    "position_ids": lambda tensors: (
        tensors | {"embeddings.position_ids": np.arange(16, dtype="int64")[None]}
    ),
    "other heads": lambda tensors: (
        {f"bert.{name}": tensor for name, tensor in tensors.items()}
        | {"cls.predictions.bias": np.zeros(40, "float32")}
    ),
    "float16": lambda tensors: {name: tensor.astype("float16") for name, tensor in tensors.items()},
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("pooler", [True, False])
def test_names_that_checkpoints_have(tmp_path, variant, pooler):
    tensors = random_tensors(pooler)
    model, _ = bert.load_bert_checkpoint(write(tmp_path, VARIANTS[variant](tensors)))
    assert len(model.outputs) == 1 + pooler
    ids, types = some_texts()
    states = model([ids, types])
    states = keras.ops.convert_to_numpy(states[0] if pooler else states)
    right, _ = oracle(tensors, ids, types)
    tolerance = 0.02 if variant == "float16" else 1e-4
    np.testing.assert_allclose(states[ids > 0], right[ids > 0], atol=tolerance)


def without(name):
    return {key: tensor for key, tensor in random_tensors().items() if key != name}


QUERY = "encoder.layer.1.attention.self.query.weight"
WRONG = {
    "no tensor 'encoder.layer.1.attention.self.query.weight'": {"tensors": without(QUERY)},
    "no tensor 'pooler.dense.bias'": {"tensors": without("pooler.dense.bias")},
    r"'encoder.layer.1.attention.self.query.weight' is \(3, 4\), but .* need \(12, 12\)": {
        "tensors": random_tensors() | {QUERY: np.zeros((3, 4), "float32")}
    },
    "is stored as I64": {"tensors": random_tensors() | {QUERY: np.zeros((12, 12), "int64")}},
    "has the tensor 'encoder.layer.1.*', which no BERT": {"config": {"num_hidden_layers": 1}},
    r"is \(40, 12\), but the sizes of config.json need \(50, 12\)": {"config": {"vocab_size": 50}},
    "hidden_size is None; it must be an integer >= 1": {"config": {"hidden_size": None}},
    "num_attention_heads is 0; it must": {"config": {"num_attention_heads": 0}},
    "hidden_size 12 is no multiple of num_attention_heads 5": {
        "config": {"num_attention_heads": 5}
    },
    "hidden_act is 'relu', but this BERT has 'gelu'": {"config": {"hidden_act": "relu"}},
    "model_type is 'roberta'": {"config": {"model_type": "roberta"}},
    "layer_norm_eps is 'small'; it must be a number": {"config": {"layer_norm_eps": "small"}},
    "41 tokens, but config.json has vocab_size 40": {"words": [*WORDS, "more"]},
}


@pytest.mark.parametrize("message", WRONG)
def test_wrong_checkpoints_are_refused_in_a_sentence(tmp_path, message):
    wrong = {"tensors": random_tensors()} | WRONG[message]
    if "config" in wrong:
        wrong["config"] = CONFIG | wrong["config"]
    with pytest.raises(ValueError, match=message) as error:
        bert.load_bert_checkpoint(write(tmp_path, **wrong))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "vocab.txt"])
def test_missing_and_damaged_files_are_named(tmp_path, name):
    write(tmp_path, random_tensors())
    (tmp_path / name).write_bytes(b"\xff\xfe\x00 not what it should be")
    with pytest.raises(ValueError, match=f"{name}: cannot be read"):
        bert.load_bert_checkpoint(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(ValueError, match=f"{name}: no such file"):
        bert.load_bert_checkpoint(tmp_path)


def test_padding_changes_nothing_and_token_types_do():
    model = bert.build_bert(40, 30, 12, heads=2, blocks=2)
    ids, types = some_texts()
    states, text = model.predict([ids, types], verbose=0)

    longer = [np.pad(array, [(0, 0), (0, 9)]) for array in (ids, types)]
    padded_states, padded_text = model.predict(longer, verbose=0)
    np.testing.assert_allclose(padded_text, text, atol=1e-5)
    np.testing.assert_allclose(padded_states[:, :11], states, atol=1e-5)

    _, other_text = model.predict([ids, np.zeros_like(types)], verbose=0)
    assert np.abs(other_text - text).max() > 1e-3


def test_masks_have_the_published_frequencies():
    random = np.random.default_rng(0)
    ids = random.integers(MASK + 1, 1000, (4000, 22))
    ids[:, 0], ids[:, -1] = 2, 3
    ids[::2, 12:] = 0  # half of the texts are shorter
    ids[::2, 11] = 3
    num_words = (ids > MASK).sum()

    (masked, types, places), words, weights = mask_words((ids, ids * 0), 1000, random)
    assert types.shape == ids.shape
    assert weights.sum() / num_words == pytest.approx(0.15, abs=0.003)
    chosen = np.zeros(ids.shape, bool)
    rows = np.arange(len(ids))[:, None].repeat(places.shape[1], axis=1)
    chosen[rows[weights > 0], places[weights > 0]] = True
    assert chosen.sum() == weights.sum()  # no place is chosen twice
    assert (ids[chosen] > MASK).all()  # special ids are never chosen
    np.testing.assert_array_equal(masked[~chosen], ids[~chosen])
    np.testing.assert_array_equal(words[weights > 0], ids[rows[weights > 0], places[weights > 0]])

    hidden, kept = masked[chosen] == MASK, masked[chosen] == ids[chosen]
    assert hidden.mean() == pytest.approx(0.8, abs=0.01)
    assert kept.mean() == pytest.approx(0.1, abs=0.01)
    assert (masked[chosen][~hidden] > MASK).all()


def test_each_epoch_has_new_masks_and_a_seed_repeats_them():
    ids = np.arange(5, 205).reshape(10, 20)
    batches, again = [masked_batches((ids, ids * 0), 300, 4, seed=3) for _ in range(2)]
    first, repeated = batches[0][0][0], again[0][0][0]
    np.testing.assert_array_equal(first, repeated)
    assert sum(len(batches[number][1]) for number in range(len(batches))) == 10
    batches.on_epoch_end()
    assert not np.array_equal(batches[0][0][0], first)


def test_masked_words_are_scored_by_the_vectors_of_the_input():
    network = bert.build_bert(40, 16, 12, heads=2, blocks=1)
    counts = np.arange(40)
    model = MaskedWords(network, counts)
    ids, types = some_texts()
    places = np.array([[1, 3], [2, 2], [5, 10], [4, 6]])
    logits = keras.ops.convert_to_numpy(model([ids, types, places]))
    assert logits.shape == (4, 2, 40)

    states = keras.ops.convert_to_numpy(network([ids, types])[0])
    chosen = states[np.arange(4)[:, None], places]
    chosen = keras.ops.convert_to_numpy(model.norm(model.dense(chosen)))
    table = keras.ops.convert_to_numpy(network.get_layer("words").embeddings)
    smoothed = np.where(counts > MASK, counts + 1, 1)  # special ids are never masked
    bias = np.log(smoothed / smoothed.sum())
    np.testing.assert_allclose(logits, chosen @ table.T + bias, atol=1e-4)


def test_masked_words_are_saved_and_loaded(tmp_path):
    model = MaskedWords(bert.build_bert(40, 16, 12, heads=2, blocks=1))
    inputs = [*some_texts(), np.array([[1, 3]] * 4)]
    wanted = model.predict(inputs, verbose=0)
    model.save(tmp_path / "masked.keras")
    loaded = keras.saving.load_model(tmp_path / "masked.keras")
    np.testing.assert_allclose(loaded.predict(inputs, verbose=0), wanted, atol=1e-6)


@pytest.mark.parametrize("pooler", [True, False])
def test_a_classifier_shares_the_layers_of_bert(pooler):
    network = bert.build_bert(40, 16, 12, heads=2, blocks=1, pooler=pooler)
    model = add_classifier(network, num_classes=3)
    assert model.get_layer("words") is network.get_layer("words")
    probabilities = model.predict(list(some_texts()), verbose=0)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


@pytest.fixture
def tiny_texts(tmp_path):
    path = tmp_path / "texts.jsonl"
    words = ["one", "two", "three", "four", "five", "six", "seven"]
    random = np.random.default_rng(0)
    rows = []
    for number in range(60):
        text = f"{' '.join(random.choice(words, 5))} {'yes' if number % 2 else 'no'}"
        rows.append({"text": text, "label": number % 2})
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


@pytest.mark.slow
def test_a_checkpoint_takes_the_place_of_pre_training(tmp_path, tiny_texts):
    letters = sorted(set("onetwhrefuivsxyn"))
    words = [*WORDS[:5], *letters, *(f"##{letter}" for letter in letters)]
    tensors = random_tensors()
    table = "embeddings.word_embeddings.weight"
    write(tmp_path, tensors | {table: tensors[table][: len(words)]}, words=words)
    config = CONFIG | {"vocab_size": len(words)}
    (tmp_path / "config.json").write_text(json.dumps(config))

    report = bert.run(tiny_texts, epochs=1, checkpoint=str(tmp_path), draws=1, length=16)
    assert "masked word accuracy" not in report.scores
    assert report.model.get_layer("words").embeddings.shape == (len(words), 12)


def test_flags_that_cannot_be_are_refused(tmp_path, tiny_texts):
    with pytest.raises(data_prep.DataError, match="--length 17: give 16 or less"):
        bert.run(tiny_texts, checkpoint=str(write(tmp_path, random_tensors())), length=17)
    with pytest.raises(data_prep.DataError, match="config.json: no such file"):
        bert.run(tiny_texts, checkpoint=str(tmp_path / "nowhere"))
    with pytest.raises(data_prep.DataError, match="draws is 0"):
        bert.run(tiny_texts, draws=0)
