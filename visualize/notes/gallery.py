"""The pictures of `python -m visualize notes`, from small examples that are computed here."""

from pathlib import Path

import numpy as np

import visualize

CHANGES = (-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1)


def write_all(folder):
    """Write one PNG file for each picture of the study notes.

    The examples come from scikit-learn (handwritten digits, a photograph), from a formula, or from
    a network with fixed weights. They are the same each time, and so are the files.

    Args:
        folder: the folder to write to; it is made if it does not exist. Files of the same names
            are replaced.

    Returns:
        List of the paths, in the order of the study notes.

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
        path = folder / f"{name}.png"
        figure.savefig(path, dpi=150)
        paths.append(path)
    return paths


def _figures():
    """Yield (name, Figure) of each picture, chapter by chapter."""
    digits = _digits()
    yield from _dense_networks(digits)
    yield from _convolutional_networks()
    yield from _recurrent_networks()
    yield from _autoencoders(digits)
    yield from _embeddings(digits)
    yield "gan", visualize.plot_gan()
    yield "capsule", visualize.plot_capsule()
    yield "capsule_routing", visualize.plot_capsule_routing(_routing())


def _dense_networks(digits):
    """Yield the pictures of activations, training, gradients and dead units."""
    yield "activations", visualize.plot_activations()
    yield from _training(digits)
    yield "gradient_flow", visualize.plot_gradient_flow(_vanishing_gradients(digits))
    yield "dead_relus", visualize.plot_dead_relus(_dying_network(), digits[0].reshape(-1, 64))


def _convolutional_networks():
    """Yield the pictures of convolution, pooling, filters and segmentation."""
    image = np.zeros((6, 6))
    image[:, 3:] = 1
    edge_kernel = [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]
    yield "convolution", visualize.plot_convolution(image, edge_kernel)

    image = [[1, 3, 2, 1], [4, 6, 5, 0], [3, 1, 9, 2], [0, 2, 4, 7]]
    yield "max_pooling", visualize.plot_max_pooling(image)

    photo, mask = _flower()
    grey_photo = photo.mean(axis=2)
    model = _edge_detector(grey_photo.shape)
    yield "filters", visualize.plot_filters(model, "convolution")
    yield "feature_maps", visualize.plot_feature_maps(model, grey_photo, "convolution")
    yield "segmentation", visualize.plot_segmentation(grey_photo, mask, ["flower"])


def _recurrent_networks():
    """Yield the pictures of recurrent networks, encoders, decoders, attention, transformers."""
    yield "unrolled_rnn", visualize.plot_unrolled_rnn()
    yield "rnn_types", visualize.plot_rnn_types()
    yield "rnn_cell", visualize.plot_rnn_cell()
    yield "lstm_cell", visualize.plot_lstm_cell()
    yield "gru_cell", visualize.plot_gru_cell()
    yield "forecast", visualize.plot_forecast(**_forecast())
    yield "seq2vec", visualize.plot_seq2vec(["a", "really", "good", "film"], "positive")
    yield "vec2seq", visualize.plot_vec2seq("image", ["a", "red", "square"])

    date, iso_date = ["5", "March", "2021"], ["2021", "-03", "-05"]
    yield "seq2seq", visualize.plot_seq2seq(date, iso_date)
    yield "encoder_decoder", visualize.plot_encoder_decoder(date, iso_date)
    yield "attention", visualize.plot_attention(_date_attention(), iso_date, date)
    yield "transformer", visualize.plot_transformer()
    yield "bert", visualize.plot_bert(["the", "dog", "chased", "a", "cat"], hidden=2)


def _digits():
    """Return the digits of scikit-learn: images (1797, 8, 8) from 0 to 1, labels (1797,)."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return images.reshape(-1, 8, 8).astype("float32") / 16, labels


def _training(digits):
    """Yield the curves and the confusion matrix of a small classifier after 15 epochs."""
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
    """Return gradient norms of ten dense layers with sigmoid, over five steps of SGD.

    Returns:
        {layer: norms by step}.
    """
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((64,))])
    for number in range(10):
        is_output = number == 9
        model.add(
            layers.Dense(
                10 if is_output else 32,
                activation="softmax" if is_output else "sigmoid",
                kernel_initializer=keras.initializers.GlorotUniform(seed=number),
                name=f"dense {number + 1}",
            )
        )
    model.compile(
        loss="sparse_categorical_crossentropy",
        optimizer=keras.optimizers.SGD(0.1),
        run_eagerly=True,
    )

    x, y = digits[0][:128].reshape(-1, 64), digits[1][:128]  # one batch
    norms_by_step = []
    for _ in range(5):
        norms_by_step.append(visualize.gradient_norms(model, x, y))
        model.train_on_batch(x, y)
    return {name: [norms[name] for norms in norms_by_step] for name in norms_by_step[0]}


def _dying_network():
    """Return a network of four ReLU layers with random weights.

    The bias falls from layer to layer, so each layer has more dead units than the one before.
    """
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
    """Return a photograph (rows, columns, 3) from 0 to 1, and a mask: 1 where red is bright."""
    from sklearn.datasets import load_sample_image

    photo = load_sample_image("flower.jpg")[::3, ::3] / 255
    red = np.pad(photo[..., 0], 4, mode="edge")
    blurred = np.lib.stride_tricks.sliding_window_view(red, (9, 9)).mean(axis=(2, 3))
    return photo, (blurred > 0.4).astype(int)


def _edge_detector(shape):
    """Return a model with one convolution of eight classical filters: edges, lines, a blur.

    Args:
        shape: (height, width) of its images.
    """
    import keras
    from keras import layers

    edge = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 4
    diagonal_edge = np.array([[0, 1, 2], [-1, 0, 1], [-2, -1, 0]]) / 4
    line = np.array([[-1, 2, -1], [-1, 2, -1], [-1, 2, -1]]) / 3
    spot = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]]) / 4
    blur = np.full((3, 3), 1 / 9)
    edges = [edge, edge.T, diagonal_edge, diagonal_edge[:, ::-1]]
    filters = [*edges, line, line.T, spot, blur]

    layer = layers.Conv2D(8, 3, activation="relu", name="convolution")
    model = keras.Sequential([keras.Input((*shape, 1)), layer])
    kernel = np.stack(filters, axis=-1)[:, :, None]  # (3, 3, 1, 8)
    layer.set_weights([kernel, np.zeros(8)])
    return model


def _forecast():
    """Return the arguments of `plot_forecast`: a season on a trend with noise, and its forecast.

    The forecast is a linear function of the frame, fitted by ridge regression on the rows before
    the frame.
    """
    random = np.random.default_rng(0)
    rows = np.arange(160)
    season, trend = np.sin(2 * np.pi * rows / 24), 0.01 * rows
    truth = season + trend + random.normal(scale=0.15, size=len(rows))

    window, steps, start = 36, 24, 100
    frames = np.lib.stride_tricks.sliding_window_view(truth[:start], window + steps)
    levels = frames[:, :window].mean(axis=1, keepdims=True)
    x, y = frames[:, :window] - levels, frames[:, window:] - levels
    weights = np.linalg.solve(x.T @ x + np.eye(window), x.T @ y)  # the penalty of ridge is 1

    frame = truth[start : start + window]
    forecast = (frame - frame.mean()) @ weights + frame.mean()
    return {"truth": truth, "forecast": forecast, "start": start, "window": window}


def _date_attention():
    """Return scaled dot-product attention weights (3, 3) from the parts of one date to another.

    The query and the key of a token tell whether it is a day, a month or a year.
    """
    day, month, year = np.eye(3) * 3
    queries, keys = np.array([year, month, day]), np.array([day, month, year])
    scores = queries @ keys.T / 3**0.5
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def _autoencoders(digits):
    """Yield the pictures of autoencoders: networks, codes and decoded images."""
    yield "autoencoder", visualize.plot_autoencoder()

    images, labels = digits
    x = images.reshape(-1, 64)
    mean, variances, components = _principal_components(x)
    codes = _linear_vae_codes(x - mean, variances, components)
    yield "latent_space", visualize.plot_latent_space(codes, labels)

    decoder = _nearest_codes_decoder(codes, x)
    yield "interpolation", visualize.plot_interpolation(decoder, codes[:6])
    yield "latent_manifold", visualize.plot_latent_manifold(decoder)
    yield "code_dimensions", visualize.plot_code_dimensions(decoder, codes[0], CHANGES)

    kept = components[:, :16]
    codes_of_ten = ((x - mean) @ kept)[:10]
    rebuilt = (codes_of_ten @ kept.T + mean).reshape(-1, 8, 8)
    yield "reconstructions", visualize.plot_reconstructions(images[:10], rebuilt)
    yield "images", visualize.plot_images(images[:40], labels[:40])

    # As if a network learnt one component after the other.
    strip = {}
    for size in (0, 4, 16, 64):
        kept = components[:, :size]
        rows = (x[:25] - mean) @ kept @ kept.T + mean
        strip[f"{size} components"] = rows.reshape(-1, 8, 8)
    yield "sample_strip", visualize.plot_sample_strip(strip)


def _principal_components(x):
    """Return (mean, variances, components) of x (samples, features), the largest variance first.

    A component may point either way; here its largest value is positive.
    """
    variances, components = np.linalg.eigh(np.cov(x.T))
    variances, components = variances[::-1], components[:, ::-1]  # eigh starts with the smallest

    largest = np.abs(components).argmax(axis=0)
    signs = np.sign(components[largest, range(components.shape[1])])
    return x.mean(axis=0), variances, components * signs


def _linear_vae_codes(centred, variances, components):
    """Return the codes (samples, 2) of probabilistic PCA, the optimum of a linear VAE.

    Source: Lucas et al., "Don't blame the ELBO! A linear VAE perspective on posterior collapse",
    2019.
    """
    noise = variances[2:].mean()
    weights = components[:, :2] * np.sqrt(variances[:2] - noise)  # (pixels, latent)
    precision = weights.T @ weights + noise * np.eye(2)
    return np.linalg.solve(precision, weights.T @ centred.T).T


def _nearest_codes_decoder(codes, x):
    """Return a decoder with fixed weights, from codes (batch, 2) to images (batch, 8, 8).

    Its first layer, a softmax, tells how near each given code is. Its second layer returns the mean
    of the given images, weighted by that.
    """
    import keras
    from keras import layers

    decoder = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(len(x), activation="softmax"),
            layers.Dense(64, use_bias=False),
            layers.Reshape((8, 8)),
        ]
    )
    sharpness = 1 / 0.15**2  # of a Gaussian around each code
    kernel = sharpness * codes.T
    bias = -sharpness / 2 * (codes**2).sum(axis=1)
    decoder.set_weights([kernel, bias, x])
    return decoder


def _embeddings(digits):
    """Yield the Siamese network, and a pair; principal components stand for the embedding."""
    yield "siamese", visualize.plot_siamese()

    images, labels = digits[0][:300], digits[1][:300]
    x = digits[0].reshape(-1, 64)
    mean, _, components = _principal_components(x)
    embedded = ((x - mean) @ components[:, :16])[:300]
    distances = np.linalg.norm(embedded[:, None] - embedded[None], axis=2)

    same_class = labels[:, None] == labels[None]
    np.fill_diagonal(same_class, False)
    threshold = (np.median(distances[same_class]) + np.median(distances[~same_class])) / 2
    pair = visualize.plot_siamese_pair(images[1], images[21], distances[1, 21], threshold)
    yield "siamese_pair", pair


def _routing():
    """Return coupling coefficients (3 iterations, 12, 4) of routing by agreement.

    Twelve input capsules predict four output capsules of eight dimensions. Three input capsules
    agree on each output capsule. Source: Sabour et al., "Dynamic routing between capsules", 2017.
    """
    random = np.random.default_rng(0)
    predictions = random.normal(scale=0.5, size=(12, 4, 8))  # (inputs, outputs, dimensions)
    for output, agreed in enumerate(random.normal(size=(4, 8))):
        three = slice(3 * output, 3 * output + 3)
        predictions[three, output] += 1.5 * agreed

    logits = np.zeros((12, 4))
    couplings_by_iteration = []
    for _ in range(3):
        couplings = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)  # softmax
        couplings_by_iteration.append(couplings)

        sums = np.einsum("io,iod->od", couplings, predictions)
        squares = (sums**2).sum(axis=1, keepdims=True)
        outputs = squares / (1 + squares) * sums / np.sqrt(squares)  # squash
        logits = logits + np.einsum("iod,od->io", predictions, outputs)
    return np.array(couplings_by_iteration)
