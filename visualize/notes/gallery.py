"""The notes' pictures, all of them, from small examples that are computed here."""

from pathlib import Path

import numpy as np

import visualize


def write_all(folder):
    """Write every picture of the notes as a PNG.

    The examples are real where scikit-learn carries the data (handwritten digits, a photograph)
    and computed in closed form or from fixed weights otherwise: the same files each time.

    Args:
        folder: where to write; made if it is not there. Files of the same names are replaced.

    Returns:
        The paths written, in the order of the notes.

    Raises:
        VisualizeError: if the folder is a file.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise visualize.VisualizeError(f"{folder} is a file: give a folder to write to.") from None
    paths = []
    for name, figure in _figures():
        paths.append(folder / f"{name}.png")
        figure.savefig(paths[-1], dpi=150)
    return paths


def _figures():
    """Yield (name, Figure) of each picture."""
    digits = _digits()
    yield "activations", visualize.plot_activations()
    yield from _learning(digits)
    yield "gradient_flow", visualize.plot_gradient_flow(_vanishing_gradients(digits))
    yield "dead_relus", visualize.plot_dead_relus(_dying_network(), digits[0].reshape(-1, 64))
    image = np.zeros((6, 6))
    image[:, 3:] = 1
    edge = [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]
    yield "convolution", visualize.plot_convolution(image, edge)
    pooled = [[1, 3, 2, 1], [4, 6, 5, 0], [3, 1, 9, 2], [0, 2, 4, 7]]
    yield "max_pooling", visualize.plot_max_pooling(pooled)
    photo, mask = _flower()
    model = _edge_detector(photo.shape[:2])
    yield "filters", visualize.plot_filters(model, "convolution")
    yield "feature_maps", visualize.plot_feature_maps(model, photo.mean(axis=2), "convolution")
    yield "segmentation", visualize.plot_segmentation(photo.mean(axis=2), mask, ["flower"])
    yield "unrolled_rnn", visualize.plot_unrolled_rnn()
    yield "rnn_types", visualize.plot_rnn_types()
    yield "rnn_cell", visualize.plot_rnn_cell()
    yield "lstm_cell", visualize.plot_lstm_cell()
    yield "gru_cell", visualize.plot_gru_cell()
    yield "forecast", visualize.plot_forecast(**_forecast())
    yield "seq2vec", visualize.plot_seq2vec(["a", "really", "good", "film"], "positive")
    yield "vec2seq", visualize.plot_vec2seq("image", ["a", "red", "square"])
    date, iso = ["5", "March", "2021"], ["2021", "-03", "-05"]
    yield "seq2seq", visualize.plot_seq2seq(date, iso)
    yield "encoder_decoder", visualize.plot_encoder_decoder(date, iso)
    yield "attention", visualize.plot_attention(_date_attention(), iso, date)
    yield "autoencoder", visualize.plot_autoencoder()
    yield from _latent_space(digits)
    yield "gan", visualize.plot_gan()
    yield "capsule_routing", visualize.plot_capsule_routing(_routing())


def _digits():
    """Handwritten digits of scikit-learn: images (1797, 8, 8) in 0..1, labels (1797,)."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return images.reshape(-1, 8, 8).astype("float32") / 16, labels


def _learning(digits):
    """Curves and confusion matrix of a small classifier after 15 epochs."""
    from sklearn.metrics import confusion_matrix, log_loss
    from sklearn.neural_network import MLPClassifier

    x, y = digits[0].reshape(-1, 64), digits[1]
    train, test = slice(None, 1200), slice(1200, None)
    model = MLPClassifier([32], batch_size=64, learning_rate_init=0.003, random_state=0)
    history = {"loss": [], "val_loss": [], "accuracy": [], "val_accuracy": []}
    for _ in range(15):
        model.partial_fit(x[train], y[train], classes=np.arange(10))
        for prefix, part in (("", train), ("val_", test)):
            probabilities = model.predict_proba(x[part])
            history[prefix + "loss"].append(log_loss(y[part], probabilities))
            history[prefix + "accuracy"].append(model.score(x[part], y[part]))
    yield "training_curves", visualize.plot_training_curves(history)
    matrix = confusion_matrix(y[test], model.predict(x[test]))
    yield "confusion_matrix", visualize.plot_confusion_matrix(matrix, range(10))


def _vanishing_gradients(digits):
    """Gradient norms of ten sigmoid layers on one batch, over five steps of gradient descent."""
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((64,))])
    for number in range(10):
        start = keras.initializers.GlorotUniform(seed=number)
        last = number == 9
        model.add(
            layers.Dense(
                10 if last else 32,
                activation="softmax" if last else "sigmoid",
                kernel_initializer=start,
                name=f"dense {number + 1}",
            )
        )
    model.compile(
        loss="sparse_categorical_crossentropy",
        optimizer=keras.optimizers.SGD(0.1),
        run_eagerly=True,
    )
    x, y = digits[0][:128].reshape(-1, 64), digits[1][:128]
    by_epoch = []
    for _ in range(5):
        by_epoch.append(visualize.gradient_norms(model, x, y))
        model.train_on_batch(x, y)
    return {name: [norms[name] for norms in by_epoch] for name in by_epoch[0]}


def _dying_network():
    """Four ReLU layers with random weights whose biases fall: more units die in each."""
    import keras
    from keras import layers

    random = np.random.default_rng(0)
    model = keras.Sequential([keras.Input((64,))])
    for number in range(4):
        layer = layers.Dense(64, activation="relu", name=f"dense {number + 1}")
        model.add(layer)
        weights = random.normal(size=(64, 64)) * (2 / 64) ** 0.5
        layer.set_weights([weights, np.full(64, -0.2 * number)])
    return model


def _flower():
    """A photograph (rows, columns, 3) in 0..1, and a mask that is 1 where its red is bright."""
    from sklearn.datasets import load_sample_image

    photo = load_sample_image("flower.jpg")[::3, ::3] / 255
    red = np.pad(photo[..., 0], 4, mode="edge")
    smooth = np.lib.stride_tricks.sliding_window_view(red, (9, 9)).mean(axis=(2, 3))
    return photo, (smooth > 0.4).astype(int)


def _edge_detector(shape):
    """A convolution with eight filters that are known by name: edges, lines, blur, sharpen."""
    import keras
    from keras import layers

    across = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 4
    line = np.array([[-1, 2, -1], [-1, 2, -1], [-1, 2, -1]]) / 3
    slope = np.array([[0, 1, 2], [-1, 0, 1], [-2, -1, 0]]) / 4
    spot = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]]) / 4
    filters = [across, across.T, slope, slope[:, ::-1], line, line.T, spot, np.full((3, 3), 1 / 9)]
    layer = layers.Conv2D(8, 3, activation="relu", name="convolution")
    model = keras.Sequential([keras.Input((*shape, 1)), layer])
    layer.set_weights([np.stack(filters, axis=-1)[:, :, None], np.zeros(8)])
    return model


def _forecast():
    """A noisy season on a trend; the forecast is linear in the frame, fitted on the rows before."""
    random = np.random.default_rng(0)
    rows = np.arange(160)
    truth = np.sin(2 * np.pi * rows / 24) + 0.01 * rows + random.normal(scale=0.15, size=len(rows))
    window, steps, start = 36, 24, 100
    frames = np.lib.stride_tricks.sliding_window_view(truth[:start], window + steps)
    # The level of each frame is taken off; a little ridge, since frames are few.
    level = frames[:, :window].mean(axis=1, keepdims=True)
    x, y = frames[:, :window] - level, frames[:, window:] - level
    weights = np.linalg.solve(x.T @ x + np.eye(window), x.T @ y)
    frame = truth[start : start + window]
    forecast = (frame - frame.mean()) @ weights + frame.mean()
    return {"truth": truth, "forecast": forecast, "start": start, "window": window}


def _date_attention():
    """Scaled dot-product attention where a token's query and key say: day, month, or year."""
    day, month, year = np.eye(3) * 3
    queries, keys = np.array([year, month, day]), np.array([day, month, year])
    scores = queries @ keys.T / 3**0.5
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def _latent_space(digits):
    """Pictures of codes: probabilistic PCA, which is the optimum of a linear VAE (Lucas 2019).

    The decoder of two dimensions is a network with fixed weights: its first layer, with softmax,
    says how near each digit's code is, its second takes the mean of the digits in that proportion.
    """
    import keras
    from keras import layers

    images, labels = digits
    x = images.reshape(-1, 64)
    mean = x.mean(axis=0)
    variances, directions = np.linalg.eigh(np.cov(x.T))
    # Largest variance first; the sign is fixed, since an eigenvector has none.
    variances, directions = variances[::-1], directions[:, ::-1]
    directions = directions * np.sign(directions[np.abs(directions).argmax(axis=0), range(64)])
    noise = variances[2:].mean()
    weights = directions[:, :2] * np.sqrt(variances[:2] - noise)  # (pixels, latent)
    codes = np.linalg.solve(weights.T @ weights + noise * np.eye(2), weights.T @ (x - mean).T).T
    yield "latent_space", visualize.plot_latent_space(codes, labels)

    sharpness = 1 / 0.15**2  # of a Gaussian around each code
    decoder = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(len(x), activation="softmax"),
            layers.Dense(64, use_bias=False),
            layers.Reshape((8, 8)),
        ]
    )
    nearness = [sharpness * codes.T, -sharpness / 2 * (codes**2).sum(axis=1)]
    decoder.set_weights([*nearness, x])
    yield "interpolation", visualize.plot_interpolation(decoder, codes[:6])
    yield "latent_manifold", visualize.plot_latent_manifold(decoder)

    embed = directions[:, :16]
    embedded = (x - mean) @ embed
    rebuilt = (embedded[:10] @ embed.T + mean).reshape(-1, 8, 8)
    yield "reconstructions", visualize.plot_reconstructions(images[:10], rebuilt)
    yield "images", visualize.plot_images(images[:40], labels[:40])
    axes = {size: directions[:, :size] for size in (0, 4, 16, 64)}  # as if learnt one by one
    strip = {f"{size} axes": (x[:25] - mean) @ at @ at.T + mean for size, at in axes.items()}
    strip = {title: rows.reshape(-1, 8, 8) for title, rows in strip.items()}
    yield "sample_strip", visualize.plot_sample_strip(strip)

    some = embedded[:300]
    distances = np.linalg.norm(some[:, None] - some[None], axis=2)
    same = labels[:300, None] == labels[None, :300]
    np.fill_diagonal(same, False)
    threshold = (np.median(distances[same]) + np.median(distances[~same])) / 2
    pair = visualize.plot_siamese_pair(images[1], images[21], distances[1, 21], threshold)
    yield "siamese_pair", pair


def _routing():
    """Coupling coefficients of routing by agreement (Sabour et al. 2017), three iterations.

    Twelve input capsules predict four output capsules of eight dimensions; three of them agree
    on each.
    """
    random = np.random.default_rng(0)
    predictions = random.normal(scale=0.5, size=(12, 4, 8))
    for output, wanted in enumerate(random.normal(size=(4, 8))):
        predictions[3 * output : 3 * output + 3, output] += 1.5 * wanted
    logits, couplings = np.zeros((12, 4)), []
    for _ in range(3):
        couplings.append(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True))
        sums = np.einsum("io,iod->od", couplings[-1], predictions)
        squares = (sums**2).sum(axis=1, keepdims=True)
        outputs = squares / (1 + squares) * sums / np.sqrt(squares)
        logits = logits + np.einsum("iod,od->io", predictions, outputs)
    return np.array(couplings)
