"""Two networks that train against each other in one Keras model, each with its own optimizer."""

import keras


@keras.saving.register_keras_serializable(package="recipes")
class TwoPlayers(keras.Model):
    """A functional model with the layers "generator" and "discriminator" and two optimizers.

    A subclass adds `train_step`. `save` writes both networks and both optimizers, so training can
    continue after loading.
    """

    def compile(self, generator_optimizer, discriminator_optimizer, **options):
        """Set the optimizers.

        Args:
            generator_optimizer: a keras.optimizers.Optimizer for the generator.
            discriminator_optimizer: a second one, for the discriminator.
            options: further options of keras.Model.compile, such as steps_per_execution.
        """
        super().compile(optimizer=generator_optimizer, **options)
        self.discriminator_optimizer = discriminator_optimizer
        self.discriminator_loss = keras.metrics.Mean(name="discriminator_loss")
        self.generator_loss = keras.metrics.Mean(name="generator_loss")

        # The variables of the optimizers must exist before a saved state can be loaded into them.
        generator_optimizer.build(self.generator_variables())
        discriminator_optimizer.build(self.get_layer("discriminator").trainable_variables)

    def generator_variables(self):
        """The variables that the generator's optimizer trains."""
        return self.get_layer("generator").trainable_variables

    @property
    def metrics(self):
        """The two losses, each a mean over the steps of an epoch."""
        if not self.compiled:
            return []
        return [self.discriminator_loss, self.generator_loss]

    def get_compile_config(self):
        """The options of `compile`, which `save` writes; None before `compile`."""
        if not self.compiled:
            return None
        return {
            "generator_optimizer": keras.saving.serialize_keras_object(self.optimizer),
            "discriminator_optimizer": keras.saving.serialize_keras_object(
                self.discriminator_optimizer
            ),
        }

    def compile_from_config(self, config):
        """Compile a loaded model with the options that were saved."""
        options = {
            name: keras.saving.deserialize_keras_object(value) for name, value in config.items()
        }
        self.compile(**options)


class SampleGrid(keras.callbacks.Callback):
    """Keep the images that a generator makes of the same latent vectors as training goes on.

    Args:
        generator: the keras.Model that generates images.
        latent: its inputs, as for predict.
        max_grids: how many times to keep images at most; the first time is before training, the
            last after it.

    Attributes:
        grids: {"epoch 0": images, ...}.
    """

    def __init__(self, generator, latent, max_grids=6):
        super().__init__()
        self.generator = generator
        self.latent = latent
        self.max_grids = max_grids
        self.grids = {}

    def on_epoch_begin(self, epoch, logs=None):
        """Keep images before training; a resumed run starts with those of its first epoch."""
        if not self.grids:
            self._keep(epoch)

    def on_epoch_end(self, epoch, logs=None):
        """Keep images after some of the epochs."""
        if epoch + 1 in self._times():
            self._keep(epoch + 1)

    def _times(self):
        """The epochs to keep images after: each comes a constant factor after the one before it.

        So most of them are early, when the images change most.
        """
        epochs = self.params["epochs"]
        steps = self.max_grids - 2
        return {round(epochs ** (step / steps)) for step in range(steps + 1)}

    def _keep(self, epoch):
        images = self.generator(self.latent, training=False)
        self.grids[f"epoch {epoch}"] = keras.ops.convert_to_numpy(images)
