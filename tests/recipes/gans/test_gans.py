"""The GAN recipes: penalties against an oracle, and training that goes on from a saved model."""

import json
from functools import cache

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import data_prep
from recipes import catalog, runner
from recipes.checkpoint import Checkpoint
from recipes.layers.adversarial import SampleGrid, TwoPlayers

PAGES = {page.name: page for page in catalog.pages() if page.chapter == "gans"}
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random((40, 8, 8, 1)).astype("float32")
CONVOLUTIONAL = ["conditional_gan", "dcgan", "vae_gan", "wgan_gp"]
each_page = pytest.mark.parametrize("name", PAGES)
share_trained = pytest.mark.xdist_group("trained_gans")


def page(name):
    return runner.load(PAGES[name])


def build(name, **options):
    return getattr(page(name), f"build_{name}")(**options)


def training(name):
    """The arguments of fit."""
    return (IMAGES, np.arange(40) % 10) if name == "conditional_gan" else (IMAGES,)


def compiled(name, rate=0.001):
    """A small model with two optimizers that differ."""
    sizes = {"units": (16, 32)} if name == "gan" else {"filters": (8, 4)}
    model = build(name, latent_size=16, **sizes)
    rates = keras.optimizers.schedules.CosineDecay(rate, 100)
    model.compile(
        generator_optimizer=keras.optimizers.Adam(rates, beta_1=0.5),
        discriminator_optimizer=keras.optimizers.Adam(rates, beta_1=0.4),
    )
    return model


@cache
def trained(name):
    """A model after two epochs of two steps, and its history, once in each process."""
    model = compiled(name)
    history = model.fit(*training(name), batch_size=20, epochs=2, verbose=0).history
    return model, history


def linear_critic(kernel):
    """A critic whose value is the sum of kernel * image."""
    images = keras.Input(kernel.shape)
    values = layers.Dense(1, use_bias=False)(layers.Flatten()(images))
    model = keras.Model(images, values)
    model.layers[-1].set_weights([kernel.reshape(-1, 1)])
    return model


@share_trained
def test_every_gan_page_is_found():
    assert len(PAGES) == 5
    for name in PAGES:
        model, _ = trained(name)
        assert isinstance(model, TwoPlayers)


@pytest.mark.parametrize("size", [0.0, 0.3, 1.0, 2.5])
def test_the_penalty_of_a_linear_critic_is_that_of_its_one_slope(size):
    kernel = RANDOM.normal(size=(4, 4, 1)).astype("float32")
    kernel *= size / np.linalg.norm(kernel)
    real, generated = RANDOM.random((2, 6, 4, 4, 1)).astype("float32")
    fraction = RANDOM.random((6, 1, 1, 1)).astype("float32")
    model = linear_critic(kernel)
    with tf.GradientTape() as tape:
        penalty = page("wgan_gp").gradient_penalty(model, real, generated, fraction)
    assert float(penalty) == pytest.approx((size - 1) ** 2, abs=1e-5)
    (gradient,) = tape.gradient(penalty, model.trainable_variables)
    assert np.isfinite(gradient).all()
    unit = kernel.reshape(-1, 1) / (size or 1)
    np.testing.assert_allclose(gradient, 2 * (size - 1) * unit, atol=1e-4)


def test_the_penalty_is_taken_at_the_mixtures():
    class Parabola(layers.Layer):
        def call(self, x):
            return keras.ops.sum(keras.ops.square(x), axis=(1, 2, 3))[:, None] / 2

    images = keras.Input((2, 2, 1))
    model = keras.Model(images, Parabola()(images))
    real, generated = RANDOM.random((2, 6, 2, 2, 1)).astype("float32")
    fraction = RANDOM.random((6, 1, 1, 1)).astype("float32")
    found = page("wgan_gp").gradient_penalty(model, real, generated, fraction)
    # The slope of |x|^2 / 2 at x is x.
    mixtures = fraction * real + (1 - fraction) * generated
    lengths = np.linalg.norm(mixtures.reshape(6, -1), axis=1)
    assert float(found) == pytest.approx(np.square(lengths - 1).mean(), rel=1e-5)


def test_a_critic_step_samples_one_uniform_fraction_for_each_pair(monkeypatch):
    module = page("wgan_gp")
    seen = []
    real_penalty = module.gradient_penalty

    def penalty(model, real, generated, fraction):
        seen.append((real.shape, np.array(fraction)))
        return real_penalty(model, real, generated, fraction)

    monkeypatch.setattr(module, "gradient_penalty", penalty)
    model = module.build_wgan_gp(latent_size=16, filters=(8, 4))
    optimizers = [keras.optimizers.Adam(), keras.optimizers.Adam()]
    model.compile(
        critic_steps=3,
        generator_optimizer=optimizers[0],
        discriminator_optimizer=optimizers[1],
        run_eagerly=True,
    )
    model.fit(np.tile(IMAGES, (15, 1, 1, 1)), batch_size=300, epochs=1, verbose=0)
    assert len(seen) == 6
    fractions = np.concatenate([fraction for _, fraction in seen])
    assert {shape for shape, _ in seen} == {(100, 8, 8, 1)}
    assert fractions.shape == (600, 1, 1, 1)
    counts = np.histogram(fractions, 4, (0, 1))[0]
    assert counts.sum() == 600
    assert counts.min() > 100, "not uniform"
    assert [int(optimizer.iterations) for optimizer in optimizers] == [2, 6]


@share_trained
def test_the_critic_has_no_batch_normalisation():
    networks, _ = trained("wgan_gp")
    kinds = {
        name: {type(layer).__name__ for layer in networks.get_layer(name).layers}
        for name in ("generator", "discriminator")
    }
    assert "BatchNormalization" in kinds["generator"]
    assert "BatchNormalization" not in kinds["discriminator"]


AGAIN = """
import importlib, json, sys
import keras, numpy as np

for name, module in json.loads(sys.argv[1]).items():
    importlib.import_module(module)
    model = keras.saving.load_model(f"{name}.keras")
    saved = np.load(f"{name}.npz")
    state = [*model.weights, *model.optimizer.variables, *model.discriminator_optimizer.variables]
    for number, variable in enumerate(state):
        np.testing.assert_array_equal(variable, saved[f"state_{number}"])
    data = [saved[key] for key in saved if key.startswith("data_")]
    model.fit(*data, batch_size=20, epochs=1, verbose=0)
    assert all(np.isfinite(np.array(weight)).all() for weight in model.weights)
    optimizers = model.optimizer, model.discriminator_optimizer
    print(json.dumps({name: [int(optimizer.iterations) for optimizer in optimizers]}))
"""


@share_trained
@pytest.mark.slow
def test_both_networks_and_optimizers_come_back_in_a_fresh_process(python, tmp_path):
    before = {}
    for name in PAGES:
        model, _ = trained(name)
        optimizers = model.optimizer, model.discriminator_optimizer
        variables = [*model.weights, *optimizers[0].variables, *optimizers[1].variables]
        assert all(map(np.any, map(np.array, optimizers[1].variables))), "nothing to bring back"
        state = {f"state_{number}": np.array(value) for number, value in enumerate(variables)}
        data = {f"data_{number}": value for number, value in enumerate(training(name))}
        np.savez(tmp_path / f"{name}.npz", **state, **data)
        model.save(tmp_path / f"{name}.keras")
        before[name] = [int(optimizer.iterations) for optimizer in optimizers]
    modules = {name: page.module for name, page in PAGES.items()}
    after = python("-c", AGAIN, json.dumps(modules)).stdout.splitlines()
    assert after == [
        json.dumps({name: [count * 3 // 2 for count in counts]}) for name, counts in before.items()
    ]


def test_a_stopped_training_goes_on_with_both_optimizers(tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    model = compiled("gan")
    with pytest.raises(KeyboardInterrupt):
        model.fit(
            IMAGES,
            batch_size=20,
            epochs=4,
            callbacks=[Checkpoint(tmp_path, "gan"), Stop()],
            verbose=0,
        )
    again = compiled("gan")
    epochs = []
    restored = []

    class Look(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            epochs.append(epoch)
            if epoch == 2:
                restored.extend(map(np.array, self.model.discriminator_optimizer.variables))

    again.fit(
        IMAGES, batch_size=20, epochs=4, callbacks=[Checkpoint(tmp_path, "gan"), Look()], verbose=0
    )
    assert epochs == [2, 3]
    for variable, value in zip(model.discriminator_optimizer.variables, restored, strict=True):
        np.testing.assert_array_equal(np.array(variable), value)


@share_trained
@each_page
def test_the_history_has_the_two_losses_alone(name):
    _, history = trained(name)
    assert set(history) == {"discriminator_loss", "generator_loss"}
    assert np.isfinite(list(history.values())).all()


@pytest.mark.parametrize("idle", ["encoder", "discriminator"])
def test_a_part_of_vae_gan_that_is_not_trainable_stays_as_it_is(idle):
    model = build("vae_gan", filters=(8, 4))
    model.get_layer(idle).trainable = False
    model.compile(
        generator_optimizer=keras.optimizers.Adam(),
        discriminator_optimizer=keras.optimizers.Adam(),
    )
    names = "encoder", "generator", "discriminator"
    before = {name: model.get_layer(name).get_weights() for name in names}
    model.fit(IMAGES, batch_size=20, epochs=1, verbose=0)
    for name in names:
        pairs = zip(before[name], model.get_layer(name).get_weights(), strict=True)
        same = [np.array_equal(*pair) for pair in pairs]
        assert all(same) if name == idle else not any(same)


def test_a_sample_grid_keeps_images_of_the_same_noise():
    model = compiled("gan", rate=0.0)
    noise = RANDOM.normal(size=(4, 16)).astype("float32")
    grid = SampleGrid(model.get_layer("generator"), noise)
    model.fit(IMAGES, batch_size=40, epochs=16, callbacks=[grid], verbose=0)
    assert list(grid.grids) == [f"epoch {number}" for number in (0, 1, 2, 4, 8, 16)]
    assert grid.grids["epoch 8"].shape == (4, 8, 8, 1)
    last = model.get_layer("generator").predict(noise, verbose=0)
    np.testing.assert_allclose(grid.grids["epoch 16"], last, atol=1e-5)


@pytest.mark.parametrize("name", CONVOLUTIONAL)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_shape": (10, 10, 1)}, "images of 10 x 10; give .* multiples of 4 pixels"),
        ({"image_shape": (8, 6, 1)}, "images of 8 x 6; give .* multiples of 4 pixels"),
        ({"filters": (64,)}, r"filters \(64,\); give two numbers of channels"),
        ({"filters": (64, 32, 16)}, r"filters \(64, 32, 16\); give two numbers of channels"),
        ({"image_shape": (8, 8)}, r"shape \(8, 8\); give \(height, width, channels\)"),
        ({"image_shape": (0, 0, 1)}, r"shape \(0, 0, 1\); give"),
        ({"image_shape": (8, None, 1)}, r"shape \(8, None, 1\); give"),
        ({"latent_size": 0}, "latent_size=0; give an integer >= 1"),
        ({"filters": 64}, "filters=64; give a tuple of integers >= 1"),
        ({"filters": (64, 0)}, r"filters=\(64, 0\); give a tuple"),
    ],
)
def test_sizes_that_cannot_work_are_refused(name, options, message):
    with pytest.raises(ValueError, match=f"^build_{name}: {message}"):
        build(name, **options)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("gan", {"image_shape": (8, 0, 1)}, r"shape \(8, 0, 1\); give"),
        ("gan", {"latent_size": 0}, "latent_size=0; give an integer >= 1"),
        ("gan", {"units": 256}, "units=256; give a tuple of integers >= 1"),
        ("gan", {"units": (256, -1)}, r"units=\(256, -1\); give a tuple"),
        ("conditional_gan", {"num_classes": 0}, "num_classes=0; give an integer >= 1"),
    ],
)
def test_sizes_of_one_recipe_that_cannot_work_are_refused(name, options, message):
    with pytest.raises(ValueError, match=f"^build_{name}: {message}"):
        build(name, **options)


def test_a_generator_alone_refuses_sides_that_are_no_multiple():
    with pytest.raises(ValueError, match="^build_generator: images of 10 x 8; give .* of 4 pixels"):
        page("dcgan").build_generator(image_shape=(10, 8, 1))


@pytest.mark.parametrize("name", CONVOLUTIONAL)
def test_sides_that_cannot_be_halved_twice_are_refused(name, tmp_path):
    x, y = RANDOM.random((30, 6, 8)), np.arange(30) % 2
    np.savez(tmp_path / "mine.npz", x_train=x[:20], y_train=y[:20], x_test=x[20:], y_test=y[20:])
    with pytest.raises(
        data_prep.DataError, match=r"mine.npz: x_train has images of 6 x 8 pixels.*multiples of 4"
    ):
        page(name).run(data=str(tmp_path / "mine.npz"), epochs=1)


def test_images_too_small_for_the_feature_classifier_are_refused_before_training(tmp_path):
    x, y = RANDOM.random((30, 3, 3)), np.arange(30) % 2
    np.savez(tmp_path / "mine.npz", x_train=x[:20], y_train=y[:20], x_test=x[20:], y_test=y[20:])
    with pytest.raises(data_prep.DataError, match="this network needs 4 x 4 or more"):
        page("gan").run(data=str(tmp_path / "mine.npz"), epochs=1)


def test_no_critic_step_is_refused():
    with pytest.raises(data_prep.DataError, match="critic_steps 0; give 1 to 1437"):
        page("wgan_gp").run(critic_steps=0)
