"""kreg inside another Hydra app: `python main.py kreg/reg=l2 kreg.reg.l2=1e-3`.

The options arrive complete with their defaults under `cfg.kreg`; `checked` holds them against
kreg's ranges, and `kreg.factories` makes the objects. Everything else is the app's own.
"""

import hydra

from kreg import hydra_plugin

hydra_plugin.register()  # not needed where kreg is installed from a wheel


@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(cfg):
    import keras
    from sklearn.datasets import load_wine
    from sklearn.preprocessing import scale

    import kreg
    from kreg import models
    from kreg.factories import optimizer, reg

    x, y = load_wine(return_X_y=True)
    settings = {group: hydra_plugin.checked(group, cfg.kreg[group]) for group in cfg.kreg}
    model = models.shallow((13,), 3, "classification", width=settings["model"].width)
    kreg.regularize(model, reg.rules(settings["reg"]))
    model.compile(
        optimizer.optimizer(settings["optimizer"], total_steps=6 * cfg.epochs),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(scale(x), y, epochs=cfg.epochs, verbose=0)
    accuracy = model.evaluate(scale(x), y, verbose=0)[1]
    print(f"accuracy {accuracy:.3f}, exact zeros {kreg.sparsity(model).fraction:.1%}")


if __name__ == "__main__":
    main()
